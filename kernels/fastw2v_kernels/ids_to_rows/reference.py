"""The computation of `ids_to_rows` in NumPy."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Int32, Int64


def ids_to_rows_reference(
    ids: Int32, line_ends: Int64, row_of: Int32, *, rows: Int32, ends: Int64, n_written: Int64
) -> None:
    """Give one block of text its vocabulary rows: drop words without a row, then sentences without a word.

    Parameters
    ----------
    ids, line_ends : int32[n_ids], int64[n_line_ends]
        Word numbers, and the positions in them at which a sentence ends, as `encode` writes them.
    row_of : int32[n_words]
        Vocabulary row of each word number, -1 for none.
    rows : int32[n_ids], written
        The rows that are kept, in order, then -1.
    ends : int64[n_line_ends], written
        Positions in `rows` at which a sentence ends, each once, then -1. The first is 0 if the sentence that is open at
        the beginning of the block ends before a word with a row.
    n_written : int64[2], written
        How many rows and how many ends there are.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    kept = row_of[ids] >= 0
    n_before = np.concatenate([[0], np.cumsum(kept)])
    new_ends = np.array(list(dict.fromkeys(n_before[line_ends].tolist())), np.int64)
    n_rows, n_ends = int(kept.sum()), len(new_ends)
    rows[:n_rows], rows[n_rows:] = row_of[ids][kept], -1
    ends[:n_ends], ends[n_ends:] = new_ends, -1
    n_written[:] = n_rows, n_ends

"""From word numbers of a block of text to vocabulary rows: words without a row, and empty sentences, are dropped."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a block of `size` tokens of 20 words, a third of them without a row, in sentences of 0 to 5 tokens."""
    line_ends = np.unique(np.cumsum(rng.integers(0, 6, size)))
    line_ends = line_ends[line_ends <= size].astype(np.int64)
    row_of = np.where(rng.random(20) < 1 / 3, -1, rng.permutation(20)).astype(np.int32)
    return {
        "ids": rng.integers(0, 20, size, dtype=np.int32),
        "line_ends": line_ends,
        "row_of": row_of,
        "rows": np.zeros(size, np.int32),
        "ends": np.zeros(len(line_ends), np.int64),
        "n_written": np.zeros(2, np.int64),
    }


OP = Op(
    "ids_to_rows",
    make_case,
    outputs=lambda case: {"rows": case["rows"], "ends": case["ends"], "n_written": case["n_written"]},
)

"""What the subword kernels take beside the arguments of the other span kernels, their test cases and checks."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.arguments import FLOAT64, INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.span.cases import span_case, with_tree
from fastw2v_kernels.shared.span.contexts import contexts_per_step
from fastw2v_kernels.shared.span.inputs import Matrices

TOKENS_PER_BLOCK = 1024  # where a block ends, all moves have reached their rows
NEGATIVE_SETS = 6  # drawn for a group of skip-gram; each counts as 1 / NEGATIVE_SETS
POSITIONS_PER_GROUP = 8  # of skip-gram: so many token positions share negatives and make one step; divides a block
_COLUMNS = 16  # rows come in multiples of this many floats


def is_one_step(window: int, in_groups: bool) -> bool:
    """Whether the centres of a group make one step; if not, each centre makes a step for every CONTEXTS_PER_STEP."""
    return in_groups and contexts_per_step(window) == 2 * window


class Subwords(NamedTuple):
    """The rows of w_in that each word is made of; arrays as in `skipgram_subword_ns_reference`."""

    row_ids: Int32
    row_starts: Int64


def subword_case(
    rng: np.random.Generator, size: int, *, dim: int = 100, n_ngrams: int = 30, n_vocab: int = 40
) -> dict[str, Any]:
    """Return the arguments of `span_case`, where each word has its own row and up to 9 rows of n-grams."""
    case = span_case(rng, size, dim=dim, n_vocab=n_vocab)
    lists = [[word, *rng.integers(n_vocab, n_vocab + n_ngrams, rng.integers(0, 10))] for word in range(n_vocab)]
    ngrams = np.zeros((n_ngrams, case["w_in"].shape[1]), np.float32)
    ngrams[:, :dim] = rng.normal(0, dim**-0.5, (n_ngrams, dim))
    case["w_in"] = np.concatenate([case["w_in"], ngrams])
    case["row_ids"] = np.concatenate(lists).astype(np.int32)
    case["row_starts"] = np.cumsum([0, *map(len, lists)])
    return case


def subword_tree_case(rng: np.random.Generator, size: int, **sizes: int) -> dict[str, Any]:
    """Return the arguments of the subword kernels with hierarchical softmax; `sizes` as in `subword_case`."""
    return with_tree(rng, subword_case(rng, size, **sizes))


def check_matrices(
    matrices: Matrices, tally: NDArray[Any], *, on_device: bool = False, output_name: str = "w_out"
) -> None:
    """Raise unless both matrices have padded rows of one length, and the tally has three entries."""
    check = check_read if on_device else check_written  # an array of the GPU is never read-only
    check_axes("w_in", matrices.w_in, 2)
    check_axes(output_name, matrices.w_out, 2)
    check("w_in", matrices.w_in, matrices.w_in.shape)
    check(output_name, matrices.w_out, (matrices.w_out.shape[0], matrices.w_in.shape[1]))
    check("tally", tally, (3,), dtype=FLOAT64)
    if matrices.w_in.shape[1] % _COLUMNS:
        raise ValueError(f"w_in has rows of {matrices.w_in.shape[1]} floats; expected a multiple of {_COLUMNS}")


def check_subwords(subwords: Subwords, matrices: Matrices, *, on_device: bool = False) -> None:
    """Raise unless there is a list of rows for each row of w_out.

    The rows are not looked at, which would cost a pass over them for each span; on the GPU the lists' bounds neither.
    """
    row_ids, row_starts = subwords
    check_axes("row_ids", row_ids, 1)
    check_read("row_ids", row_ids, row_ids.shape, dtype=INT32)
    check_read("row_starts", row_starts, (matrices.w_out.shape[0] + 1,), dtype=INT64)
    if not on_device and (row_starts[0], row_starts[-1]) != (0, row_ids.size):
        raise ValueError(
            f"row_starts has {row_starts[0]} to {row_starts[-1]}; expected 0 to {row_ids.size}, of row_ids"
        )

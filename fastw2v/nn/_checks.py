"""What layers refuse: each error says what came, what was expected, and the cure."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.nn._arrays import as_array, is_on_gpu, module_of, to_cpu

Array = npt.NDArray[Any]
Ids = npt.NDArray[np.int64]


def weights(W: Array) -> Array:
    """Return W; it must be a matrix of finite floats."""
    is_array = isinstance(W, np.ndarray) or is_on_gpu(W)
    if not is_array or W.dtype.kind != "f":
        kind = W.dtype if is_array else type(W).__name__
        raise TypeError(f"W is {kind}; expected an array of floats, which training can change: W.astype(np.float32)")
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"W has shape {W.shape}; expected (n_rows, n_columns), none of them 0")
    if not np.isfinite(W).all():
        row = int(np.flatnonzero(~np.isfinite(to_cpu(W)).all(axis=1))[0])
        raise ValueError(f"W has NaN or infinity (first in row {row}); expected finite numbers: start from new weights")
    return W


def row_ids(ids: npt.ArrayLike, n_rows: int, what: str) -> Ids:
    """Return ids as int64, a contiguous copy of the caller's; all must lie in 0 to n_rows - 1."""
    given = as_array(ids)
    if given.dtype.kind not in "iu":
        raise TypeError(f"{what} is {given.dtype}; expected integer ids: {what}.astype(np.int64)")
    rows: Ids = module_of(given).array(given, np.int64, order="C")
    within(rows, n_rows, what)
    return rows


def within(rows: Ids, n_rows: int, what: str) -> None:
    """Raise IndexError unless all rows lie in 0 to n_rows - 1."""
    if rows.size and rows.view(np.uint64).max() >= n_rows:  # negative ids are huge as unsigned: one pass finds both
        rows = to_cpu(rows)
        bad = int(rows.flat[int(np.argmax(rows.view(np.uint64) >= n_rows))])
        cure = "give the corpus ids without gaps, or a larger vocab_size" if bad >= 0 else "drop padding"
        raise IndexError(f"{what} has the id {bad}; expected ids from 0 to {n_rows - 1}: {cure}")


def shape(array: Array, expected: tuple[int, ...], what: str) -> None:
    """Raise ValueError unless the array has this shape."""
    if array.shape != expected:
        raise ValueError(f"{what} has shape {array.shape}; expected {expected}, to match the batch and the weights")


def batch_size(n: int, what: str) -> int:
    """Return n; it must not be 0, over which there is no mean."""
    if n == 0:
        raise ValueError(f"{what} is an empty batch, which has no mean loss; skip it")
    return n


def contexts_and_target(contexts: npt.ArrayLike, target: npt.ArrayLike, n_contexts: int) -> tuple[Array, Array]:
    """Return both as arrays: integers [batch, n_contexts] and [batch], batch at least 1."""
    contexts, target = as_array(contexts), as_array(target)
    shape(target, (batch_size(len(contexts), "contexts"),), "target")
    shape(contexts, (len(contexts), n_contexts), "contexts")
    return contexts, target


def loss(value: float) -> float:
    """Return the loss; it is finite unless weights hold NaN."""
    value = float(value) if is_on_gpu(value) else value
    if not math.isfinite(value):
        raise ValueError(
            f"the loss is {value}: a weight or an input is NaN or infinite; lower the learning rate, or clip with "
            "max_grad, and start from new weights"
        )
    return value


def corpus(ids: npt.ArrayLike) -> Array:
    """Return a corpus as a 1-D array of integers, none negative."""
    given = to_cpu(ids)
    given = given.astype(np.int64) if given.size == 0 else given
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise TypeError(f"corpus is {given.dtype} of shape {given.shape}; expected a 1-D array of word ids")
    if given.size and given.min() < 0:
        raise IndexError(f"corpus has the id {given.min()}; expected ids >= 0: drop padding")
    return given


def forward_first(state: object, layer: str) -> None:
    """Raise RuntimeError when a backward call has no forward call before it."""
    if state is None:
        raise RuntimeError(f"{layer}.backward was called before forward; call forward first")

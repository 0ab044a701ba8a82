"""Checks of the arguments of layers, models and optimizers: an error names the value, the expectation and the cure."""

from __future__ import annotations

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v.nn.arrays import as_array, module_of, require_current_device, to_cpu
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.devices import is_on_gpu

T = TypeVar("T")
_INT32_MAX = np.iinfo(np.int32).max  # samplers draw int32
_MAX_WINDOW = 1 << 16


def weights(W: Array) -> Array:
    """Return W, which must be a matrix of finite floats."""
    floats(W, "W")
    if W.ndim != 2 or 0 in W.shape:
        raise ValueError(f"W has shape {W.shape}; expected (n_rows, n_columns), none of them 0")
    if not np.isfinite(W).all():
        row = int(np.flatnonzero(~np.isfinite(to_cpu(W)).all(axis=1))[0])
        raise ValueError(f"W has NaN or infinity (first in row {row}); expected finite numbers: start from new weights")
    return W


def floats(array: object, what: str) -> None:
    """Raise TypeError if this is not an array of floats."""
    kind = array.dtype if isinstance(array, np.ndarray) or is_on_gpu(array) else type(array).__name__  # type: ignore[attr-defined]
    if not (isinstance(kind, np.dtype) and kind.kind == "f"):
        raise TypeError(f"{what} is {kind}; expected an array of floats: np.array(..., np.float32) makes one")


def row_ids(ids: npt.ArrayLike, n_rows: int, what: str) -> Ids:
    """Return a copy of the ids as a contiguous int64 array; each must be from 0 to n_rows - 1."""
    rows, bad = _below(ids, n_rows, what, noun="ids")
    if bad is not None:
        cure = "give the corpus ids without gaps, or a larger vocab_size" if bad >= 0 else "drop padding"
        raise IndexError(f"{what} has the id {bad}; expected ids from 0 to {n_rows - 1}: {cure}")
    return rows


def binary_labels(t: npt.ArrayLike) -> Ids:
    """Return a copy of labels, numbers that are 0 or 1, as a contiguous int64 array."""
    array = _array_here(t, "t")
    if array.dtype.kind in "fb":
        wrong = array[(array != 0) & (array != 1)]
        if wrong.size:
            raise ValueError(f"t has the label {wrong.flat[0]}; expected 0 or 1 for each score")
        array = array.astype(np.int64)
    return labels(array, 2)


def labels(t: npt.ArrayLike, n_classes: int) -> Ids:
    """Return a copy of the labels t as a contiguous int64 array; each must be from 0 to n_classes - 1."""
    rows, bad = _below(t, n_classes, "t", noun="labels")
    if bad is not None:
        raise IndexError(f"t has the label {bad}; expected labels from 0 to {n_classes - 1}")
    return rows


def _below(given: npt.ArrayLike, n: int, what: str, *, noun: str) -> tuple[Ids, int | None]:
    """Return a contiguous int64 copy of integers, and the first one that is not in 0 to n - 1."""
    array = _array_here(given, what)
    array = array.astype(np.int64) if array.size == 0 else array  # NumPy makes a float array of an empty list
    if array.dtype.kind not in "iu":
        raise TypeError(f"{what} is {array.dtype}; expected integer {noun}: {what}.astype(np.int64)")
    wide = module_of(array).array(array, np.uint64 if array.dtype.kind == "u" else np.int64, order="C")
    unsigned = wide.view(np.uint64)  # negative ids become huge, so one pass finds both kinds
    if not wide.size or unsigned.max() < n:
        return wide.view(np.int64), None
    return wide.view(np.int64), int(to_cpu(wide).flat[int((unsigned >= n).argmax())])


def _array_here(given: npt.ArrayLike, what: str) -> Array:
    """Return an array without copying it; an array on a GPU must be on the current one."""
    array = as_array(given)
    require_current_device(array, what)
    return array


def numbers(given: npt.ArrayLike, what: str, n_axes: int | None = None) -> Array:
    """Return an array of numbers with `n_axes` axes; None means one or more."""
    array = _array_here(given, what)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} is {array.dtype}; expected an array of numbers")
    if array.ndim == 0 or n_axes not in (None, array.ndim):
        raise ValueError(f"{what} has shape {array.shape}; expected {n_axes or 'one or more'} axes")
    return array


def whole(name: str, value: object, least: int = 1) -> int:
    """Return a whole number of at least `least`."""
    return int(number(name, value, int, least=least, most=math.inf))


def positive(name: str, value: object) -> float:
    """Return a finite float that is at least 0."""
    return float(number(name, value, float, least=0, most=math.inf))


def loss_gradient(dout: object) -> float:
    """Return the gradient of a loss, which must be a finite number, as a Python float."""
    is_scalar_array = isinstance(dout, np.ndarray) or is_on_gpu(dout)
    value = dout.item() if is_scalar_array and dout.ndim == 0 else dout  # type: ignore[attr-defined]
    return float(number("dout", value, float, least=-math.inf, most=math.inf))


def sampler(given: T) -> T:
    """Return the sampler, which must have the attributes of the protocol `Sampler`."""
    missing = [name for name in ("get_negative_sample", "sample_size", "vocab_size") if not hasattr(given, name)]
    if missing:
        raise TypeError(
            f"sampler is {given!r} ({type(given).__name__}), without {' and '.join(missing)}; expected one such as "
            "UnigramSampler(corpus, 0.75, 5)"
        )
    return given


def matrix_sizes(vocab_size: object, hidden_size: object) -> tuple[int, int]:
    """Return both as whole numbers of at least 1."""
    return whole("vocab_size", vocab_size), whole("hidden_size", hidden_size)


def bounds(name: str, given: object) -> tuple[float | None, ...]:
    """Return the lower end, or both ends, of an axis; each is a finite number or None."""
    ends = tuple(given) if isinstance(given, tuple | list | np.ndarray) else ()
    if len(ends) not in (1, 2):
        raise ValueError(f"{name} is {given!r}; expected (bottom, top) or (bottom,), such as (0, 5)")
    return tuple(
        None if end is None else float(number(name, end, float, least=-math.inf, most=math.inf)) for end in ends
    )


def window_size(value: object) -> int:
    """Return the number of context words on each side."""
    return int(number("window_size", value, int, least=1, most=_MAX_WINDOW))


def shape(
    array: Array, expected: tuple[int, ...], what: str, *, why: str = "to match the batch and the weights"
) -> None:
    """Raise ValueError if the array has another shape."""
    if array.shape != expected:
        raise ValueError(f"{what} has shape {array.shape}; expected {expected}, {why}")


def batch_size(n: int, what: str) -> int:
    """Return n, the size of a batch, which must not be 0."""
    if n == 0:
        raise ValueError(f"{what} is an empty batch, which has no mean loss; skip it")
    return n


def contexts_and_target(
    contexts: npt.ArrayLike, target: npt.ArrayLike, n_contexts: int, *, n_rows: int
) -> tuple[Ids, Ids]:
    """Return row ids int64[batch, n_contexts] and int64[batch]; batch must be at least 1."""
    contexts, target = numbers(contexts, "contexts"), numbers(target, "target")
    shape(target, (batch_size(len(contexts), "contexts"),), "target")
    shape(contexts, (len(contexts), n_contexts), "contexts")
    return row_ids(contexts, n_rows, "contexts"), row_ids(target, n_rows, "target")


def one_hot(contexts: npt.ArrayLike, target: npt.ArrayLike, vocab_size: int) -> tuple[Array, Array]:
    """Return both as one-hot arrays [batch, 2, vocab_size] and [batch, vocab_size]; batch must be at least 1."""
    contexts, target = numbers(contexts, "contexts"), numbers(target, "target")
    n = batch_size(len(contexts), "contexts")
    for name, array, expected in (("contexts", contexts, (n, 2, vocab_size)), ("target", target, (n, vocab_size))):
        if array.shape != expected:
            cure = f"convert_one_hot({name}, vocab_size) makes it from ids"
            raise ValueError(f"{name} has shape {array.shape}; expected one-hot {expected}: {cure}")
    return contexts, target


def loss(value: float) -> float:
    """Return the loss as a Python float; raise ValueError if it is NaN or infinite."""
    value = float(value)
    if not math.isfinite(value):
        raise ValueError(
            f"the loss is {value}: a weight or an input is NaN or infinite; lower the learning rate, or clip with "
            "max_grad, and start from new weights"
        )
    return value


def corpus(ids: npt.ArrayLike) -> Array:
    """Return a corpus as a 1-D integer array on the host; each id must be from 0 to 2^31 - 1."""
    given = to_cpu(as_array(ids))
    given = given.astype(np.int64) if given.size == 0 else given
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise TypeError(f"corpus is {given.dtype} of shape {given.shape}; expected a 1-D array of word ids")
    if given.size and given.min() < 0:
        raise IndexError(f"corpus has the id {given.min()}; expected ids >= 0: drop padding")
    if given.size and given.max() > _INT32_MAX:
        raise IndexError(f"corpus has the id {given.max()}; expected ids up to {_INT32_MAX}: number the words anew")
    return given


def forward_first(state: object, layer: str) -> None:
    """Raise RuntimeError if backward was called before forward."""
    if state is None:
        raise RuntimeError(f"{layer}.backward was called before forward; call forward first")

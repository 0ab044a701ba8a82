"""Sentences of integer ids, from arrays and lists, all checked."""

from __future__ import annotations

import logging
from array import array
from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np

from fastw2v.runtime.devices import as_shared_array, gpu_of, is_on_gpu, on_device
from fastw2v_kernels._jit.cuda import is_device_array

logger = logging.getLogger("fastw2v")
_INT64_MAX = np.iinfo(np.int64).max


@dataclass(frozen=True)
class IntegerCorpus:
    """Sentences of integer ids, made by `as_corpus`: sentence s is ``ids[starts[s]:starts[s + 1]]``.

    Parameters
    ----------
    ids : integer[n_tokens]
        None is negative. NumPy's array or, on a GPU, CuPy's.
    starts : int64[n_sentences + 1]
    """

    ids: np.ndarray
    starts: np.ndarray


def on_device_of(ids: Any) -> AbstractContextManager[None]:  # noqa: ANN401
    """Make the GPU of these ids CuPy's current one inside the block; for ids on the host, do nothing."""
    return on_device(gpu_of(ids)) if is_on_gpu(ids) else nullcontext()


def with_shared_arrays(sentences: Any) -> Any:  # noqa: ANN401
    """Convert walks, or ids and starts, of any array library to NumPy's or CuPy's; return anything else unchanged."""
    if isinstance(sentences, tuple) and len(sentences) == 2:
        return tuple(as_shared_array(_without_missing(part)) for part in sentences)
    return as_shared_array(sentences)


def _without_missing(column: Any) -> Any:  # noqa: ANN401
    """Return a column of any library; TypeError if values are missing."""
    count = getattr(column, "null_count", 0)  # of pyarrow a number, of polars a method
    n_missing = count() if callable(count) else count
    if n_missing:
        raise TypeError(f"a {type(column).__name__} lacks {n_missing} values; drop the rows that lack one")
    return column


def as_sentence(sentence: Any) -> Any:  # noqa: ANN401
    """Convert a sentence that is an array of any library to NumPy's; TypeError for an array on the GPU."""
    sentence = as_shared_array(sentence)
    if is_on_gpu(sentence):
        cure = "a matrix of walks of one length, or (ids, starts)"
        raise TypeError(f"a sentence is an array on the GPU; expected all of them in one array: {cure}")
    return sentence


def as_ragged(sentences: Any) -> tuple[np.ndarray, np.ndarray] | None:  # noqa: ANN401
    """Return the arrays of a tuple (ids, starts); None for anything else, such as a tuple of two lists.

    One of the two at least is an array of any library, or a column of a table; the other may be a list.
    """
    if not isinstance(sentences, tuple) or len(sentences) != 2:
        return None
    if not any(is_array(part) or hasattr(part, "__array__") for part in sentences):
        return None
    ids, starts = (part if is_array(part) else np.asarray(part) for part in sentences)
    if not (_holds_numbers(ids) or _holds_numbers(starts)):
        return None
    if not _holds_numbers(ids):
        cure = "pass lists of words, [words[a:b] for a, b in zip(starts, starts[1:])]"
        raise TypeError(f"got a tuple of {ids.dtype} and {starts.dtype}; expected (ids, starts) of integers: {cure}")
    if ids.ndim != 1 or starts.ndim != 1:
        shapes = f"got arrays of shapes {ids.shape} and {starts.shape}"
        raise ValueError(f"{shapes}; expected (ids, starts) of one dimension each: ids.ravel()")
    return ids, starts


def _holds_numbers(array: np.ndarray) -> bool:
    """Whether an array holds numbers, or objects of which the first is a number."""
    if array.dtype == object and array.size:
        return isinstance(array.reshape(-1)[0], int | float | np.number)
    return array.dtype.kind in "iufb"


def is_array(value: Any) -> TypeGuard[np.ndarray]:  # noqa: ANN401
    """Whether this is an array of NumPy or of CuPy, to which NumPy's functions dispatch."""
    return isinstance(value, np.ndarray) or is_device_array(value)


def is_number_sentence(sentence: Sequence[Any]) -> bool:
    """Whether a sentence that is not empty begins with a number, or is an array of numbers."""
    if isinstance(sentence, np.ndarray) and sentence.dtype != object:
        return sentence.dtype.kind in "iuf"
    if isinstance(sentence, str | bytes):
        return False
    return isinstance(sentence[0], int | float | np.integer | np.floating) and not isinstance(sentence[0], bool)


def _checked_ids(ids: np.ndarray) -> np.ndarray:
    """Return the ids as one flat array; TypeError or ValueError unless they are integers from 0 to 2**63 - 1."""
    if ids.dtype.kind not in "iu":
        has_nan = ids.dtype.kind == "f" and np.isnan(ids).any()
        nan, drop = (", with NaN", "drop the rows that lack an id, and then ") if has_nan else ("", "")
        raise TypeError(f"ids are {ids.dtype}{nan}; expected an integer array: {drop}ids.astype(np.int64)")
    if ids.size == 0:
        raise ValueError(f"the corpus is empty: an integer array of shape {ids.shape}; pass at least one id")
    least, largest = int(ids.min()), int(ids.max())
    if least < 0:
        at = int(np.argmax(ids.reshape(-1) < 0))
        raise ValueError(
            f"id {least} is negative (the first at position {at}); expected ids >= 0: "
            "drop padding, and pass walks of several lengths as (ids, starts)"
        )
    if largest > _INT64_MAX:
        raise ValueError(f"id {largest} is beyond int64; expected ids up to 2**63 - 1: renumber the nodes")
    return ids.ravel() if is_on_gpu(ids) else np.ascontiguousarray(ids).reshape(-1)


def from_matrix(walks: np.ndarray) -> IntegerCorpus:
    """Make a corpus from an integer array [n_sentences, length]; ValueError for another number of dimensions."""
    if walks.ndim != 2:
        cure = "ids[None, :] is one sentence; (ids, starts) is several" if walks.ndim == 1 else "reshape it"
        raise ValueError(f"an integer array of shape {walks.shape}; expected 2 dimensions, a sentence per row: {cure}")
    with on_device_of(walks):
        return IntegerCorpus(_checked_ids(walks), np.arange(len(walks) + 1, dtype=np.int64) * walks.shape[1])


def from_ragged(ids: np.ndarray, starts: np.ndarray) -> IntegerCorpus:
    """Make a corpus from ids[n_tokens] and starts[n_sentences + 1]; TypeError or ValueError if they do not fit."""
    if is_on_gpu(starts) and not is_on_gpu(ids):
        raise TypeError("ids are on the host and starts on the GPU; expected both on the host: starts.get()")
    if is_on_gpu(starts) and gpu_of(starts) != gpu_of(ids):
        places = f"cuda:{gpu_of(ids)} and starts on cuda:{gpu_of(starts)}"
        raise ValueError(f"ids are on {places}; expected starts on the same GPU, or on the host: starts.get()")
    with on_device_of(ids):
        return _ragged(ids, starts)


def _ragged(ids: np.ndarray, starts: np.ndarray) -> IntegerCorpus:
    flat = _checked_ids(ids)
    if starts.dtype.kind not in "iu":
        raise TypeError(f"starts are {starts.dtype}; expected an integer array: starts.astype(np.int64)")
    ends = starts.astype(np.int64)
    if len(ends) < 2 or ends[0] != 0 or ends[-1] != len(flat):
        raise ValueError(
            f"starts run from {ends[:1]} to {ends[-1:]} over {len(flat)} ids; expected starts[0] == 0 and "
            "starts[-1] == len(ids): np.append(starts, len(ids)) (two walks, not (ids, starts)? pass a list)"
        )
    falls = np.flatnonzero(np.diff(ends) < 0)
    if falls.size:
        at = int(falls[0])
        raise ValueError(
            f"starts[{at + 1}] = {ends[at + 1]} is below starts[{at}] = {ends[at]}; expected starts that do not fall: "
            "np.concatenate([[0], np.cumsum(lengths)])"
        )
    return IntegerCorpus(flat, ends)


def from_number_lists(sentences: Iterable[Iterable[int]]) -> IntegerCorpus:
    """Make a corpus from lists of int, or 1-D integer arrays; takes 8 bytes per id."""
    ids, ends = array("q"), array("q", [0])
    for position, walk in enumerate(sentences):
        refuse_unordered(walk, position)
        try:
            ids.extend(walk.tolist() if hasattr(walk, "tolist") else walk)
        except (TypeError, OverflowError) as error:
            what = f"sentence {position} does not hold int ids alone ({error})"
            raise TypeError(f"{what}; expected int for every token, or str for every token") from error
        ends.append(len(ids))
    corpus = IntegerCorpus(_checked_ids(np.frombuffer(ids, np.int64)), np.frombuffer(ends, np.int64))
    _warn_of_starts(corpus)
    return corpus


def _warn_of_starts(corpus: IntegerCorpus) -> None:
    """Warn if the first two of two or three lists seem to be ids and their starts."""
    if len(corpus.starts) not in (3, 4):
        return
    first, second = (corpus.ids[corpus.starts[s] : corpus.starts[s + 1]] for s in range(2))
    if len(second) > 1 and second[0] == 0 and second[-1] == len(first) and (np.diff(second) >= 0).all():
        logger.warning(
            "the second of %d sentences looks like the starts of the first; if so, pass a pair of arrays, "
            "Word2Vec((numpy.asarray(ids), numpy.asarray(starts)))",
            len(corpus.starts) - 1,
        )


def refuse_unordered(sentence: object, position: int) -> None:
    """Raise TypeError for a set, whose order differs from run to run, and for a dict, whose keys would be read."""
    if not isinstance(sentence, list) and isinstance(sentence, Set | Mapping):
        kind = type(sentence).__name__
        cure = "list(sentence.values())" if isinstance(sentence, Mapping) else "sorted(sentence)"
        raise TypeError(f"sentence {position} is a {kind}; expected a list of tokens, in their order: {cure}")

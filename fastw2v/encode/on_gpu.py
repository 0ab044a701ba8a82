"""Integer corpora on the GPU: counted and turned into vocabulary rows there; only the vocabulary comes to the host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeGuard

import numpy as np

from fastw2v.corpus.integers import IntegerCorpus, on_device_of
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.devices import TO_HOST, current_device, gpu_index, gpu_of, is_cuda, is_on_gpu
from fastw2v.vocab import Vocab
from fastw2v_kernels._jit import cuda as gpu

Choose = Callable[[np.ndarray, Callable[[np.ndarray], Vocab]], np.ndarray]

_INT32_MAX = np.iinfo(np.int32).max
_BYTES_TO_COUNT = 64  # per token: the arrays that `unique` holds at once (sorted ids, positions, inverse, masks, sums)
_BYTES_TO_LOOK_UP = 48  # per token: positions in the vocabulary, rows, masks and sums


def is_on_device(corpus: object) -> TypeGuard[IntegerCorpus]:
    """Whether this is a corpus whose ids are a CuPy array."""
    return isinstance(corpus, IntegerCorpus) and is_on_gpu(corpus.ids)


def check_device_of(corpus: object, device: str) -> None:
    """Check that a corpus on a GPU is to be trained on the same GPU; a corpus on the host may be trained anywhere.

    Raises
    ------
    TypeError
        The corpus is on a GPU and `device` is not one.
    ValueError
        The corpus is on another GPU.
    """
    if not is_on_device(corpus):
        return
    if not is_cuda(device):
        cure = f'pass device="cuda", or {TO_HOST}'
        raise TypeError(f'the corpus lies on the GPU and device is "{device}"; {cure}')
    index, there = gpu_index(device), gpu_of(corpus.ids)
    here = current_device() if index is None else index
    if there != here:
        meant = f'"{device}"' if index is not None else f'"{device}", which is cuda:{here}, CuPy\'s current GPU'
        copy = f"with cupy.cuda.Device({here}): ids = cupy.asarray(ids)"
        raise ValueError(
            f"the corpus lies on cuda:{there} and device is {meant}; expected both on one GPU: "
            f'pass device="cuda:{there}", or copy it ({copy})'
        )


def vocab_on_device(corpus: IntegerCorpus, *, keep_all: bool, choose: Choose) -> tuple[Vocab, Array, Array]:
    """Count a corpus and choose its vocabulary, as `EncodedIntegers` does on the host.

    Parameters
    ----------
    corpus : IntegerCorpus
        `ids` a CuPy array.
    keep_all : bool
        Every id from 0 to the largest has its own row.
    choose : callable
        Given the counts by first occurrence, and a function that makes the vocabulary of such positions, returns the
        positions of the chosen ids.

    Returns
    -------
    vocab : Vocab
    ids, starts : int32[n_tokens], int64[n_sentences + 1]
        Vocabulary rows, on the GPU.
    """
    with on_device_of(corpus.ids):
        counted = _count(corpus, keep_all=keep_all, choose=choose)
        gpu.synchronize()  # the trainer waits for CuPy's current GPU alone, which may be another one
        return counted


def rows_on_device(corpus: IntegerCorpus, vocab: Vocab) -> tuple[Array, Array]:
    """Turn a corpus into rows of a given vocabulary and drop other ids; returns ids and starts as `vocab_on_device`."""
    with on_device_of(corpus.ids):
        rows = _look_up(corpus, vocab)
        gpu.synchronize()
        return rows


def _count(corpus: IntegerCorpus, *, keep_all: bool, choose: Choose) -> tuple[Vocab, Array, Array]:
    xp, n_raw = gpu.array_module(), int(corpus.ids.size)
    _require_memory(_BYTES_TO_COUNT * n_raw, f"counting {n_raw:,} ids there")
    seen, first, inverse, counts = xp.unique(corpus.ids, return_index=True, return_inverse=True, return_counts=True)
    keys_seen, first, counts = (_to_host(array).astype(np.int64) for array in (seen, first, counts))
    if keep_all:
        keys = np.arange(_n_rows(int(keys_seen[-1])))
        row_of, all_counts = keys_seen.astype(np.int32), np.zeros(len(keys), np.int64)
        all_counts[keys_seen] = counts
        counts = all_counts
    else:
        by_first = np.argsort(first, kind="stable")
        raw = Vocab.from_ids(keys_seen[by_first], counts[by_first], n_raw_tokens=n_raw)
        chosen = by_first[choose(raw.counts, raw.take)]
        row_of = np.full(len(keys_seen), -1, np.int32)
        row_of[chosen] = np.arange(len(chosen))
        keys, counts = keys_seen[chosen], counts[chosen]
    vocab = Vocab.from_ids(keys, counts, n_raw_tokens=n_raw)
    return vocab, *_without_gaps(xp.asarray(row_of)[inverse.reshape(-1)], corpus.starts)


def _look_up(corpus: IntegerCorpus, vocab: Vocab) -> tuple[Array, Array]:
    xp, keys, n_raw = gpu.array_module(), np.asarray(vocab.ids), int(corpus.ids.size)
    _require_memory(_BYTES_TO_LOOK_UP * n_raw, f"looking up {n_raw:,} ids there")
    order = np.argsort(keys, kind="stable")
    known, row = xp.asarray(keys[order]), xp.asarray(order.astype(np.int32))
    at = xp.minimum(xp.searchsorted(known, corpus.ids), len(keys) - 1)
    return _without_gaps(xp.where(known[at] == corpus.ids, row[at], np.int32(-1)), corpus.starts)


def _without_gaps(rows: Array, starts: Array) -> tuple[Array, Array]:
    """Drop tokens without a row, then sentences without a token."""
    xp = gpu.array_module()
    is_known = rows >= 0
    n_before = xp.concatenate([xp.zeros(1, np.int64), xp.cumsum(is_known, dtype=np.int64)])
    ends = n_before[xp.asarray(starts)]
    return rows[is_known], xp.concatenate([ends[:1], ends[1:][ends[1:] > ends[:-1]]])


def _require_memory(n_bytes: int, what: str) -> None:
    gpu.require_memory(n_bytes, what, f"take a smaller corpus, or {TO_HOST}, which then encodes it")


def _n_rows(largest: int) -> int:
    if largest >= _INT32_MAX:
        raise ValueError(f"id {largest} with min_count=0 would need a row for every id up to it; use min_count=1")
    return largest + 1


def _to_host(array: Array) -> np.ndarray:
    return array if isinstance(array, np.ndarray) else array.get()  # CuPy's array has no types

"""A model on the CPU of how the GPU trains: many workers in step, none of which sees the others' latest writes.

A worker has a chunk of the corpus. It reads the row of a word once, when the word enters its window, changes its own
copy, and adds the difference to the matrix when the word leaves and is not in the window any more. Output rows are read
for one centre and added to after it. All workers read before any writes, which is the worst that a GPU can do.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numba
import numpy as np

from fastw2v.runtime.arrays import Array

_FREE = -1


class Kept(NamedTuple):
    """The tokens of an epoch that survive subsampling: rows, sentence numbers, positions in the corpus."""

    id: Array
    sentence: Array
    pos: Array


class Matrices(NamedTuple):
    """Input and output rows, float32[n_vocab, dim], changed in place."""

    w_in: Array
    w_out: Array


class AliasTable(NamedTuple):
    """The distribution of negatives."""

    prob: Array
    alias: Array


class Settings(NamedTuple):
    """Options of an epoch; the learning rate is lr_first + lr_step * position."""

    window: int
    is_cbow: bool
    lr_first: float
    lr_step: float
    seed: int


class Buffers(NamedTuple):
    """Memory for one centre: hidden vector, its gradient, and [loss, number of examples]."""

    hidden: Array
    dx: Array
    tally: Array


class Guard(NamedTuple):
    """Factors of the moves of each word's input and output row."""

    rate_in: Array
    rate_out: Array


class Workers(NamedTuple):
    """The state of every worker: words in its window, their rows now and when they were read, its next centre."""

    word: Array
    row: Array
    was: Array
    move: Array
    target: Array
    at: Array
    end: Array
    low: Array
    high: Array


def new_workers(n_workers: int, dim: int, *, window: int, negative: int) -> Workers:
    """Workers that have no chunk yet."""
    row, was = (np.zeros((n_workers, 2 * window + 1, dim), np.float32) for _ in range(2))
    move, target = np.zeros((n_workers, negative + 1, dim), np.float32), np.zeros((n_workers, negative + 1), np.int64)
    return Workers(
        np.full(row.shape[:2], _FREE), row, was, move, target, *(np.zeros(n_workers, np.int64) for _ in range(4))
    )


_jit = numba.njit(nogil=True, fastmath={"reassoc", "contract", "nsz"})


@_jit
def _seed(seed: int) -> None:
    np.random.seed(seed)  # noqa: NPY002 - Numba's own generator


@_jit
def _take_chunk(workers: Workers, k: int, begin: int, end: int, kept: Kept, window: int) -> None:
    first = begin
    while first > 0 and begin - first < window and kept.sentence[first - 1] == kept.sentence[begin]:
        first -= 1
    workers.at[k], workers.end[k], workers.low[k], workers.high[k] = begin, end, first, first


@_jit
def _slot_of(workers: Workers, k: int, word: int) -> int:
    for slot in range(workers.word.shape[1]):
        if workers.word[k, slot] == word:
            return slot
    return -1


@_jit
def _load_new_words(w_in: Array, workers: Workers, k: int, kept: Kept, window: int) -> None:
    centre = workers.at[k]
    while workers.high[k] < min(centre + window + 1, len(kept.id)):
        word = kept.id[workers.high[k]]
        if kept.sentence[workers.high[k]] != kept.sentence[centre]:
            break
        if _slot_of(workers, k, word) < 0:
            slot = _slot_of(workers, k, _FREE)
            workers.word[k, slot] = word
            workers.row[k, slot] = workers.was[k, slot] = w_in[word]
        workers.high[k] += 1


@_jit
def _store_old_words(w_in: Array, workers: Workers, k: int, kept: Kept, window: int, guard: Guard) -> None:
    centre = workers.at[k] + 1
    at_end = centre == workers.end[k] or kept.sentence[centre] != kept.sentence[centre - 1]
    first = workers.high[k] if at_end else max(workers.low[k], centre - window)
    for slot in range(workers.word.shape[1]):
        word = workers.word[k, slot]
        if word != _FREE:
            stays = False
            for i in range(first, workers.high[k]):
                stays |= kept.id[i] == word
            if not stays:
                w_in[word] += guard.rate_in[word] * (workers.row[k, slot] - workers.was[k, slot])
                workers.word[k, slot] = _FREE
    workers.low[k], workers.at[k] = first, centre


@_jit
def _draw_targets(target: Array, positive: int, negatives: AliasTable) -> None:
    target[0] = positive
    for t in range(1, len(target)):
        u = np.random.random() * len(negatives.prob)  # noqa: NPY002
        column = int(u)
        drawn = column if u - column < negatives.prob[column] else negatives.alias[column]
        target[t] = -1 if drawn == positive else drawn


@_jit
def _step(x: Array, w_out: Array, target: Array, move: Array, dx: Array, lr: float) -> float:
    """Add the targets' moves to `move`; put that of the input row x into dx; return the loss."""
    loss = 0.0
    dx[:] = 0
    for t in range(len(target)):
        if target[t] >= 0:
            out = w_out[target[t]]
            score = np.float32(0)
            for col in range(len(x)):
                score += x[col] * out[col]
            score = min(max(score, np.float32(-30)), np.float32(30))
            loss += math.log1p(math.exp(-score if t == 0 else score))
            coef = np.float32(lr * ((t == 0) - 1 / (1 + math.exp(-score))))
            for col in range(len(x)):
                dx[col] += coef * out[col]
                move[t, col] += coef * x[col]
    return loss


@_jit
def _train_centre(
    w_out: Array, workers: Workers, k: int, words: Array, reach: int, lr: float, is_cbow: bool, buffers: Buffers
) -> None:
    hidden, dx, tally = buffers
    centre = workers.at[k]
    low, high = max(workers.low[k], centre - reach), min(workers.high[k], centre + reach + 1)
    workers.move[k] = 0
    hidden[:] = 0
    for i in range(low, high):
        if i == centre:
            continue
        slot = _slot_of(workers, k, words[i])
        if is_cbow:
            hidden += workers.row[k, slot] / np.float32(high - low - 1)
        else:
            tally[0] += _step(workers.row[k, slot], w_out, workers.target[k], workers.move[k], dx, lr)
            workers.row[k, slot] += dx
    if is_cbow and high - low > 1:
        tally[0] += _step(hidden, w_out, workers.target[k], workers.move[k], dx, lr)
        for i in range(low, high):
            if i != centre:
                workers.row[k, _slot_of(workers, k, words[i])] += dx
    tally[1] += min(high - low - 1, 1) if is_cbow else high - low - 1


@_jit
def train_epoch(
    weights: Matrices,
    kept: Kept,
    cuts: Array,
    negatives: AliasTable,
    workers: Workers,
    guard: Guard,
    settings: Settings,
) -> float:
    """Train the chunks between `cuts` (places in `kept`), as many at a time as there are workers; return the loss."""
    _seed(settings.seed)
    (w_in, w_out), window, tally = weights, settings.window, np.zeros(2)
    buffers = Buffers(np.zeros(w_in.shape[1], np.float32), np.zeros(w_in.shape[1], np.float32), tally)
    n_workers, chunk, n_busy = len(workers.at), 0, 1
    workers.at[:] = workers.end[:] = 0
    is_busy = np.zeros(n_workers, np.bool_)
    while n_busy:
        n_busy = 0
        for k in range(n_workers):
            while workers.at[k] == workers.end[k] and chunk < len(cuts) - 1:
                _take_chunk(workers, k, cuts[chunk], cuts[chunk + 1], kept, window)
                chunk += 1
            is_busy[k] = workers.at[k] < workers.end[k]
            if is_busy[k]:
                n_busy += 1
                centre = workers.at[k]
                _load_new_words(w_in, workers, k, kept, window)
                _draw_targets(workers.target[k], kept.id[centre], negatives)
                reach = 1 + int(np.random.random() * window)  # noqa: NPY002
                lr = settings.lr_first + settings.lr_step * kept.pos[centre]
                _train_centre(w_out, workers, k, kept.id, reach, lr, settings.is_cbow, buffers)
        for k in range(n_workers):
            if is_busy[k]:
                for t in range(workers.target.shape[1]):
                    if workers.target[k, t] >= 0:
                        w_out[workers.target[k, t]] += guard.rate_out[workers.target[k, t]] * workers.move[k, t]
                _store_old_words(w_in, workers, k, kept, window, guard)
    return tally[0] / max(tally[1], 1)

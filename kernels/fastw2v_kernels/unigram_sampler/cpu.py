"""Negatives for the book's loss, on the CPU. Several threads divide the targets among them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import prefetch_element
from fastw2v_kernels.shared.arguments import INT32, check_axes, check_read, check_written, flat_ids, outside
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.cpu import alias_draw, random_bits, uniform
from fastw2v_kernels.shared.rows_cpu import any_outside
from fastw2v_kernels.shared.threads import run_on_threads, threads_for
from fastw2v_kernels.unigram_sampler import reference

_WORK_PER_THREAD = 5_000  # draws, about 100 us
_AHEAD = 4  # targets
_FEW = 32  # negatives that are compared one by one; for more, it is cheaper to mark the words that are taken
_patience = inline_cpu(reference.patience)


class Draws(NamedTuple):
    """Draws for one target: their position in the stream, and the words that are taken.

    key : uint64; position : int; target : int; negatives : int32[batch, K], of which row b is being filled;
    marks : uint8[n_words], or none if the negatives are few
    """

    key: np.uint64
    position: int
    target: int
    negatives: Int32
    b: int
    marks: NDArray[np.uint8]


@inline_cpu
def _is_taken(draws: Draws, k: int, word: int) -> bool:
    """Whether `word` is the target or among the first k negatives."""
    if draws.marks.shape[0] > 0:
        return draws.marks[word] != 0  # type: ignore[no-any-return]
    taken = word == draws.target
    for j in range(k):
        taken |= draws.negatives[draws.b, j] == word
    return taken


@inline_cpu
def _mark(draws: Draws, n: int, value: int) -> None:
    """Mark the target and the first n negatives as taken (1) or free (0)."""
    if draws.marks.shape[0] > 0:
        draws.marks[draws.target] = value
        for j in range(n):
            draws.marks[draws.negatives[draws.b, j]] = value


@jit_cpu
def _scan(alias_prob: Float32, alias_id: Int32, draws: Draws, k: int, u: float) -> int:
    """Draw from the words that are not taken, by two passes over their probabilities; -1 if there is none."""
    total = 0.0
    for column in range(alias_prob.shape[0]):
        own = float(alias_prob[column])
        total += 0.0 if _is_taken(draws, k, column) else own
        total += 0.0 if _is_taken(draws, k, alias_id[column]) else 1.0 - own
    left = u * total
    word = -1
    for column in range(alias_prob.shape[0]):
        own = float(alias_prob[column])
        for side in range(2):
            candidate = alias_id[column] if side else column
            mass = 1.0 - own if side else own
            if left >= 0.0 and mass > 0.0 and not _is_taken(draws, k, candidate):
                word = candidate
                left -= mass
        if left < 0.0:
            break
    return word


@inline_cpu
def _fill_distinct(alias_prob: Float32, alias_id: Int32, draws: Draws) -> bool:
    """Fill row b with different words; return False if too few can be drawn."""
    draw = 0
    for k in range(draws.negatives.shape[1]):
        word, tries = -1, _patience(alias_prob.shape[0])
        while word < 0 and tries > 0:
            candidate = alias_draw(uniform(random_bits(draws.key, draws.position, draw)), alias_prob, alias_id)
            if not _is_taken(draws, k, candidate):
                word = candidate
            tries -= 1
            draw += 1
        if word < 0:
            word = _scan(alias_prob, alias_id, draws, k, uniform(random_bits(draws.key, draws.position, draw)))
            draw += 1
        if word < 0:
            return False
        draws.negatives[draws.b, k] = word
        if draws.marks.shape[0] > 0:
            draws.marks[word] = 1
    return True


@inline_cpu
def _prefetch_draws(alias_prob: Float32, alias_id: Int32, key: np.uint64, position: int, negative: int) -> None:
    """Prefetch the columns that the first draws at `position` pick."""
    for draw in range(negative):
        column = int(uniform(random_bits(key, position, draw)) * alias_prob.shape[0])
        prefetch_element(alias_prob, column)
        prefetch_element(alias_id, column)


@jit_cpu
def _unigram_sampler_cpu_kernel(
    thread: int,
    n_threads: int,
    table: tuple[Float32, Int32],
    targets: Int64,
    stream: tuple[np.uint64, int],
    distinct: bool,
    marks: NDArray[np.uint8],
    out: Int32,
) -> int:
    (alias_prob, alias_id), (seed, first_draw) = table, stream
    if any_outside(targets, alias_prob.shape[0]):
        return -1
    key = random_bits(seed, 0, 0)
    batch, negative = out.shape
    for b in range(batch * thread // n_threads, batch * (thread + 1) // n_threads):
        _prefetch_draws(alias_prob, alias_id, key, first_draw + b + _AHEAD, negative)
        if not distinct:
            for k in range(negative):
                u = uniform(random_bits(key, first_draw + b, k))
                out[b, k] = alias_draw(u, alias_prob, alias_id)
            continue
        draws = Draws(key, first_draw + b, targets[b], out, b, marks[thread])
        _mark(draws, 0, 1)
        if not _fill_distinct(alias_prob, alias_id, draws):
            return b + 1
        _mark(draws, negative, 0)
    return 0


def unigram_sampler_cpu(
    alias_prob: Float32,
    alias_id: Int32,
    targets: NDArray[np.integer[Any]],
    *,
    seed: int,
    first_draw: int,
    distinct: bool,
    out: Int32,
) -> None:
    """Do what `unigram_sampler_reference` does."""
    n_words = alias_prob.shape[0]
    words = flat_ids("targets", targets)
    _check(alias_prob, alias_id, targets=words, out=out)
    n_threads = threads_for(out.size, _WORK_PER_THREAD)
    marks = np.zeros((n_threads, n_words if distinct and out.shape[1] > _FEW else 0), np.uint8)
    table, stream = (alias_prob, alias_id), (np.uint64(seed), first_draw)
    failed = run_on_threads(_unigram_sampler_cpu_kernel, n_threads, table, words, stream, distinct, marks, out)
    if failed < 0:
        raise outside("targets", words, n_words)
    if failed > 0:
        raise reference.too_few(out.shape[1], n_words, words[failed - 1])


def _check(alias_prob: Float32, alias_id: Int32, *, targets: Int64, out: Int32) -> None:
    check_axes("alias_prob", alias_prob, 1)
    check_axes("out", out, 2)
    check_read("alias_prob", alias_prob, alias_prob.shape)
    check_read("alias_id", alias_id, alias_prob.shape, dtype=INT32)
    check_written("out", out, (targets.shape[0], out.shape[1]), dtype=INT32)

"""Negatives for the book's loss, on the GPU, with a thread for each independent draw, or for each target."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cuda import cuda, inline_cuda, jit_cuda, launch_elements, launch_flat
from fastw2v_kernels.shared.arguments import INT32, check_axes, check_ids, check_read
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.cuda import alias_draw, random_bits, uniform
from fastw2v_kernels.unigram_sampler import reference

_patience = inline_cuda(reference.patience)


@inline_cuda
def _is_taken(word: int, target: int, negatives: Int32, b: int, k: int) -> bool:
    """Whether `word` is the target or among the first k negatives of row b."""
    taken = word == target
    for j in range(k):
        taken |= negatives[b, j] == word
    return taken


@inline_cuda
def _scan(alias_prob: Float32, alias_id: Int32, target: int, negatives: Int32, b: int, k: int, u: float) -> int:
    """Draw from the words that are not taken, by two passes over their probabilities, as on the CPU."""
    total = 0.0
    for column in range(alias_prob.shape[0]):
        own = float(alias_prob[column])
        total += 0.0 if _is_taken(column, target, negatives, b, k) else own
        total += 0.0 if _is_taken(alias_id[column], target, negatives, b, k) else 1.0 - own
    left = u * total
    word = -1
    for column in range(alias_prob.shape[0]):
        own = float(alias_prob[column])
        for side in range(2):
            candidate = alias_id[column] if side else column
            mass = 1.0 - own if side else own
            if left >= 0.0 and mass > 0.0 and not _is_taken(candidate, target, negatives, b, k):
                word = candidate
                left -= mass
        if left < 0.0:
            break
    return word


@jit_cuda
def _distinct_cuda_kernel(
    alias_prob: Float32, alias_id: Int32, targets: Int64, seed: np.uint64, first_draw: int, out: Int32
) -> None:
    key = random_bits(seed, 0, 0)
    for b in range(cuda.grid(1), out.shape[0], cuda.gridsize(1)):
        draw = 0
        for k in range(out.shape[1]):
            word, tries = -1, _patience(alias_prob.shape[0])
            while word < 0 and tries > 0:
                candidate = alias_draw(uniform(random_bits(key, first_draw + b, draw)), alias_prob, alias_id)
                if not _is_taken(candidate, targets[b], out, b, k):
                    word = candidate
                tries -= 1
                draw += 1
            if word < 0:
                u = uniform(random_bits(key, first_draw + b, draw))
                word = _scan(alias_prob, alias_id, targets[b], out, b, k, u)
                draw += 1
            out[b, k] = word


@jit_cuda
def _iid_cuda_kernel(alias_prob: Float32, alias_id: Int32, seed: np.uint64, first_draw: int, out: Int32) -> None:
    key = random_bits(seed, 0, 0)
    k, first = cuda.grid(2)
    if k < out.shape[1]:
        for b in range(first, out.shape[0], cuda.gridsize(2)[1]):
            out[b, k] = alias_draw(uniform(random_bits(key, first_draw + b, k)), alias_prob, alias_id)


def unigram_sampler_cuda(
    alias_prob: Float32,
    alias_id: Int32,
    targets: NDArray[np.integer[Any]],
    *,
    seed: int,
    first_draw: int,
    distinct: bool,
    out: Int32,
) -> None:
    """Do what `unigram_sampler_reference` does; negatives are -1 if too few distinct words can be drawn."""
    check_axes("alias_prob", alias_prob, 1)
    check_axes("out", out, 2)
    check_ids("targets", targets, 1)
    check_read("alias_prob", alias_prob, alias_prob.shape)
    check_read("alias_id", alias_id, alias_prob.shape, dtype=INT32)
    check_read("out", out, (targets.shape[0], out.shape[1]), dtype=INT32)
    key, draw = np.uint64(seed), np.int64(first_draw)
    if distinct:
        launch_flat(_distinct_cuda_kernel, out.shape[0], alias_prob, alias_id, targets, key, draw, out)
    else:
        launch_elements(_iid_cuda_kernel, *out.shape, alias_prob, alias_id, key, draw, out)

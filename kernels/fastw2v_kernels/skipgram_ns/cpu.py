"""Skip-gram with negative sampling on the CPU: explicit SIMD values, rows prefetched one centre ahead."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit_cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    dot,
    fma_rows,
    hsum,
    hsum_pair,
    load,
    load_rows,
    prefetch,
    splat,
    splats,
    store,
    add_rows,
    zeros,
)
from fastw2v_kernels._types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import (
    BLOCK_TOKENS,
    TokenBlock,
    alias_draw,
    fill_block,
    new_block,
    random_bits,
    sentence_of,
    sigmoid,
    softplus,
    uniform,
    window_of,
)
from fastw2v_kernels.shared.rng import NEGATIVE_DRAW

SLOTS = LANES // 2  # scores of two context rows share one vector


class Scratch(NamedTuple):
    block: TokenBlock
    targets: Int64
    contexts: Int64
    label: Float32
    valid: Float32
    half: Float32
    mask: Float32
    coef: Float32
    delta: Float32


def tiles(n):
    n_tiles = -(-n // SLOTS)
    return n_tiles, -(-n // n_tiles)


def new_scratch(window, negative, share):
    n_tiles, n_tile = tiles(negative + 1)
    n_sets = 1 if share else 2 * window
    label = np.zeros((n_tiles, LANES), np.float32)
    label[0, ::SLOTS] = 1
    real = (np.arange(n_tiles * SLOTS).reshape(n_tiles, SLOTS) % SLOTS < n_tile)
    real &= np.arange(n_tiles)[:, None] * n_tile + np.arange(SLOTS) <= negative
    valid = np.tile(real, 2).astype(np.float32)
    half = np.ones((2, LANES), np.float32)
    half[1, SLOTS:] = 0
    return Scratch(
        new_block(window),
        np.zeros((2 * n_sets, n_tiles * n_tile), np.int64),
        np.zeros((1, 2 * window + 1), np.int64),
        label, valid, half, valid.copy(),
        np.zeros((n_tiles, (2 * window + 2) * SLOTS), np.float32),
        np.zeros((2 * window + 1, LANES), np.float32),
    )


@lru_cache(maxsize=None)
def _compile(n_chunks: int, n_tile: int, n_tiles: int, with_loss: bool) -> Callable[..., None]:
    """Build the kernel for rows of n_chunks vectors and n_tiles tiles of n_tile targets each."""
    dim = n_chunks * LANES
    n_targets = n_tile * n_tiles

    @inline_cpu
    def draw(w_out, s, r, alias_prob, alias_id, key, pos, positive, first_draw, negative):
        s.targets[r, 0] = positive
        for k in range(n_targets - 1):
            row = positive
            if k < negative:
                row = alias_draw(uniform(random_bits(key, pos, first_draw + k)), alias_prob, alias_id)
            s.targets[r, k + 1] = row
            for col in range(0, dim, 16):
                prefetch(w_out, row, col)
        for col in range(0, dim, 16):
            prefetch(w_out, positive, col)

    @inline_cpu
    def score(w_in, w_out, s, r, n_contexts, lr):
        """Fill s.coef with lr * (label - sigmoid(score)) for every context and target; return the loss."""
        loss = splat(0.0)
        for t in range(n_tiles):
            for c in range(0, n_contexts, 2):
                acc_0 = zeros(n_tile)
                acc_1 = zeros(n_tile)
                for col in range(0, dim, LANES):
                    rows = load_rows(w_out, s.targets, r, t * n_tile, n_tile, col)
                    acc_0 = fma_rows(rows, load(w_in, s.contexts[0, c], col), acc_0)
                    acc_1 = fma_rows(rows, load(w_in, s.contexts[0, c + 1], col), acc_1)
                scores = hsum_pair(acc_0, acc_1)
                y = sigmoid(scores)
                mask = load(s.mask, t, 0) * load(s.half, c + 1 == n_contexts, 0)
                label = load(s.label, t, 0)
                store(s.coef, t, c * SLOTS, (label - y) * (mask * lr))
                if with_loss:
                    loss = loss + mask * (softplus(scores, y) - label * scores)
        return hsum(loss)

    @inline_cpu
    def update(w_in, w_out, s, r, n_contexts):
        for col in range(0, dim, LANES):
            for t in range(n_tiles):
                rows = load_rows(w_out, s.targets, r, t * n_tile, n_tile, col)
                grads = zeros(n_tile)
                for c in range(n_contexts):
                    coef = splats(s.coef, t, c * SLOTS, n_tile)
                    grads = fma_rows(coef, load(w_in, s.contexts[0, c], col), grads)
                    start = load(s.delta, c, 0) if t > 0 else splat(0.0)
                    store(s.delta, c, 0, dot(coef, rows, start))
                add_rows(w_out, s.targets, r, t * n_tile, n_tile, col, grads)
            for c in range(n_contexts):
                store(w_in, s.contexts[0, c], col, load(w_in, s.contexts[0, c], col) + load(s.delta, c, 0))

    @inline_cpu
    def set_mask(s, r, negative):
        for t in range(n_tiles):
            store(s.mask, t, 0, load(s.valid, t, 0))
        for k in range(1, negative + 1):
            if s.targets[r, k] == s.targets[r, 0]:
                t = k // n_tile
                s.mask[t, k - t * n_tile] = 0.0
                s.mask[t, k - t * n_tile + SLOTS] = 0.0

    @inline_cpu
    def prepare(w_in, w_out, s, i, first, stop, key, alias_prob, alias_id, window, negative, shrink, share):
        block = s.block
        low, high = window_of(block, i, first, stop, key, window, shrink)
        n_sets = 1 if share else high - low - 1
        r0 = (i & 1) * (s.targets.shape[0] // 2)
        for r in range(n_sets):
            draw(w_out, s, r0 + r, alias_prob, alias_id, key, block.pos[i], block.id[i], NEGATIVE_DRAW + r * negative, negative)
        if i + window < stop:
            for col in range(0, dim, 16):
                prefetch(w_in, block.id[i + window], col)
        return low, high

    @inline_cpu
    def train_block(w_in, w_out, s, first, last, stop, key, alias_prob, alias_id, lr_first, lr_step, window, negative, shrink, share, tally):
        block = s.block
        if last == window:
            return
        next_low, next_high = prepare(w_in, w_out, s, window, first, stop, key, alias_prob, alias_id, window, negative, shrink, share)
        for i in range(window, last):
            low, high = next_low, next_high
            if i + 1 < last:
                next_low, next_high = prepare(w_in, w_out, s, i + 1, first, stop, key, alias_prob, alias_id, window, negative, shrink, share)
            lr = lr_first + lr_step * block.pos[i]
            n_contexts = high - low - 1
            r0 = (i & 1) * (s.targets.shape[0] // 2)
            if n_contexts == 0:
                continue
            if share:
                n = 0
                for j in range(low, high):
                    s.contexts[0, n] = block.id[j]
                    n += j != i
                s.contexts[0, n] = s.contexts[0, n - 1]
                set_mask(s, r0, negative)
                tally[0] += score(w_in, w_out, s, r0, n, lr)
                update(w_in, w_out, s, r0, n)
            else:
                r = r0
                for j in range(low, high):
                    if j != i:
                        s.contexts[0, 0] = block.id[j]
                        s.contexts[0, 1] = block.id[j]
                        set_mask(s, r, negative)
                        tally[0] += score(w_in, w_out, s, r, 1, lr)
                        update(w_in, w_out, s, r, 1)
                        r += 1
            tally[1] += n_contexts
        tally[2] += last - window

    @jit_cpu
    def kernel(w_in, w_out, ids, starts, keep, alias_prob, alias_id, begin, end, lr_first, lr_step, seed, epoch, window, negative, shrink, share, s, tally):
        key = random_bits(np.uint64(seed), epoch, 0)
        sentence = sentence_of(starts, begin)
        for block_begin in range(begin, end, BLOCK_TOKENS):
            block_end = min(block_begin + BLOCK_TOKENS, end)
            first, last, stop, sentence = fill_block(s.block, ids, starts, keep, key, window, block_begin, block_end, sentence)
            train_block(w_in, w_out, s, first, last, stop, key, alias_prob, alias_id, lr_first, lr_step, window, negative, shrink, share, tally)

    return kernel

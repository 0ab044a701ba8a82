"""The pass over a span of tokens on the GPU, for skip-gram and CBOW.

A warp, which is a block by itself, trains chunks of tokens one after the other. The tokens of a chunk that are in one
sentence are a stretch. The warp subsamples 32 tokens at a time, and takes the kept ones as centres in their order. The
contexts of the first and last centres of a chunk may lie outside of it, in the same sentence. Their rows are read and
moved like those inside, so a cut changes which copy of a row moves, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared.cuda import random_bits, uniform
from fastw2v_kernels.shared.span.inputs import TokenSource
from fastw2v_kernels.shared.span.ring_cuda import ballot, load_word, lower_lanes, write_back
from fastw2v_kernels.shared.span.shape_cuda import SpanShape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, Stretch, WarpBuffers

_KEEP_DRAW, _WINDOW_DRAW = rng.KEEP_DRAW, rng.WINDOW_DRAW
_ONE = np.float32(1)


@inline_cuda
def short(value: int) -> int:
    """Return the same number in 32 bits, which takes one register and not two."""
    return np.int32(value)  # type: ignore[return-value]


@inline_cuda
def is_kept(tokens: TokenSource, token_pos: int) -> bool:
    """Whether subsampling keeps the token at `token_pos` in this epoch."""
    bits = random_bits(tokens.key, token_pos, _KEEP_DRAW)
    return bool(uniform(bits) < tokens.keep[tokens.ids[token_pos]])


@inline_cuda
def first_context_pos(tokens: TokenSource, first: int, stop: int) -> int:
    """Return the position from which there are `window` kept tokens up to `first`, but at least `stop`."""
    n = 0
    while n < tokens.window and first > stop:
        first -= 1
        n += is_kept(tokens, first)
    return first


@inline_cuda
def _read(tokens: TokenSource, recent: Recent, n: int, first: int, stop: int) -> int:
    """Append the kept ones of 32 tokens, one for each lane; return the new number of tokens."""
    pos = first + int(np.uint32(cuda.laneid))
    is_own_kept = (pos < stop) & is_kept(tokens, min(pos, stop - 1))
    kept = ballot(is_own_kept)
    cuda.syncwarp()  # all lanes have read the slots that are overwritten now
    if is_own_kept:
        slot = (n + cuda.popc(kept & lower_lanes())) & (recent.id.shape[0] - 1)
        recent.id[slot] = tokens.ids[pos]
        recent.pos[slot] = pos
    cuda.syncwarp()
    return short(n + cuda.popc(kept))


@inline_cuda
def reach_of(tokens: TokenSource, token_pos: int) -> int:
    """Return the reach of the window around the centre at `token_pos`."""
    if not tokens.shrink_windows:
        return tokens.window
    return 1 + int(uniform(random_bits(tokens.key, token_pos, _WINDOW_DRAW)) * tokens.window)


@inline_cuda
def _drop_token(i: int, n_loaded: int, recent: Recent, model: Model, ring: Ring, n_row: int, stride: int) -> None:
    """Drop the i-th token, and write its word back unless a later token of the ring is the same word."""
    word = recent.id[i & (recent.id.shape[0] - 1)]
    later = 0
    for first in range(i + 1, n_loaded, 32):
        j = first + np.uint32(cuda.laneid)
        later |= ballot((j < n_loaded) & (recent.id[j & (recent.id.shape[0] - 1)] == word))
    if later == 0:
        write_back(word, model.w_in, model.rate_in, ring, n_row, stride)


def _ring_loops(n_row: int, stride: int) -> tuple[Callable[..., int], Callable[..., int]]:
    """Return two functions of a kernel: load words of tokens into the ring, and drop tokens, up to a given token."""

    @inline_cuda
    def load_until(stop: int, n_loaded: int, recent: Recent, model: Model, ring: Ring) -> int:
        while n_loaded < stop:
            load_word(recent.id[n_loaded & (recent.id.shape[0] - 1)], model.w_in, ring, n_row, stride)
            n_loaded = short(n_loaded + 1)
        return n_loaded

    @inline_cuda
    def drop_until(stop: int, n_dropped: int, n_loaded: int, recent: Recent, model: Model, ring: Ring) -> int:
        while n_dropped < stop:
            _drop_token(n_dropped, n_loaded, recent, model, ring, n_row, stride)
            n_dropped = short(n_dropped + 1)
        return n_dropped

    return load_until, drop_until


def stretch_trainer(
    train_centre: Callable[..., float], shape: SpanShape, *, is_context_example: bool
) -> Callable[..., tuple[float, int, int]]:
    """Return the function of a kernel that trains the centres of one stretch.

    Parameters
    ----------
    train_centre : callable
        `train_centre(model, recent, ring, step, i, low, high, weight)` trains the i-th token, whose window is low to
        high, at `weight` times the learning rate, and returns this lane's share of the loss, without the weight.
    shape : SpanShape
        Sizes to compile for.
    is_context_example : bool
        True if each context is an example, False if all contexts of a centre are one.

    Returns
    -------
    callable
        `train_stretch(tokens, model, recent, ring, step, stretch)` returns this lane's loss, and how many examples and
        centres there were.
    """
    load_until, drop_until = _ring_loops(shape.n_row, shape.stride)
    with_weights = shape.with_weights

    @inline_cuda
    def train_stretch(
        tokens: TokenSource, model: Model, recent: Recent, ring: Ring, step: WarpBuffers, stretch: Stretch
    ) -> tuple[float, int, int]:
        pos = first_context_pos(tokens, stretch.begin, stretch.first)
        last_slot = recent.id.shape[0] - 1
        loss = 0.0
        n_examples = n_kept = n = n_loaded = n_dropped = i = short(0)
        more = True
        while more:
            while n <= i + tokens.window and pos < stretch.stop:
                n = _read(tokens, recent, n, pos, stretch.stop)
                pos += 32
            more = i < n and recent.pos[i & last_slot] < stretch.end
            if more:
                n_dropped = drop_until(i - tokens.window, n_dropped, n_loaded, recent, model, ring)
                n_loaded = load_until(min(n, i + tokens.window + 1), n_loaded, recent, model, ring)
                centre_pos = recent.pos[i & last_slot]
                if centre_pos >= stretch.begin:
                    reach = reach_of(tokens, centre_pos)
                    low, high = max(i - reach, 0), min(i + reach + 1, n)
                    n_kept = short(n_kept + 1)
                    weight = tokens.weight[centre_pos] if with_weights else _ONE
                    if high - low > 1 and weight > 0:
                        n_examples = short(n_examples + (high - low - 1 if is_context_example else 1))
                        found = train_centre(model, recent, ring, step, i, low, high, weight)
                        loss += float(weight) * found
                i = short(i + 1)
        drop_until(n_loaded, n_dropped, n_loaded, recent, model, ring)
        return loss, n_examples, n_kept

    return train_stretch

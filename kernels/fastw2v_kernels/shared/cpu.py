"""The shared scalar functions compiled for the CPU, and the sampling of a block of tokens that span kernels share."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit_cpu import inline_cpu
from fastw2v_kernels.shared import rng
from fastw2v_kernels.shared import sigmoid as scalar

random_bits = inline_cpu(rng.random_bits)
uniform = inline_cpu(rng.uniform)
alias_draw = inline_cpu(rng.alias_draw)
sigmoid = inline_cpu(scalar.sigmoid)
softplus = inline_cpu(scalar.softplus)

BLOCK_TOKENS = 1024
_KEEP, _WINDOW = rng.KEEP_DRAW, rng.WINDOW_DRAW


class TokenBlock(NamedTuple):
    """The tokens that survive subsampling in a stretch of the corpus, with up to `window` neighbours on either side.

    id : int32[BLOCK_TOKENS + 2 window], vocabulary rows
    pos : int64[...], token positions in the corpus
    sentence : int64[...], sentence numbers
    """

    id: np.ndarray
    pos: np.ndarray
    sentence: np.ndarray


def new_block(window: int) -> TokenBlock:
    """Buffers for `fill_block`."""
    size = BLOCK_TOKENS + 2 * window
    return TokenBlock(np.empty(size, np.int32), np.empty(size, np.int64), np.empty(size, np.int64))


@inline_cpu
def sentence_of(starts: np.ndarray, token_pos: int) -> int:
    """Number of the sentence that holds `token_pos`, by bisection."""
    low, high = 0, starts.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= token_pos:
            low = middle
        else:
            high = middle
    return low


@inline_cpu
def _is_kept(key: np.uint64, token_pos: int, probability: float) -> bool:
    return uniform(random_bits(key, token_pos, _KEEP)) < probability


@inline_cpu
def fill_block(
    block: TokenBlock,
    ids: np.ndarray,
    starts: np.ndarray,
    keep: np.ndarray,
    key: np.uint64,
    window: int,
    begin: int,
    end: int,
    sentence: int,
) -> tuple[int, int, int, int]:
    """Subsample tokens begin..end, and up to `window` kept neighbours before and after within their sentences.

    Centres are block[window:last]; a context may come from block[first:stop]. So a stretch may be cut anywhere, even
    in mid-sentence, without a change in what is trained. Returns first, last, stop and the sentence of token `end - 1`.
    """
    first = window
    pos = begin - 1
    while first > 0 and pos >= starts[sentence]:
        if _is_kept(key, pos, keep[ids[pos]]):
            first -= 1
            block.id[first], block.pos[first], block.sentence[first] = ids[pos], pos, sentence
        pos -= 1
    last = window
    for pos in range(begin, end):
        while pos >= starts[sentence + 1]:
            sentence += 1
        block.id[last], block.pos[last], block.sentence[last] = ids[pos], pos, sentence
        last += _is_kept(key, pos, keep[ids[pos]])
    stop = last
    pos = end
    while stop < last + window and pos < starts[sentence + 1]:
        block.id[stop], block.pos[stop], block.sentence[stop] = ids[pos], pos, sentence
        stop += _is_kept(key, pos, keep[ids[pos]])
        pos += 1
    return first, last, stop, sentence


@inline_cpu
def window_of(
    block: TokenBlock, i: int, first: int, stop: int, key: np.uint64, window: int, shrink_windows: bool
) -> tuple[int, int]:
    """Bounds low..high (exclusive) of the window around centre i: drawn from 1..window, cut at the sentence's ends."""
    reach = window
    if shrink_windows:
        reach = 1 + int(uniform(random_bits(key, block.pos[i], _WINDOW)) * window)
    low, high = max(i - reach, first), min(i + reach + 1, stop)
    while block.sentence[low] != block.sentence[i]:
        low += 1
    while block.sentence[high - 1] != block.sentence[i]:
        high -= 1
    return low, high

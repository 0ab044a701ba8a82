"""Walking over a span of tokens: subsampling and windows, the part that skip-gram and CBOW have in common."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import LANES
from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.cpu import random_bits, uniform
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.rng import KEEP_DRAW, WINDOW_DRAW
from fastw2v_kernels.shared.span.inputs import TokenSource

TOKENS_PER_PASS = 1024
_N_REMAINDERS = 1024  # a power of two


class KeptTokens(NamedTuple):
    """The tokens of a stretch of the corpus that survive subsampling, with up to `window` neighbours on either side.

    id : int32[TOKENS_PER_PASS + 4 window + LANES], vocabulary rows
    pos : int64[...], token positions in the corpus
    sentence : int64[...], sentence numbers
    repeat : int64[...], the last slot whose word, or one of its remainder, has come again up to here; -1: none
    seen : int64[_N_REMAINDERS], the last slot of a word with this remainder
    """

    id: Int32
    pos: Int64
    sentence: Int64
    repeat: Int64
    seen: Int64


class Bounds(NamedTuple):
    """Where in a KeptTokens the centres (window to last) and their possible contexts (first to stop) lie."""

    first: int
    last: int
    stop: int
    sentence: int


@cache_per_thread
def kept_tokens_buffer(window: int) -> KeptTokens:
    """Buffers for `subsample`, and what `copy_ids` may read past the last token."""
    size = TOKENS_PER_PASS + 4 * window + LANES
    pos, sentence, repeat = (aligned((size,), np.int64) for _ in range(3))
    return KeptTokens(aligned((size,), np.int32), pos, sentence, repeat, aligned((_N_REMAINDERS,), np.int64))


@inline_cpu
def put(kept: KeptTokens, slot: int, token_id: int, token_pos: int, sentence: int) -> None:
    """Write one token."""
    kept.id[slot] = token_id
    kept.pos[slot] = token_pos
    kept.sentence[slot] = sentence


@inline_cpu
def is_kept(tokens: TokenSource, token_pos: int) -> bool:
    """Whether subsampling keeps the token at `token_pos` in this epoch."""
    draw: float = uniform(random_bits(tokens.key, token_pos, KEEP_DRAW))
    return bool(draw < tokens.keep[tokens.ids[token_pos]])


@inline_cpu
def subsample(kept: KeptTokens, tokens: TokenSource, begin: int, end: int, sentence: int) -> Bounds:
    """Subsample tokens begin to end, and up to `window` kept neighbours before and after within their sentences.

    So a stretch may be cut anywhere, even in mid-sentence, without a change in what is trained. `sentence` is that of
    token `begin`; the one returned is that of token `end - 1`.
    """
    first = tokens.window
    pos = begin - 1
    while first > 0 and pos >= tokens.starts[sentence]:
        put(kept, first - 1, tokens.ids[pos], pos, sentence)
        first -= is_kept(tokens, pos)
        pos -= 1
    last = tokens.window
    for pos in range(begin, end):
        while pos >= tokens.starts[sentence + 1]:
            sentence += 1
        put(kept, last, tokens.ids[pos], pos, sentence)
        last += is_kept(tokens, pos)
    stop = last
    pos = end
    while stop < last + tokens.window and pos < tokens.starts[sentence + 1]:
        put(kept, stop, tokens.ids[pos], pos, sentence)
        stop += is_kept(tokens, pos)
        pos += 1
    return Bounds(first, last, stop, sentence)


@inline_cpu
def note_repeats(kept: KeptTokens, bounds: Bounds) -> None:
    """Fill kept.repeat: if slots low to high hold a word twice, then repeat[high - 1] >= low.

    The converse holds but for words of one remainder: a filter that lets a few windows pass without need.
    """
    for i in range(_N_REMAINDERS):
        kept.seen[i] = -1
    last = -1
    for i in range(bounds.first, bounds.stop):
        remainder = kept.id[i] & (_N_REMAINDERS - 1)
        last = max(last, kept.seen[remainder])
        kept.repeat[i] = last
        kept.seen[remainder] = i


@inline_cpu
def window_of(kept: KeptTokens, i: int, bounds: Bounds, tokens: TokenSource) -> tuple[int, int]:
    """Bounds low to high of the window around centre i: reach drawn from 1..window, cut at the sentence's ends."""
    reach = tokens.window
    if tokens.shrink_windows:
        reach = 1 + int(uniform(random_bits(tokens.key, kept.pos[i], WINDOW_DRAW)) * tokens.window)
    low, high = max(i - reach, bounds.first), min(i + reach + 1, bounds.stop)
    while kept.sentence[low] != kept.sentence[i]:
        low += 1
    while kept.sentence[high - 1] != kept.sentence[i]:
        high -= 1
    return low, high

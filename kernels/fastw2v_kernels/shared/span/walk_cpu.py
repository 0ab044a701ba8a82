"""The pass over a span of tokens on the CPU: subsampling and windows, for skip-gram and CBOW."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels._simd import LANES, Shape, prefetch_element
from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.cpu import random_bits, uniform
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.rng import KEEP_DRAW, WINDOW_DRAW
from fastw2v_kernels.shared.span.inputs import Span, TokenSource

TOKENS_PER_PASS = 1024
_N_REMAINDERS = 1024  # a power of two
_AHEAD = 16  # tokens whose entries in the table of probabilities are on their way


class KeptTokens(NamedTuple):
    """Tokens that survived subsampling, of TOKENS_PER_PASS in the corpus, and up to `window` neighbours on either side.

    id : int32[TOKENS_PER_PASS + 4 window + LANES], vocabulary rows
    pos : int64[...], token positions in the corpus
    sentence : int64[...], sentence numbers
    repeat : int64[...], the last slot whose word, or a word with the same remainder, occurs again up to here; else -1
    seen : int64[_N_REMAINDERS], the last slot of a word with this remainder
    """

    id: Int32
    pos: Int64
    sentence: Int64
    repeat: Int64
    seen: Int64


class Bounds(NamedTuple):
    """Slots of the centres (window to last) and of their possible contexts (first to stop) in the kept tokens."""

    first: int
    last: int
    stop: int
    sentence: int


@cache_per_thread
def kept_tokens_buffer(window: int) -> KeptTokens:
    """Return buffers for `subsample`, with room for `copy_ids` to read past the last token."""
    size = TOKENS_PER_PASS + 4 * window + LANES
    pos, sentence, repeat = (aligned((size,), np.int64) for _ in range(3))
    return KeptTokens(aligned((size,), np.int32), pos, sentence, repeat, aligned((_N_REMAINDERS,), np.int64))


@inline_cpu
def put(kept: KeptTokens, slot: int, token_id: int, token_pos: int, sentence: int) -> None:
    """Write one token to a slot."""
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

    So a span may be cut anywhere, even within a sentence, and the same pairs are trained. `sentence` is that of token
    `begin`; the bounds returned have the sentence of token `end - 1`.
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
        prefetch_element(tokens.keep, tokens.ids[min(pos + _AHEAD, end - 1)])
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

    The converse fails for different words with the same remainder: a few windows are searched for repeats in vain.
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
def window_of(kept: KeptTokens, i: int, bounds: Bounds, tokens: TokenSource, shape: Shape) -> tuple[int, int]:
    """Return the bounds of the window around centre i: its reach is drawn from 1..window, and its sentence ends it.

    The window of a centre of weight 0 is empty.
    """
    if shape.with_weights and tokens.weight[kept.pos[i]] == 0:
        return i, i
    reach = tokens.window
    if tokens.shrink_windows:
        reach = 1 + int(uniform(random_bits(tokens.key, kept.pos[i], WINDOW_DRAW)) * tokens.window)
    low, high = max(i - reach, bounds.first), min(i + reach + 1, bounds.stop)
    while kept.sentence[low] != kept.sentence[i]:
        low += 1
    while kept.sentence[high - 1] != kept.sentence[i]:
        high -= 1
    return low, high


@inline_cpu
def lr_of(tokens: TokenSource, span: Span, token_pos: int, shape: Shape) -> float:
    """Return the learning rate of the centre at `token_pos`."""
    lr: float = span.lr_first + span.lr_step * token_pos
    if shape.with_weights:
        lr = lr * tokens.weight[token_pos]
    return lr


@inline_cpu
def weighted(loss: float, tokens: TokenSource, token_pos: int, shape: Shape) -> float:
    """Return the loss of the centre at `token_pos` times its weight."""
    return loss * tokens.weight[token_pos] if shape.with_weights else loss

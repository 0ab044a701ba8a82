"""The pass over a chunk of tokens on the GPU, for skip-gram and CBOW with subwords.

A warp reads the kept tokens of a chunk, and up to `window` before and behind it in the same sentences. Other than in
`walk_cuda`, all sentences of a chunk are one sequence: groups of neighbouring positions, and what is carried along
windows, reach over their ends.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda
from fastw2v_kernels.shared.cuda import sentence_of
from fastw2v_kernels.shared.span.inputs import TokenSource
from fastw2v_kernels.shared.span.ring_cuda import ballot, lower_lanes
from fastw2v_kernels.shared.span.state_cuda import Model
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape
from fastw2v_kernels.shared.span.subword_state_cuda import RecentTokens, TokenGroup, WarpMemory
from fastw2v_kernels.shared.span.subwords import Subwords
from fastw2v_kernels.shared.span.walk_cuda import first_context_pos, is_kept, reach_of, short

_ONE = np.float32(1)


@inline_cuda
def _read(tokens: TokenSource, subwords: Subwords, recent: RecentTokens, n: int, first: int, stop: int) -> int:
    """Append the kept ones of 32 tokens, one for each lane; return the new number of tokens."""
    pos = first + int(np.uint32(cuda.laneid))
    is_own_kept = (pos < stop) & is_kept(tokens, min(pos, stop - 1))
    kept = ballot(is_own_kept)
    cuda.syncwarp()  # all lanes have read the slots that are overwritten now
    if is_own_kept:
        slot, word = (n + cuda.popc(kept & lower_lanes())) & (recent.id.shape[0] - 1), tokens.ids[pos]
        recent.id[slot] = word
        recent.pos[slot] = pos
        recent.sentence[slot] = sentence_of(tokens.starts, pos)
        recent.first_row[slot] = subwords.row_starts[word]
        recent.n_rows[slot] = subwords.row_starts[word + 1] - subwords.row_starts[word]
    cuda.syncwarp()
    return short(n + cuda.popc(kept))


@inline_cuda
def _window_of(tokens: TokenSource, recent: RecentTokens, i: int, n_read: int) -> tuple[int, int]:
    """Return the bounds of the window around the i-th token: its reach is drawn, and its sentence ends it."""
    last_slot = recent.id.shape[0] - 1
    reach = reach_of(tokens, recent.pos[i & last_slot])
    low, high = max(i - reach, 0), min(i + reach + 1, n_read)
    while recent.sentence[low & last_slot] != recent.sentence[i & last_slot]:
        low += 1
    while recent.sentence[(high - 1) & last_slot] != recent.sentence[i & last_slot]:
        high -= 1
    return low, high


def centre_lister(shape: SubwordShape) -> Callable[..., int]:
    """Return the function of a kernel that lists the centres of a group.

    Returns
    -------
    callable
        `list_centres(tokens, model, memory, group)` sets the windows, learning rates and weights of the centres that
        have contexts, in step.bounds and step.rates, and returns their number. Each lane looks at a token.
    """
    with_weights = shape.with_weights

    @inline_cuda
    def list_centres(tokens: TokenSource, model: Model, memory: WarpMemory, group: TokenGroup) -> int:
        recent, _, step = memory
        own = group.begin + int(np.uint32(cuda.laneid))
        i = min(own, group.end - 1)
        low, high = _window_of(tokens, recent, i, group.n_read)
        token_pos = recent.pos[i & (recent.id.shape[0] - 1)]
        weight = tokens.weight[token_pos] if with_weights else _ONE
        is_centre = bool((own < group.end) & (high - low > 1) & (weight > 0))
        found = ballot(is_centre)
        if is_centre:
            c = cuda.popc(found & lower_lanes())
            step.bounds[c, 0] = low
            step.bounds[c, 1] = high
            step.bounds[c, 2] = i
            step.rates[c, 0] = weight * np.float32(model.lr_first + model.lr_step * token_pos)
            step.rates[c, 1] = weight
        cuda.syncwarp()
        n: int = cuda.popc(found)
        return n

    return list_centres


def _group_end(shape: SubwordShape) -> Callable[..., int]:
    """Return the function of a kernel that finds where the group of a token ends, at the latest before `stop`."""
    n_group = shape.n_group

    @inline_cuda
    def group_end(recent: RecentTokens, begin: int, n: int, stop: int) -> int:
        last_slot, end = recent.id.shape[0] - 1, begin + 1
        number = recent.pos[begin & last_slot] // n_group
        while end < n and recent.pos[end & last_slot] < stop and recent.pos[end & last_slot] // n_group == number:
            end += 1
        return short(end)

    return group_end


def chunk_trainer(
    train_group: Callable[..., tuple[float, int]], finish: Callable[..., None], shape: SubwordShape
) -> Callable[..., tuple[float, int, int]]:
    """Return the function of a kernel that trains the centres of one chunk.

    Parameters
    ----------
    train_group : callable
        `train_group(tokens, model, subwords, memory, group)` trains the centres of a group, and returns this lane's
        share of the loss, and the number of examples.
    finish : callable
        `finish(model, subwords, memory, group)` is called behind the last centre with an empty group, if there was one.
    shape : SubwordShape
        Sizes to compile for.

    Returns
    -------
    callable
        `train_chunk(tokens, model, subwords, memory, begin, end)` returns this lane's loss, and how many examples and
        centres there were.
    """
    n_group, group_end = shape.n_group, _group_end(shape)

    @inline_cuda
    def train_chunk(
        tokens: TokenSource, model: Model, subwords: Subwords, memory: WarpMemory, begin: int, end: int
    ) -> tuple[float, int, int]:
        recent, starts = memory.recent, tokens.starts
        pos = first_context_pos(tokens, begin, starts[sentence_of(starts, begin)])
        stop, last_slot = starts[sentence_of(starts, end - 1) + 1], recent.id.shape[0] - 1
        loss = 0.0
        n_examples = n = i = first = short(0)
        more = True
        while more:
            while n < i + n_group + tokens.window and pos < stop:
                n = _read(tokens, subwords, recent, n, pos, stop)
                pos += 32
            more = i < n and recent.pos[i & last_slot] < end
            if more and recent.pos[i & last_slot] < begin:
                i = first = short(i + 1)
            elif more:
                group = TokenGroup(i, group_end(recent, i, n, end), n, first)
                found = train_group(tokens, model, subwords, memory, group)
                loss += found[0]
                n_examples = short(n_examples + found[1])
                i = group.end
        if i > first:
            finish(model, subwords, memory, TokenGroup(i, i, n, first))
        return loss, n_examples, short(i - first)

    return train_chunk

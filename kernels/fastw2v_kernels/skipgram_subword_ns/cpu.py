"""Skip-gram with subwords and negative sampling on the CPU: explicit SIMD values, rows prefetched a centre ahead."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import HALF_LANES, Shape, hsum, splat
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, checked_weights
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.scoring_cpu import Centre
from fastw2v_kernels.shared.span.subword_groups_cpu import (
    Group,
    draw_for_group,
    group_buffers,
    group_end,
    list_centres,
    prefetch_group,
    train_group,
)
from fastw2v_kernels.shared.span.subwords import (
    NEGATIVE_SETS,
    TOKENS_PER_BLOCK,
    Subwords,
    check_matrices,
    check_subwords,
    is_one_step,
)
from fastw2v_kernels.shared.span.subwords_cpu import (
    HIDDEN,
    MOVE,
    Ahead,
    SubwordStep,
    begin_steps,
    draw_negatives,
    follow_move,
    move_rows,
    prefetch_lists,
    prefetch_targets,
    rows_ahead,
    set_targets,
    subword_shape,
    subword_step,
    sum_word,
    train_targets,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    Bounds,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)


class Workspace(NamedTuple):
    """Working memory of a thread: tokens that survived subsampling, and the buffers of a centre and of a group."""

    kept: KeptTokens
    step: SubwordStep
    group: Group


@inline_cpu
def train_steps(
    matrices: Matrices,
    subwords: Subwords,
    kept: KeptTokens,
    step: SubwordStep,
    centre: Centre,
    sampler: Sampler,
    shape: Shape,
) -> float:
    """Train the hidden vector against the contexts of its centre and negatives; return the loss by lane."""
    i, low, high = centre.i, centre.low, centre.high
    n_contexts, n_per_step = high - low - 1, 1
    if shape.share_negatives:
        n_per_step = n_contexts if shape.one_step else CONTEXTS_PER_STEP
    n_targets = min(n_per_step, n_contexts) + sampler.negative
    ahead = rows_ahead(subwords, centre.prefetch_row_id, 3 * ((n_targets + shape.n_tile - 1) // shape.n_tile))
    share = 1.0 / NEGATIVE_SETS if shape.share_negatives else 1.0
    loss: float = splat(0.0)
    for first in range(0, n_contexts, n_per_step):
        begin, end = low + first, low + min(first + n_per_step, n_contexts)
        if not shape.share_negatives:
            draw_negatives(step, i, kept.pos[i], first, sampler)
        n_tiles = set_targets(step, kept, begin + (begin >= i), end + (end > i), i, i, share, shape)
        left = Ahead(ahead.row_ids, ahead.first if first == 0 else ahead.stop, ahead.stop, ahead.share)
        loss = loss + train_targets(matrices, step, n_tiles, left, centre.lr, shape)
        if shape.moves_rows and first + n_per_step < n_contexts:
            follow_move(step, shape)
    return loss


@inline_cpu
def _train_by_centre(
    matrices: Matrices,
    subwords: Subwords,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    workspace: Workspace,
    bounds: Bounds,
    shape: Shape,
) -> tuple[float, int]:
    """Train each centre by itself; return the loss and the number of pairs."""
    (kept, step, _), (w_in, w_out), window = workspace, matrices, tokens.window
    next_low = next_high = bounds.first  # an empty window; the literal 0 would have another type
    loss, n_pairs, last = 0.0, 0, bounds.last - 1
    for i in range(window - 1, bounds.last):  # begins a centre early, to draw for the first
        low, high = next_low, next_high
        if i < last:
            next_low, next_high = window_of(kept, i + 1, bounds, tokens, shape)
            draw_negatives(step, i + 1, kept.pos[i + 1], 0, sampler)
            prefetch_targets(w_out, step, i + 1, kept.id[min(i + 1 + window, bounds.stop - 1)], shape)
            prefetch_lists(subwords, kept.id[min(i + 2, last)], kept.id[min(i + 3, last)])
        if high - low > 1:
            centre = Centre(i, low, high, kept.id[min(i + 1, last)], lr_of(tokens, span, kept.pos[i], shape))
            word = kept.id[i]
            sum_word(w_in, subwords, word, step.rows, HIDDEN, shape)
            begin_steps(step, 1.0 / (subwords.row_starts[word + 1] - subwords.row_starts[word]), shape)
            found = hsum(train_steps(matrices, subwords, kept, step, centre, sampler, shape))
            if shape.moves_rows:
                move_rows(w_in, subwords, word, step.rows, MOVE, shape)
            loss += weighted(found, tokens, kept.pos[i], shape)
            n_pairs += high - low - 1
    return loss, n_pairs


@inline_cpu
def _train_by_group(
    matrices: Matrices,
    subwords: Subwords,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    workspace: Workspace,
    bounds: Bounds,
    shape: Shape,
) -> tuple[float, int]:
    """Train the centres in groups; return the loss and the number of pairs."""
    (kept, _, group), n_pairs, r = workspace, 0, 0
    begin, losses = tokens.window, splat(0.0)
    end = group_end(kept, begin, bounds.last)
    if begin < end:
        draw_for_group(group, r, kept.pos[begin], sampler, shape)
    while begin < end:
        next_end = group_end(kept, end, bounds.last)
        if end < next_end:
            draw_for_group(group, 1 - r, kept.pos[end], sampler, shape)
            prefetch_group(matrices.w_out, subwords, kept, group, 1 - r, (end, next_end), bounds, shape)
        n = list_centres(group, kept, (begin, end), bounds, tokens, span, shape)
        if n > 0:
            losses = losses + train_group(matrices, subwords, kept, group, n, r, (end, next_end), shape)
        for g in range(n):
            n_pairs += group.slots[g, 2] - group.slots[g, 1] - 1
        begin, end, r = end, next_end, 1 - r
    return hsum(losses), n_pairs


@jit_cpu
def _skipgram_subword_ns_cpu_kernel(
    matrices: Matrices,
    subwords: Subwords,
    tokens: TokenSource,
    sampler: Sampler,
    span: Span,
    tally: Float64,
    workspace: Workspace,
    shape: Shape,
) -> None:
    sentence, first = sentence_of(tokens.starts, span.begin), span.begin
    while first < span.end:
        end = min((first // TOKENS_PER_BLOCK + 1) * TOKENS_PER_BLOCK, span.end)
        bounds = subsample(workspace.kept, tokens, first, end, sentence)
        first, sentence = end, bounds.sentence
        if shape.one_step and shape.share_negatives:
            loss, n_pairs = _train_by_group(matrices, subwords, tokens, sampler, span, workspace, bounds, shape)
        else:
            loss, n_pairs = _train_by_centre(matrices, subwords, tokens, sampler, span, workspace, bounds, shape)
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - tokens.window


def skipgram_subword_ns_cpu(
    *,
    w_in: Float32,
    w_out: Float32,
    row_ids: Int32,
    row_starts: Int64,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    alias_prob: Float32,
    alias_id: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    negative: int,
    shrink_windows: bool,
    share_negatives: bool,
    in_groups: bool,
    with_loss: bool,
    tally: Float64,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `skipgram_subword_ns_reference` does, on one core, without the GIL; without `moves_rows`, only tally."""
    matrices, subwords = Matrices(w_in=w_in, w_out=w_out), Subwords(row_ids=row_ids, row_starts=row_starts)
    check_matrices(matrices, tally)
    check_subwords(subwords, matrices)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_out.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    one_step = is_one_step(window, in_groups)
    shape = replace(subword_shape(w_in.shape[1], HALF_LANES, with_loss), share_negatives=share_negatives)
    shape = replace(shape, one_step=one_step, with_weights=centre_weight is not None, moves_rows=moves_rows)
    shape = replace(shape, n_small_tile=HALF_LANES // 2)
    key = epoch_key(seed, epoch)
    n_negatives = negative * (NEGATIVE_SETS if share_negatives else 1)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=n_negatives)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step, group = subword_step(shape, n_negatives, 2 * window), group_buffers(shape, n_negatives, window)
    workspace = Workspace(kept_tokens_buffer(window), step, group)
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    _skipgram_subword_ns_cpu_kernel(matrices, subwords, tokens, sampler, span, tally, workspace, shape)

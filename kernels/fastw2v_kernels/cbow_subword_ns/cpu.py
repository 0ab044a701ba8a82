"""CBOW with subwords and negative sampling on the CPU: explicit SIMD values, rows prefetched a centre ahead."""

from __future__ import annotations

from dataclasses import replace

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import Shape, hsum
from fastw2v_kernels.cbow_ns.cpu import Means
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_tables, check_tokens, checked_weights
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.scoring_cpu import Centre
from fastw2v_kernels.shared.span.subwords import Subwords, check_matrices, check_subwords
from fastw2v_kernels.shared.span.subwords_cpu import (
    SubwordStep,
    SubwordWorkspace,
    add_word,
    clear_hidden,
    draw_negatives,
    move_word,
    prefetch_lists,
    prefetch_targets,
    scale_hidden,
    scale_move,
    set_targets,
    subword_shape,
    subword_step,
    train_targets,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)


@inline_cpu
def _train_centre(
    matrices: Matrices, subwords: Subwords, kept: KeptTokens, step: SubwordStep, centre: Centre, means: Means, shape: Shape
) -> float:
    """Train the example of a centre; return the loss by lane."""
    i, n_rows = centre.i, 0
    clear_hidden(step, shape)
    for j in range(centre.low, centre.high):
        if j != i:
            word = kept.id[j]
            add_word(matrices.w_in, subwords, word, centre.prefetch_row_id, step, shape)
            n_rows += subwords.row_starts[word + 1] - subwords.row_starts[word]
    share = 1.0 / n_rows
    scale_hidden(step, share if means.of_contexts else 1.0, shape)
    n_tiles = set_targets(step, kept, i, i + 1, i, -1, shape)
    loss: float = train_targets(matrices.w_out, step, n_tiles, centre.lr, shape)
    if shape.moves_rows:
        scale_move(step, share if means.of_gradient else 1.0, shape)
        for j in range(centre.low, centre.high):
            if j != i:
                move_word(matrices.w_in, subwords, kept.id[j], centre.prefetch_row_id, step, shape)
    return loss


@jit_cpu
def _cbow_subword_ns_cpu_kernel(
    matrices: Matrices,
    subwords: Subwords,
    tokens: TokenSource,
    sampler: Sampler,
    walk: tuple[Span, Means],
    tally: Float64,
    workspace: SubwordWorkspace,
    shape: Shape,
) -> None:
    (span, means), (kept, step), window = walk, workspace, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence = bounds.sentence
        next_low = next_high = bounds.first  # an empty window; the literal 0 would have another type
        loss, n_examples = 0.0, 0
        for i in range(window - 1, bounds.last):  # begins a centre early, to draw for the first
            low, high = next_low, next_high
            last = bounds.stop - 1
            if i + 1 < bounds.last:
                next_low, next_high = window_of(kept, i + 1, bounds, tokens, shape)
                draw_negatives(step, i + 1, kept.pos[i + 1], 0, sampler)
                prefetch_targets(matrices.w_out, step, i + 1, kept.id[i + 1], shape)
                prefetch_lists(subwords, kept.id[min(i + 2 + window, last)], kept.id[min(i + 3 + window, last)])
            if high - low > 1:
                new_id = kept.id[min(i + 1 + window, last)]
                centre = Centre(i, low, high, new_id, lr_of(tokens, span, kept.pos[i], shape))
                found = hsum(_train_centre(matrices, subwords, kept, step, centre, means, shape))
                loss += weighted(found, tokens, kept.pos[i], shape)
                n_examples += 1
        tally[0] += loss
        tally[1] += n_examples
        tally[2] += bounds.last - window


def cbow_subword_ns_cpu(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `cbow_subword_ns_reference` does, on one core and without the GIL; without `moves_rows`, only tally."""
    matrices, subwords = Matrices(w_in=w_in, w_out=w_out), Subwords(row_ids=row_ids, row_starts=row_starts)
    check_matrices(matrices, tally)
    check_subwords(subwords, matrices)
    check_tokens(ids, starts, begin=begin, end=end)
    check_tables(w_out.shape[0], keep=keep, alias_prob=alias_prob, alias_id=alias_id)
    shape = replace(subword_shape(w_in.shape[1], negative + 1, with_loss), moves_rows=moves_rows)
    shape = replace(shape, with_weights=centre_weight is not None)
    key = epoch_key(seed, epoch)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    workspace = SubwordWorkspace(kept_tokens_buffer(window), subword_step(shape, negative, 1))
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    walk = (span, Means(mean_context, mean_gradient))
    _cbow_subword_ns_cpu_kernel(matrices, subwords, tokens, sampler, walk, tally, workspace, shape)

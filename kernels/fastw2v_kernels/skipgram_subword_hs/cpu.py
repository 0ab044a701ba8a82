"""Skip-gram with subwords and hierarchical softmax on the CPU: a hidden vector against the paths to its contexts."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import HALF_LANES, Shape, hsum, splat
from fastw2v_kernels.shared.arguments import check_written
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_keep, check_paths, check_tokens, checked_noise, checked_weights
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP, contexts_per_step
from fastw2v_kernels.shared.span.inputs import Matrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.scoring_cpu import Centre
from fastw2v_kernels.shared.span.subword_paths_cpu import (
    Lists,
    Negatives,
    branches_buffer,
    list_nodes,
    most_nodes,
    prefetch_nodes,
    prefetch_steps,
    train_nodes,
)
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS, Subwords, check_matrices, check_subwords
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
    subword_shape,
    subword_step,
    sum_word,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    Bounds,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)
from fastw2v_kernels.skipgram_subword_ns.cpu import train_steps


class PathWorkspace(NamedTuple):
    """Working memory of a thread: tokens that survived subsampling, buffers of a centre, and those of `list_nodes`."""

    kept: KeptTokens
    step: SubwordStep
    branches: Int32


@inline_cpu
def _train_paths(matrices: Matrices, lists: Lists, workspace: PathWorkspace, centre: Centre, shape: Shape) -> float:
    """Train the hidden vector against the paths to the contexts of its centre; return the loss by lane."""
    (kept, step, branches), i, low = workspace, centre.i, centre.low
    n_contexts = centre.high - low - 1
    n_per_step = n_contexts if shape.one_step else CONTEXTS_PER_STEP
    loss: float = splat(0.0)
    for first in range(0, n_contexts, n_per_step):
        begin, end = low + first, low + min(first + n_per_step, n_contexts)
        n_tiles = list_nodes(kept, step, branches, lists.paths, (begin + (begin >= i), end + (end > i)), i, shape)
        ahead = rows_ahead(lists.subwords, centre.prefetch_row_id, 2 * max(n_tiles, 1))
        left = Ahead(ahead.row_ids, ahead.first if first == 0 else ahead.stop, ahead.stop, ahead.share)
        loss = loss + train_nodes(matrices, step, n_tiles, left, centre.lr, shape)
        if shape.moves_rows:
            follow_move(step, shape)
    return loss


@inline_cpu
def _prepare(
    matrices: Matrices,
    lists: Lists,
    negatives: Negatives | None,
    workspace: PathWorkspace,
    bounds: Bounds,
    i: int,
    window: int,
    shape: Shape,
) -> None:
    """Draw the negatives of centre i, and prefetch what its window reaches and the one before does not."""
    kept, step, _ = workspace
    reached_id, last = kept.id[min(i + window, bounds.stop - 1)], bounds.last - 1
    if negatives is not None:
        draw_negatives(step, i, kept.pos[i], 0, negatives.sampler)
        prefetch_targets(negatives.matrices.w_out, step, i, reached_id, shape)
    prefetch_nodes(matrices.w_out, lists.paths, reached_id, shape)
    prefetch_steps(lists.paths, kept, i + window + 2, bounds)
    prefetch_lists(lists.subwords, kept.id[min(i + 1, last)], kept.id[min(i + 2, last)])


@jit_cpu
def _skipgram_subword_hs_cpu_kernel(
    matrices: Matrices,
    lists: Lists,
    tokens: TokenSource,
    negatives: Negatives | None,
    span: Span,
    tally: Float64,
    workspace: PathWorkspace,
    shape: Shape,
) -> None:
    (kept, step, _), (subwords, _), window = workspace, lists, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence, last = bounds.sentence, bounds.last - 1
        next_low = next_high = bounds.first  # an empty window; the literal 0 would have another type
        loss, n_pairs = 0.0, 0
        for i in range(window - 1, bounds.last):  # begins a centre early, to prepare the first
            low, high = next_low, next_high
            if i < last:
                next_low, next_high = window_of(kept, i + 1, bounds, tokens, shape)
                _prepare(matrices, lists, negatives, workspace, bounds, i + 1, window, shape)
            if high - low > 1:
                centre = Centre(i, low, high, kept.id[min(i + 1, last)], lr_of(tokens, span, kept.pos[i], shape))
                word = kept.id[i]
                sum_word(matrices.w_in, subwords, word, step.rows, HIDDEN, shape)
                begin_steps(step, 1.0 / (subwords.row_starts[word + 1] - subwords.row_starts[word]), shape)
                found = _train_paths(matrices, lists, workspace, centre, shape)
                if negatives is not None:
                    others, sampler = negatives
                    found = found + train_steps(others, subwords, kept, step, centre, sampler, shape)
                if shape.moves_rows:
                    move_rows(matrices.w_in, subwords, word, step.rows, MOVE, shape)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += high - low - 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def skipgram_subword_hs_cpu(
    *,
    w_in: Float32,
    w_node: Float32,
    row_ids: Int32,
    row_starts: Int64,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    path_starts: Int64,
    path_steps: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    shrink_windows: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    share_negatives: bool = True,
    w_out: Float32 | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `skipgram_subword_hs_reference` does, on one core, without the GIL; without `moves_rows`, only tally."""
    matrices, n_vocab, key = Matrices(w_in=w_in, w_out=w_node), w_node.shape[0], epoch_key(seed, epoch)
    lists = Lists(Subwords(row_ids=row_ids, row_starts=row_starts), Paths(path_starts, path_steps))
    check_matrices(matrices, tally, output_name="w_node")
    check_subwords(lists.subwords, matrices)
    check_tokens(ids, starts, begin=begin, end=end)
    check_keep(n_vocab, keep)
    check_paths(n_vocab, lists.paths)
    shape = replace(subword_shape(w_in.shape[1], HALF_LANES, with_loss), share_negatives=share_negatives)
    shape = replace(shape, with_weights=centre_weight is not None, moves_rows=moves_rows)
    n_per_step, n_negatives, negatives = contexts_per_step(window), 0, None
    shape = replace(shape, one_step=n_per_step == 2 * window)
    if negative > 0:
        prob, alias, rows = checked_noise(n_vocab, alias_prob, alias_id, w_out)
        check_written("w_out", rows, w_node.shape)
        n_negatives = negative * (NEGATIVE_SETS if share_negatives else 1)
        negatives = Negatives(Matrices(w_in, rows), Sampler(prob, alias, key, n_negatives))
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = subword_step(shape, n_negatives, most_nodes(n_per_step))
    workspace = PathWorkspace(kept_tokens_buffer(window), step, branches_buffer(n_per_step))
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    _skipgram_subword_hs_cpu_kernel(matrices, lists, tokens, negatives, span, tally, workspace, shape)

"""CBOW with subwords and hierarchical softmax on the CPU; sums of rows are carried along with the window."""

from __future__ import annotations

from dataclasses import replace

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import HALF_LANES, Shape, hsum
from fastw2v_kernels.cbow_ns.cpu import Means
from fastw2v_kernels.cbow_subword_ns.cpu import (
    CarryingWorkspace,
    carried_buffers,
    leave,
    move_contexts,
    reach,
    set_hidden_vector,
    share_of,
    train_centre,
)
from fastw2v_kernels.shared.arguments import check_written
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import check_keep, check_paths, check_tokens, checked_noise, checked_weights
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
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords, check_matrices, check_subwords
from fastw2v_kernels.shared.span.subwords_cpu import (
    draw_negatives,
    prefetch_targets,
    rows_ahead,
    subword_shape,
    subword_step,
)
from fastw2v_kernels.shared.span.walk_cpu import (
    Bounds,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)


@inline_cpu
def _train_path(
    matrices: Matrices,
    lists: Lists,
    branches: Int32,
    workspace: CarryingWorkspace,
    centre: Centre,
    means: Means,
    shape: Shape,
) -> float:
    """Train the hidden vector of a centre against its path; return the loss by lane."""
    (kept, step, carried), i = workspace, centre.i
    share = share_of(lists.subwords, kept, centre)
    set_hidden_vector(carried, step, centre, share if means.of_contexts else 1.0, shape)
    n_tiles = list_nodes(kept, step, branches, lists.paths, (i, i + 1), -1, shape)
    ahead = rows_ahead(lists.subwords, centre.prefetch_row_id, 2 * max(n_tiles, 1))
    loss: float = train_nodes(matrices, step, n_tiles, ahead, centre.lr, shape)
    if shape.moves_rows:
        move_contexts(carried, lists.subwords, kept, step, centre, share if means.of_gradient else 1.0, shape)
    return loss


@inline_cpu
def _prepare(
    matrices: Matrices,
    lists: Lists,
    negatives: Negatives | None,
    workspace: CarryingWorkspace,
    bounds: Bounds,
    i: int,
    shape: Shape,
) -> None:
    """Draw the negatives of centre i, and prefetch its output rows."""
    kept, step, _ = workspace
    if negatives is not None:
        draw_negatives(step, i, kept.pos[i], 0, negatives.sampler)
        prefetch_targets(negatives.matrices.w_out, step, i, kept.id[i], shape)
    prefetch_nodes(matrices.w_out, lists.paths, kept.id[i], shape)
    prefetch_steps(lists.paths, kept, i + 2, bounds)


@jit_cpu
def _cbow_subword_hs_cpu_kernel(
    matrices: Matrices,
    lists: Lists,
    tokens: TokenSource,
    negatives: Negatives | None,
    walk: tuple[Span, Means],
    tally: Float64,
    memory: tuple[CarryingWorkspace, Int32],
    shape: Shape,
) -> None:
    (span, means), (workspace, branches), window = walk, memory, tokens.window
    kept, subwords, w_in = workspace.kept, lists.subwords, matrices.w_in
    sentence, first = sentence_of(tokens.starts, span.begin), span.begin
    while first < span.end:
        end = min((first // TOKENS_PER_BLOCK + 1) * TOKENS_PER_BLOCK, span.end)
        bounds = subsample(kept, tokens, first, end, sentence)
        first, sentence = end, bounds.sentence
        next_low = next_high = bounds.first  # an empty window; the literal 0 would have another type
        loss, n_examples = 0.0, 0
        for slot in range(bounds.first, 2 * window):
            reach(w_in, subwords, workspace, slot, bounds.stop, shape)
        for i in range(window - 1, bounds.last):  # begins a centre early, to prepare the first
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = window_of(kept, i + 1, bounds, tokens, shape)
                _prepare(matrices, lists, negatives, workspace, bounds, i + 1, shape)
            if i >= window:
                reach(w_in, subwords, workspace, i + window, bounds.stop, shape)
            if high - low > 1:
                next_id = kept.id[min(i + window + 1, bounds.stop - 1)]
                centre = Centre(i, low, high, next_id, lr_of(tokens, span, kept.pos[i], shape))
                found = _train_path(matrices, lists, branches, workspace, centre, means, shape)
                if negatives is not None:
                    found = found + train_centre(negatives.matrices, subwords, workspace, centre, means, shape)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_examples += 1
            if i >= window:
                leave(w_in, subwords, workspace, i - window, bounds.first, shape)
        for slot in range(bounds.last - window, min(bounds.last + window, bounds.stop)):
            leave(w_in, subwords, workspace, slot, bounds.first, shape)
        tally[0] += loss
        tally[1] += n_examples
        tally[2] += bounds.last - window


def cbow_subword_hs_cpu(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    w_out: Float32 | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `cbow_subword_hs_reference` does, on one core, without the GIL; without `moves_rows`, only tally."""
    matrices, n_vocab, key = Matrices(w_in=w_in, w_out=w_node), w_node.shape[0], epoch_key(seed, epoch)
    lists = Lists(Subwords(row_ids=row_ids, row_starts=row_starts), Paths(path_starts, path_steps))
    check_matrices(matrices, tally, output_name="w_node")
    check_subwords(lists.subwords, matrices)
    check_tokens(ids, starts, begin=begin, end=end)
    check_keep(n_vocab, keep)
    check_paths(n_vocab, lists.paths)
    shape = replace(subword_shape(w_in.shape[1], HALF_LANES, with_loss), moves_rows=moves_rows)
    shape, negatives = replace(shape, with_weights=centre_weight is not None), None
    if negative > 0:
        prob, alias, rows = checked_noise(n_vocab, alias_prob, alias_id, w_out)
        check_written("w_out", rows, w_node.shape)
        negatives = Negatives(Matrices(w_in, rows), Sampler(prob, alias, key, negative))
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens._replace(weight=checked_weights(centre_weight, len(ids)))
    step = subword_step(shape, negative, most_nodes(1))
    workspace = CarryingWorkspace(kept_tokens_buffer(window), step, carried_buffers(shape, window))
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    walk, memory = (span, Means(mean_context, mean_gradient)), (workspace, branches_buffer(1))
    _cbow_subword_hs_cpu_kernel(matrices, lists, tokens, negatives, walk, tally, memory, shape)

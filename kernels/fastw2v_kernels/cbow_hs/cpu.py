"""CBOW with hierarchical softmax on the CPU: the hidden vector of a centre against the nodes of its path."""

from __future__ import annotations

from dataclasses import replace

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    LANES,
    Shape,
    hsum,
    load_strip,
    prefetch_strip,
    store_strip,
    tail,
    zero_strip,
)
from fastw2v_kernels.cbow_ns.cpu import (
    Means,
    cbow_shape,
    hidden_strip,
    move_contexts,
    set_hidden_vector,
    train_centre,
)
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import (
    check_keep,
    check_paths,
    check_tokens,
    check_weights,
    checked_noise,
    checked_weights,
)
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.negatives_cpu import Negatives, draw_negatives
from fastw2v_kernels.shared.span.path_cpu import (
    FIRST_PREFETCHED,
    PathBuffers,
    load_path,
    path_buffers,
    prefetch_path,
    score_hidden_vector,
    set_of,
)
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.rates_cpu import with_rates
from fastw2v_kernels.shared.span.scoring_cpu import Centre, step_buffers
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    subsample,
    weighted,
    window_of,
)

_LARGE_TILE = 3 * LANES // 4
_SMALL_TILE = _LARGE_TILE // 2


@inline_cpu
def _update_strip(w_node: Float32, path: PathBuffers, i: int, col: int, shape: Shape) -> None:
    """Move one strip of the nodes, and put that of the hidden vector's move into path.rows[1]."""
    r, ahead = set_of(i), set_of(i + 2)
    for k in range(FIRST_PREFETCHED, path.n_nodes[ahead]):
        prefetch_strip(w_node, path.nodes[ahead, k], col, shape)
    hidden, move = load_strip(path.rows, 0, col, shape), zero_strip(shape)
    for k in range(path.n_nodes[r]):
        node = load_strip(w_node, path.nodes[r, k], col, shape)
        move = move + node * path.error_coef[0, k]
        store_strip(w_node, path.nodes[r, k], col, node + hidden * path.error_coef[0, k])
    store_strip(path.rows, 1, col, move)


@inline_cpu
def _update_path(matrices: Matrices | RatedMatrices, path: PathBuffers, centre: Centre, shape: Shape) -> None:
    """Move the nodes by path.error_coef, set the hidden vector's move, and prefetch later rows."""
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        prefetch_strip(matrices.w_in, centre.prefetch_row_id, vector * LANES, shape)
        _update_strip(matrices.w_out, path, centre.i, vector * LANES, shape)
    if whole < shape.n_vectors:
        prefetch_strip(matrices.w_in, centre.prefetch_row_id, whole * LANES, tail(shape))
        _update_strip(matrices.w_out, path, centre.i, whole * LANES, tail(shape))


@inline_cpu
def _train_path(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, path: PathBuffers, centre: Centre, means: Means, shape: Shape
) -> float:
    """Train the hidden vector of a centre against its path in one step; return the loss by lane."""
    share = 1.0 / (centre.high - centre.low - 1)
    set_hidden_vector(matrices.w_in, kept, path, centre, share if means.of_contexts else 1.0, shape)
    loss: float = score_hidden_vector(matrices.w_out, path, centre.i, centre.lr, shape)
    if shape.moves_rows:
        _update_path(matrices, path, centre, shape)
        move_contexts(matrices, kept, path, centre, share if means.of_gradient else 1.0, shape)
    return loss


@jit_cpu
def _cbow_hs_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    tree: tuple[Paths, Means],
    negatives: Negatives | None,
    span: Span,
    tally: Float64,
    workspace: tuple[KeptTokens, PathBuffers],
    shape: Shape,
) -> None:
    (kept, path), (paths, means), window = workspace, tree, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence = bounds.sentence
        next_low = next_high = far_low = far_high = (
            bounds.first
        )  # an empty window; the literal 0 would have another type
        loss, n_pairs = 0.0, 0
        for i in range(window - 2, bounds.last):  # begins two centres early, to load the path of the first
            low, high = next_low, next_high
            if i + 1 < bounds.last:
                next_low, next_high = far_low, far_high
            if i + 2 < bounds.last:
                far_low, far_high = window_of(kept, i + 2, bounds, tokens, shape)
                prefetch_path(paths, kept, i + 3, bounds)
                load_path(path, i + 2, kept.id[i + 2], paths, False, shape)
                if negatives is not None:
                    draw_negatives(negatives, kept, i + 2, 1)
            if high - low > 1:
                prefetch_row_id = kept.id[min(i + 2 + window, bounds.stop - 1)]
                centre = Centre(i, low, high, prefetch_row_id, lr_of(tokens, span, kept.pos[i], shape))
                found = _train_path(matrices, kept, path, centre, means, shape)
                if negatives is not None:
                    drawn, sampler, both = negatives.step, negatives.sampler, negatives.shape
                    found = found + train_centre(negatives.matrices, kept, drawn, centre, sampler.negative, means, both)
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def path_shape(stride: int, with_loss: bool) -> Shape:
    """Return the sizes to compile for."""
    n_vectors = stride // LANES
    shape = Shape(n_vectors, _LARGE_TILE, 1, with_loss, n_strip=hidden_strip(n_vectors))
    return replace(shape, n_small_tile=_SMALL_TILE, n_small_strip=shape.n_strip)


def cbow_hs_cpu(
    *,
    w_in: Float32,
    w_node: Float32,
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
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `cbow_hs_reference` does, on one core and without the GIL; without `moves_rows`, only tally."""
    matrices, paths, n_vocab = Matrices(w_in=w_in, w_out=w_node), Paths(path_starts, path_steps), w_in.shape[0]
    check_weights(matrices, tally, output_name="w_node")
    check_tokens(ids, starts, begin=begin, end=end)
    check_keep(n_vocab, keep)
    check_paths(n_vocab, paths)
    rates, weight = with_rates(matrices, rate_in), checked_weights(centre_weight, len(ids))
    flags = {"with_rates": rate_in is not None, "with_weights": centre_weight is not None, "moves_rows": moves_rows}
    shape, key = replace(path_shape(w_in.shape[1], with_loss), **flags), epoch_key(seed, epoch)
    negatives = None
    if negative > 0:
        prob, alias, rows = checked_noise(n_vocab, alias_prob, alias_id, w_out)
        check_weights(Matrices(w_in, rows), tally)
        both = replace(cbow_shape(w_in.shape[1], negative, with_loss), **flags)
        step = step_buffers(both, negative, n_sets=4, n_inputs=1)
        negatives = Negatives(
            with_rates(Matrices(w_in, rows), rate_in), Sampler(prob, alias, key, negative), step, both
        )
    tokens = TokenSource(ids, starts, keep, key, window, shrink_windows, weight)
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace = kept_tokens_buffer(window), path_buffers(shape, n_inputs=1)
    tree = paths, Means(mean_context, mean_gradient)
    _cbow_hs_cpu_kernel(rates, tokens, tree, negatives, span, tally, workspace, shape)

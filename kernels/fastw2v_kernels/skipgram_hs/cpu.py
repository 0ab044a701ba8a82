"""Skip-gram with hierarchical softmax on the CPU: the contexts of a centre against the nodes of its path."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import (
    HALF_LANES,
    LANES,
    N_REGISTERS,
    Rows,
    Shape,
    add_rows,
    fma_both,
    hsum,
    load_rows,
    load_strip,
    prefetch_strip,
    rows_of,
    small_tile,
    splat,
    store_strip,
    tail,
    zero_strip,
    zero_tile,
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
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP, contexts_per_step
from fastw2v_kernels.shared.span.inputs import Matrices, RatedMatrices, Sampler, Span, TokenSource
from fastw2v_kernels.shared.span.negatives_cpu import Negatives, draw_negatives
from fastw2v_kernels.shared.span.path_cpu import (
    FIRST_PREFETCHED,
    PathBuffers,
    load_path,
    path_buffers,
    prefetch_path,
    score_rows,
    set_of,
    tiles_of,
)
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.rates_cpu import move_at_rate, with_rates
from fastw2v_kernels.shared.span.scoring_cpu import Centre, Workspace, step_buffers
from fastw2v_kernels.shared.span.walk_cpu import (
    TOKENS_PER_PASS,
    KeptTokens,
    kept_tokens_buffer,
    lr_of,
    note_repeats,
    subsample,
    weighted,
    window_of,
)
from fastw2v_kernels.skipgram_ns.cpu import gather, n_listed, skipgram_shape, target_sets, train_negatives

_LARGE_TILE, _SMALL_TILE = max(2, 3 * HALF_LANES // 4), HALF_LANES // 2


class _Tile(NamedTuple):
    """Tile `t` of the path of centre i, from slot `slot` on; whether it is the first and the last of the path."""

    i: int
    t: int
    slot: int
    is_first: bool
    is_last: bool


@inline_cpu
def _update_strip(
    matrices: Matrices | RatedMatrices, path: PathBuffers, n: int, tile: _Tile, rows: Rows, col: int, shape: Shape
) -> None:
    """Move one strip of the nodes of a tile, add up the moves of the input rows, and make them after the last tile."""
    if tile.is_first:  # the rows of a later path
        ahead = set_of(tile.i + 2)
        for k in range(FIRST_PREFETCHED, path.n_nodes[ahead]):
            prefetch_strip(matrices.w_out, path.nodes[ahead, k], col, shape)
    out, grads = load_rows(rows, col, shape), zero_tile(shape)
    for c in range(n):
        x = load_strip(matrices.w_in, path.inputs[c], col, shape)
        if not tile.is_first:
            move = load_strip(path.rows, c, col, shape)
        elif shape.with_rates:
            move = zero_strip(shape)
        else:
            move = x
        moved, grads = fma_both(path.error_coef, tile.t, c * HALF_LANES, out, x, move, grads, shape)
        if not tile.is_last:
            store_strip(path.rows, c, col, moved)
        elif shape.with_rates:
            move_at_rate(matrices, path.inputs[c], col, x, moved)
        else:
            store_strip(matrices.w_in, path.inputs[c], col, moved)
    add_rows(rows, col, grads)


@inline_cpu
def _update_tile(
    matrices: Matrices | RatedMatrices, path: PathBuffers, n: int, tile: _Tile, prefetch_row_id: int, shape: Shape
) -> None:
    rows = rows_of(matrices.w_out, path.nodes, set_of(tile.i), tile.slot, shape)
    whole = shape.n_vectors // shape.n_strip * shape.n_strip
    for vector in range(0, whole, shape.n_strip):
        prefetch_strip(matrices.w_in, prefetch_row_id, vector * LANES, shape)
        _update_strip(matrices, path, n, tile, rows, vector * LANES, shape)
    if whole < shape.n_vectors:
        prefetch_strip(matrices.w_in, prefetch_row_id, whole * LANES, tail(shape))
        _update_strip(matrices, path, n, tile, rows, whole * LANES, tail(shape))


@inline_cpu
def _train_contexts(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, path: PathBuffers, centre: Centre, reach: int, shape: Shape
) -> float:
    """Train the tokens low to high except the centre in one step, at most `reach` on each side; return the losses."""
    i, slot = centre.i, 0
    n = gather(kept, path, centre.low, centre.high, i, reach)
    loss: float = score_rows(matrices.w_in, matrices.w_out, path, n, i, centre.lr, shape)
    if shape.moves_rows:
        n_large, n_small = tiles_of(path, set_of(i))
        last = n_large + n_small - 1
        for t in range(n_large):
            tile = _Tile(i, t, slot, t == 0, t == last)
            _update_tile(matrices, path, n, tile, centre.prefetch_row_id, shape)
            slot += shape.n_tile
        for t in range(n_large, n_large + n_small):
            tile = _Tile(i, t, slot, t == 0, t == last)
            _update_tile(matrices, path, n, tile, centre.prefetch_row_id, small_tile(shape))
            slot += shape.n_small_tile
    return loss


@inline_cpu
def _train_path(
    matrices: Matrices | RatedMatrices, kept: KeptTokens, path: PathBuffers, centre: Centre, window: int, shape: Shape
) -> float:
    """Train the contexts of a centre against its path, in one step or every few of them; return the loss by lane."""
    i, low, high, prefetch_row_id, lr = centre
    if shape.one_step:
        return _train_contexts(matrices, kept, path, centre, window, shape)
    loss: float = splat(0.0)
    n_contexts = high - low - 1
    for first in range(0, n_contexts, CONTEXTS_PER_STEP):
        begin, end = low + first, low + min(first + CONTEXTS_PER_STEP, n_contexts)
        group = Centre(i, begin + (begin >= i), end + (end > i), prefetch_row_id, lr)
        loss = loss + _train_contexts(matrices, kept, path, group, CONTEXTS_PER_STEP, shape)
    return loss


@jit_cpu
def _skipgram_hs_cpu_kernel(
    matrices: Matrices | RatedMatrices,
    tokens: TokenSource,
    paths: Paths,
    negatives: Negatives | None,
    span: Span,
    tally: Float64,
    workspace: tuple[KeptTokens, PathBuffers],
    shape: Shape,
) -> None:
    (kept, path), window = workspace, tokens.window
    sentence = sentence_of(tokens.starts, span.begin)
    for first in range(span.begin, span.end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, span.end), sentence)
        sentence = bounds.sentence
        note_repeats(kept, bounds)
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
                load_path(path, i + 2, kept.id[i + 2], paths, True, shape)
                if negatives is not None:
                    draw_negatives(negatives, kept, i + 2, far_high - far_low - 1)
            if high - low > 1:
                prefetch_row_id = kept.id[min(i + 2 + window, bounds.stop - 1)]
                centre = Centre(i, low, high, prefetch_row_id, lr_of(tokens, span, kept.pos[i], shape))
                found = _train_path(matrices, kept, path, centre, window, shape)
                if negatives is not None:
                    drawn = Workspace(kept, negatives.step)
                    found = found + train_negatives(
                        negatives.matrices,
                        drawn,
                        centre,
                        window,
                        negatives.sampler.negative,
                        negatives.shape,
                    )
                loss += weighted(hsum(found), tokens, kept.pos[i], shape)
                n_pairs += high - low - 1
        tally[0] += loss
        tally[1] += n_pairs
        tally[2] += bounds.last - window


def path_shape(stride: int, window: int, with_loss: bool) -> Shape:
    """Return the sizes to compile for."""
    one_step = contexts_per_step(window) == 2 * window
    # Registers for two vectors of nodes and gradients, and 4 more; or for one.
    strips = [2 if 4 * n_tile + 4 < N_REGISTERS else 1 for n_tile in (_LARGE_TILE, _SMALL_TILE)]
    shape = Shape(stride // LANES, _LARGE_TILE, 1, with_loss, one_step=one_step, n_strip=strips[0])
    return replace(shape, n_small_tile=_SMALL_TILE, n_small_strip=strips[1])


def skipgram_hs_cpu(
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
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    share_negatives: bool = True,
    w_out: Float32 | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
    moves_rows: bool = True,
) -> None:
    """Do what `skipgram_hs_reference` does, on one core and without the GIL; without `moves_rows`, only tally."""
    matrices, paths, n_vocab = Matrices(w_in=w_in, w_out=w_node), Paths(path_starts, path_steps), w_in.shape[0]
    check_weights(matrices, tally, output_name="w_node")
    check_tokens(ids, starts, begin=begin, end=end)
    check_keep(n_vocab, keep)
    check_paths(n_vocab, paths)
    rates, weight = with_rates(matrices, rate_in), checked_weights(centre_weight, len(ids))
    flags = {"with_rates": rate_in is not None, "with_weights": centre_weight is not None, "moves_rows": moves_rows}
    shape, key = replace(path_shape(w_in.shape[1], window, with_loss), **flags), epoch_key(seed, epoch)
    negatives = None
    if negative > 0:
        prob, alias, rows = checked_noise(n_vocab, alias_prob, alias_id, w_out)
        check_weights(Matrices(w_in, rows), tally)
        both = skipgram_shape(w_in.shape[1], negative, share_negatives=share_negatives, with_loss=with_loss)
        both = replace(both, **flags)
        step = step_buffers(
            both, negative, n_sets=target_sets(share_negatives, window), n_inputs=n_listed(share_negatives, window)
        )
        negatives = Negatives(
            with_rates(Matrices(w_in, rows), rate_in), Sampler(prob, alias, key, negative), step, both
        )
    tokens = TokenSource(ids, starts, keep, key, window, shrink_windows, weight)
    span = Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step)
    workspace = kept_tokens_buffer(window), path_buffers(shape, n_inputs=2 * window)
    _skipgram_hs_cpu_kernel(rates, tokens, paths, negatives, span, tally, workspace, shape)

"""CBOW with subwords and hierarchical softmax on the GPU: a warp carries sums of rows along the window."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from fastw2v_kernels._jit.cuda import inline_cuda
from fastw2v_kernels.cbow_subword_ns.cuda import carrying_kernel, context_trainer, negatives_trainer
from fastw2v_kernels.shared.arguments import check_axes
from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.checks import checked_weights
from fastw2v_kernels.shared.span.inputs import Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.plan_cuda import MAX_WARPS
from fastw2v_kernels.shared.span.rates_cuda import checked_rates
from fastw2v_kernels.shared.span.state_cuda import Model, noise_or
from fastw2v_kernels.shared.span.subword_launch_cuda import launch_subwords
from fastw2v_kernels.shared.span.subword_lists_cuda import list_nodes
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape, cbow_subword_shape
from fastw2v_kernels.shared.span.subword_state_cuda import WarpMemory
from fastw2v_kernels.shared.span.subword_step_cuda import subword_step
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords


def _path_trainer(shape: SubwordShape) -> Callable[..., float]:
    """Return the `train_positive` of `context_trainer` for the path to the centre."""
    train = subword_step(shape, is_path=True)

    @inline_cuda
    def train_positive(model: Model, memory: WarpMemory, i: int) -> float:
        n = list_nodes(model.paths, memory)
        loss: float = train(model.w_node, model.rate_node, memory, 1, n, model.with_loss)
        return loss

    return train_positive


@cache
def _cbow_subword_hs_cuda_kernel(shape: SubwordShape, mean_context: bool, mean_gradient: bool) -> Callable[..., None]:
    means = {"mean_context": mean_context, "mean_gradient": mean_gradient}
    train_path = context_trainer(shape, _path_trainer(shape), **means)
    train_negatives = context_trainer(shape, negatives_trainer(shape), **means)
    with_negatives = shape.n_negatives > 0

    @inline_cuda
    def train_centre(model: Model, memory: WarpMemory, i: int, low: int, high: int) -> float:
        loss: float = train_path(model, memory, i, low, high)
        if with_negatives:
            loss += train_negatives(model, memory, i, low, high)
        return loss

    return carrying_kernel(shape, train_centre)


def cbow_subword_hs_cuda(
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
    chunk_tokens: int = TOKENS_PER_BLOCK,
    max_warps: int = MAX_WARPS,
    rate_in: Float32 | None = None,
    rate_out: Float32 | None = None,
    rate_node: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Do what `cbow_subword_hs_reference` does, by many warps at once; see `subword_launch_cuda`."""
    check_axes("w_in", w_in, 2)
    check_axes("w_node", w_node, 2)
    shape = cbow_subword_shape(w_in.shape[1], negative, window, hs=1)
    shape, key = replace(shape, with_weights=centre_weight is not None), epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    launch_subwords(
        _cbow_subword_hs_cuda_kernel(shape, mean_context, mean_gradient),
        shape,
        tokens._replace(weight=checked_weights(centre_weight, len(ids), on_device=True)),
        model=Model(
            w_in=w_in,
            **noise_or(negative, w_out, alias_prob, alias_id, w_node=w_node, keep=keep, path_steps=path_steps),
            key=key,
            lr_first=lr_first,
            lr_step=lr_step,
            with_loss=with_loss,
            rate_in=checked_rates("rate_in", rate_in),
            rate_out=checked_rates("rate_out", rate_out),
            w_node=w_node,
            paths=Paths(path_starts, path_steps),
            rate_node=checked_rates("rate_node", rate_node),
        ),
        subwords=Subwords(row_ids=row_ids, row_starts=row_starts),
        span=Span(epoch=epoch, begin=begin, end=end, lr_first=lr_first, lr_step=lr_step),
        tally=tally,
        plan=LaunchPlan(chunk_tokens, max_warps),
    )

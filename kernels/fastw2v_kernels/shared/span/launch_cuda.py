"""The kernel over a span of tokens on the GPU, and its launch, for skip-gram and CBOW.

A warp, which is a block by itself, takes `chunk_tokens` tokens at a time. At either end of a chunk it also reads up to
`window` rows that the warp of the neighbouring chunk reads. `max_warps` limits how many warps run side by side. Warp i
takes the chunks i, i + n_warps, ... in order, so the warps stay close together in the corpus, and the learning rate
falls as it should. With more warps, each one computes with older rows.

`rate_in` and `rate_out`, float32[n] for the first n rows, are factors for the moves of these rows; see `rates_cuda`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from fastw2v_kernels._jit.cuda import array_module, cuda, inline_cuda, jit_cuda, launch_warps
from fastw2v_kernels.shared.array_types import Float32, Float64
from fastw2v_kernels.shared.cuda import sentence_of
from fastw2v_kernels.shared.rows_cuda import warp_sum
from fastw2v_kernels.shared.span.checks import check_keep, check_paths, check_tables, check_tokens, check_weights
from fastw2v_kernels.shared.span.inputs import Matrices, Span, TokenSource
from fastw2v_kernels.shared.span.ring_cuda import clear
from fastw2v_kernels.shared.span.shape_cuda import SpanShape
from fastw2v_kernels.shared.span.state_cuda import Model, Recent, Ring, Stretch, WarpBuffers
from fastw2v_kernels.shared.span.walk_cuda import stretch_trainer


class LaunchPlan(NamedTuple):
    """Tokens that a warp takes at a time, and the greatest number of warps that run side by side."""

    chunk_tokens: int
    max_warps: int


@inline_cuda
def add_to(tally: Float64, place: int, value: float) -> None:
    """Add the sum of the lanes' values to the tally, once for the warp."""
    total = warp_sum(value)
    if cuda.laneid == 0:
        cuda.atomic.add(tally, place, total)


def _memory(shape: SpanShape) -> Callable[[Float32], tuple[Ring, Recent, WarpBuffers]]:
    """Return the function of a kernel that lays out the memory of a warp."""
    n_ring, n_groups, is_shared, n_tokens = shape.n_ring, shape.n_slot_groups, shape.is_shared, shape.n_tokens
    n_slots, n_targets, n_inputs, n_coef = shape.n_slots, shape.n_targets, shape.n_inputs, shape.n_coef
    n_nodes, n_node_coef, n_moves = shape.path_sizes
    n_path_inputs = shape.n_path_inputs

    @inline_cuda
    def memory(ring_memory: Float32) -> tuple[Ring, Recent, WarpBuffers]:
        if is_shared:
            value = cuda.shared.array(n_ring, np.float32)
            base = cuda.shared.array(n_ring, np.float32)
        else:
            value, base = ring_memory[:n_ring], ring_memory[n_ring:]
        token_id = cuda.shared.array(n_tokens, np.int32)
        token_pos = cuda.shared.array(n_tokens, np.int64)
        slot = cuda.shared.array(n_slots, np.uint32)
        weight = cuda.shared.array(n_slots, np.float32)
        target = cuda.shared.array(n_targets, np.uint32)
        target_weight = cuda.shared.array(n_targets, np.float32)
        error_coef = cuda.shared.array((n_inputs, n_coef), np.float32)
        node = cuda.shared.array(n_nodes, np.uint32)
        node_coef = cuda.shared.array((n_path_inputs, n_node_coef), np.float32)
        move = cuda.shared.array((n_path_inputs, n_moves), np.float32)
        word = cuda.local.array(n_groups, np.int32)
        step = WarpBuffers(slot, weight, target, target_weight, error_coef, node, node_coef, move)
        return Ring(value, base, word), Recent(token_id, token_pos), step

    return memory


def span_kernel(shape: SpanShape, train_centre: Callable[..., float], is_context_example: bool) -> Callable[..., None]:
    """Return the kernel that trains all centres of a span.

    Parameters
    ----------
    shape : SpanShape
        Sizes to compile for.
    train_centre, is_context_example
        See `stretch_trainer`.
    """
    memory, train_stretch = (
        _memory(shape),
        stretch_trainer(train_centre, shape, is_context_example=is_context_example),
    )

    @jit_cuda
    def _span_cuda_kernel(
        tokens: TokenSource,
        model: Model,
        begin: int,
        end: int,
        chunk_tokens: int,
        tally: Float64,
        ring_memory: Float32,
    ) -> None:
        starts = tokens.starts
        ring, recent, step = memory(ring_memory[cuda.blockIdx.x])
        clear(ring)
        loss, n_examples, n_kept = 0.0, 0, 0
        for first in range(begin + cuda.blockIdx.x * chunk_tokens, end, cuda.gridDim.x * chunk_tokens):
            stop = min(first + chunk_tokens, end)
            sentence = sentence_of(starts, first)
            while starts[sentence] < stop:
                low, high = starts[sentence], starts[sentence + 1]
                stretch = Stretch(max(first, low), min(stop, high), low, high)
                found = train_stretch(tokens, model, recent, ring, step, stretch)
                loss += found[0]
                n_examples += found[1]
                n_kept += found[2]
                sentence += 1
        add_to(tally, 0, loss)
        if cuda.laneid == 0:
            cuda.atomic.add(tally, 1, float(n_examples))
            cuda.atomic.add(tally, 2, float(n_kept))

    return _span_cuda_kernel


def launch_span(
    kernel: Callable[..., None],
    shape: SpanShape,
    tokens: TokenSource,
    *,
    model: Model,
    span: Span,
    tally: Float64,
    plan: LaunchPlan,
) -> None:
    """Check the arguments of a launcher and launch its kernel; ids are taken to be rows, as the encoder makes them."""
    check_weights(Matrices(w_in=model.w_in, w_out=model.w_out), tally, on_device=True)
    check_tokens(tokens.ids, tokens.starts, begin=span.begin, end=span.end, on_device=True)
    n_vocab = model.w_in.shape[0]
    if shape.with_path:
        check_weights(Matrices(w_in=model.w_in, w_out=model.w_node), tally, on_device=True, output_name="w_node")
        check_paths(n_vocab, model.paths, on_device=True)
    if shape.with_path and shape.n_targets == 1:
        check_keep(n_vocab, tokens.keep)
    else:
        check_tables(n_vocab, keep=tokens.keep, alias_prob=model.alias_prob, alias_id=model.alias_id)
    n_warps = _checked_warps(plan, tokens.window, span.end - span.begin)
    if n_warps == 0:
        return
    ring_memory = array_module().empty((n_warps, 1 if shape.is_shared else 2 * shape.n_ring), np.float32)
    # Each number has one type, whatever the caller gives: for another type the kernel would be compiled again.
    tokens = tokens._replace(window=int(tokens.window), shrink_windows=bool(tokens.shrink_windows))
    model = model._replace(lr_first=float(span.lr_first), lr_step=float(span.lr_step), with_loss=bool(model.with_loss))
    numbers = np.int64(span.begin), np.int64(span.end), np.int64(plan.chunk_tokens)
    launch_warps(kernel, n_warps, tokens, model, *numbers, tally, ring_memory)


def _checked_warps(plan: LaunchPlan, window: int, n_tokens: int) -> int:
    """Return how many warps train a span."""
    check_plan(plan, window)
    return min(-(-n_tokens // plan.chunk_tokens), plan.max_warps)


def check_plan(plan: LaunchPlan, window: int) -> None:
    """Raise unless there is a warp, and a chunk has a token, and not so many that a count of its examples overflows."""
    most = (1 << 30) // window  # examples of a chunk are counted in 32 bits
    if not (1 <= plan.chunk_tokens <= most and plan.max_warps >= 1):
        raise ValueError(
            f"chunk_tokens is {plan.chunk_tokens}, max_warps {plan.max_warps}; expected 1 to {most}, and 1 or more"
        )

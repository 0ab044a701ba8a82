"""The kernel over a span of tokens with subwords on the GPU, and its launch.

A warp, which is a block by itself, takes a chunk at a time: tokens from a multiple of `chunk_tokens` to the next. At
the end of a chunk all moves have reached their rows, and groups of positions are cut there. `max_warps` and the factors
`rate_in`, `rate_out` and `rate_node` are those of `launch_cuda`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from fastw2v_kernels._jit.cuda import array_module, cuda, inline_cuda, jit_cuda, launch_warps
from fastw2v_kernels.shared.arguments import check_read
from fastw2v_kernels.shared.array_types import Float32, Float64
from fastw2v_kernels.shared.span.checks import check_keep, check_paths, check_tables, check_tokens
from fastw2v_kernels.shared.span.inputs import Matrices, Span, TokenSource
from fastw2v_kernels.shared.span.launch_cuda import LaunchPlan, add_to, check_plan
from fastw2v_kernels.shared.span.shape_cuda import DOTS
from fastw2v_kernels.shared.span.state_cuda import Model
from fastw2v_kernels.shared.span.subword_shape_cuda import SubwordShape
from fastw2v_kernels.shared.span.subword_state_cuda import RecentTokens, SubwordBuffers, Vectors, WarpMemory
from fastw2v_kernels.shared.span.subword_walk_cuda import chunk_trainer
from fastw2v_kernels.shared.span.subwords import Subwords, check_matrices, check_subwords


def _memory(shape: SubwordShape) -> Callable[[Float32], WarpMemory]:
    """Return the function of a kernel that lays out the memory of a warp."""
    n_floats, is_shared, n_tokens, n_group = shape.n_vector_floats, shape.is_shared, shape.n_tokens, shape.n_group
    n_drawn, n_targets, n_nodes = shape.n_drawn, shape.n_targets, shape.n_nodes
    first_hidden = shape.n_slots if shape.is_carried else 0

    @inline_cuda
    def memory(vector_memory: Float32) -> WarpMemory:
        if is_shared:
            value = cuda.shared.array(n_floats, np.float32)
            move = cuda.shared.array(n_floats, np.float32)
        else:
            value, move = vector_memory[:n_floats], vector_memory[n_floats:]
        token_id = cuda.shared.array(n_tokens, np.int32)
        token_pos = cuda.shared.array(n_tokens, np.int64)
        sentence = cuda.shared.array(n_tokens, np.int64)
        first_row = cuda.shared.array(n_tokens, np.int64)
        n_rows = cuda.shared.array(n_tokens, np.int32)
        slot = cuda.shared.array(n_group, np.uint32)
        bounds = cuda.shared.array((n_group, 3), np.int32)
        rates = cuda.shared.array((n_group, 2), np.float32)
        drawn = cuda.shared.array(n_drawn, np.uint32)
        target = cuda.shared.array(n_targets, np.uint32)
        positive = cuda.shared.array(n_nodes, np.float32)
        negative = cuda.shared.array(n_targets, np.float32)
        error_coef = cuda.shared.array((n_group, DOTS), np.float32)
        for c in range(int(np.uint32(cuda.laneid)), n_group, 32):
            slot[c] = first_hidden + c
        recent = RecentTokens(token_id, token_pos, sentence, first_row, n_rows)
        step = SubwordBuffers(slot, bounds, rates, drawn, target, positive, negative, error_coef)
        return WarpMemory(recent, Vectors(value, move), step)

    return memory


def subword_kernel(
    shape: SubwordShape, train_group: Callable[..., tuple[float, int]], finish: Callable[..., None]
) -> Callable[..., None]:
    """Return the kernel that trains all centres of a span; `train_group` and `finish` are those of `chunk_trainer`."""
    memory_of, train_chunk = _memory(shape), chunk_trainer(train_group, finish, shape)

    @jit_cuda
    def _subword_cuda_kernel(
        tokens: TokenSource,
        model: Model,
        subwords: Subwords,
        begin: int,
        end: int,
        chunk_tokens: int,
        tally: Float64,
        vector_memory: Float32,
    ) -> None:
        memory = memory_of(vector_memory[cuda.blockIdx.x])
        loss, n_examples, n_kept = 0.0, 0, 0
        first = (begin // chunk_tokens + cuda.blockIdx.x) * chunk_tokens
        while first < end:
            found = train_chunk(tokens, model, subwords, memory, max(begin, first), min(first + chunk_tokens, end))
            loss += found[0]
            n_examples += found[1]
            n_kept += found[2]
            first += cuda.gridDim.x * chunk_tokens
        add_to(tally, 0, loss)
        if cuda.laneid == 0:
            cuda.atomic.add(tally, 1, float(n_examples))
            cuda.atomic.add(tally, 2, float(n_kept))

    return _subword_cuda_kernel


def launch_subwords(
    kernel: Callable[..., None],
    shape: SubwordShape,
    tokens: TokenSource,
    *,
    model: Model,
    subwords: Subwords,
    span: Span,
    tally: Float64,
    plan: LaunchPlan,
) -> None:
    """Check the arguments of a launcher and launch its kernel; ids are taken to be rows, as the encoder makes them."""
    _check(shape, tokens, model=model, subwords=subwords, tally=tally)
    check_tokens(tokens.ids, tokens.starts, begin=span.begin, end=span.end, on_device=True)
    check_plan(plan, tokens.window)
    n_chunks = -(-span.end // plan.chunk_tokens) - span.begin // plan.chunk_tokens
    n_warps = min(n_chunks, plan.max_warps)
    if span.begin == span.end:
        return
    n_floats = 1 if shape.is_shared else 2 * shape.n_vector_floats
    vector_memory = array_module().empty((n_warps, n_floats), np.float32)
    # Each number has one type, whatever the caller gives: for another type the kernel would be compiled again.
    tokens = tokens._replace(window=int(tokens.window), shrink_windows=bool(tokens.shrink_windows))
    model = model._replace(lr_first=float(span.lr_first), lr_step=float(span.lr_step), with_loss=bool(model.with_loss))
    numbers = np.int64(span.begin), np.int64(span.end), np.int64(plan.chunk_tokens)
    launch_warps(kernel, n_warps, tokens, model, subwords, *numbers, tally, vector_memory)


def _check(shape: SubwordShape, tokens: TokenSource, *, model: Model, subwords: Subwords, tally: Any) -> None:  # noqa: ANN401
    """Raise unless the arrays of a kernel fit each other."""
    is_path = shape.n_paths > 0
    output, name = (model.w_node, "w_node") if is_path else (model.w_out, "w_out")
    matrices = Matrices(w_in=model.w_in, w_out=output)
    check_matrices(matrices, tally, on_device=True, output_name=name)
    check_subwords(subwords, matrices, on_device=True)
    n_vocab = output.shape[0]
    if is_path:
        check_keep(n_vocab, tokens.keep)
        check_paths(n_vocab, model.paths, on_device=True)
        check_read("w_out", model.w_out, output.shape)
    else:
        check_tables(n_vocab, keep=tokens.keep, alias_prob=model.alias_prob, alias_id=model.alias_id)

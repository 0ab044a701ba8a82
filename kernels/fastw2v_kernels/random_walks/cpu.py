"""Random walks on a graph, on the CPU. Several threads divide the walks among them."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.random_walks.reference import damaged
from fastw2v_kernels.random_walks.step import END, Bias, Place, bias_of, check_arrays, compiled_step
from fastw2v_kernels.shared.arguments import INT32, check_written
from fastw2v_kernels.shared.array_types import Float64, Int32, Int64
from fastw2v_kernels.shared.cpu import random_bits, uniform
from fastw2v_kernels.shared.graphs import Graph
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 5_000  # steps, about 200 us
_TOGETHER = 16  # walks of which each makes a step in turn: while one waits for memory, others go on
_step = compiled_step(inline_cpu, random_bits, uniform)


@inline_cpu
def _place(graph: Graph, is_even: bool, out: Int32, w: int, t: int) -> Place:
    """Where walk w is before step t. Its edges end before they begin if the arrays are no graph."""
    node, former = int(out[w, t - 1]), -1
    if t > 1 and not is_even:
        former = int(out[w, t - 2])
    begin, end = 0, -1
    if node < graph.indptr.shape[0] - 1:
        begin, end = int(graph.indptr[node]), int(graph.indptr[node + 1])
        if begin < 0 or end > graph.indices.shape[0]:
            end = begin - 1
    return Place(former, begin, end)


@jit_cpu
def _random_walks_cpu_kernel(
    thread: int,
    n_threads: int,
    arrays: tuple[Int64, Int32, Float64],
    first_nodes: Int32,
    factors: tuple[float, float, float, float, float],
    stream: tuple[np.uint64, int],
    out: Int32,
) -> int:
    graph, bias = (
        Graph(arrays[0], arrays[1], arrays[2]),
        Bias(factors[0], factors[1], factors[2], factors[3], factors[4]),
    )
    is_even = bias.least == bias.bound and bias.excess == 0.0
    key, first_walk = random_bits(stream[0], 0, 0), stream[1]
    n_walks, length = out.shape
    last = n_walks * (thread + 1) // n_threads
    for group in range(n_walks * thread // n_threads, last, _TOGETHER):
        for w in range(group, min(group + _TOGETHER, last)):
            out[w, 0] = first_nodes[w]
            if first_nodes[w] < 0:
                return 1
        for t in range(1, length):
            for w in range(group, min(group + _TOGETHER, last)):
                out[w, t] = END
                if out[w, t - 1] < 0:
                    continue
                place = _place(graph, is_even, out, w, t)
                if place.end < place.begin:
                    return 1
                if place.end > place.begin:
                    x = _step(graph, bias, key, (first_walk + w) * length + t, place)
                    if x < 0:
                        return 1
                    out[w, t] = x
    return 0


def random_walks_cpu(
    indptr: Int64,
    indices: Int32,
    cumulative: Float64,
    *,
    first_nodes: Int32,
    p: float,
    q: float,
    seed: int,
    first_walk: int,
    out: Int32,
    n_threads: int | None = None,
) -> None:
    """Do what `random_walks_reference` does, with `n_threads` threads; default: by the number of steps."""
    check_arrays(indptr, indices, cumulative, first_nodes=first_nodes, out=out)
    check_written("out", out, (first_nodes.shape[0], max(out.shape[1], 1)), dtype=INT32)
    n_threads = threads_for(out.size, _WORK_PER_THREAD) if n_threads is None else n_threads
    stream, factors = (np.uint64(seed), first_walk), tuple(bias_of(p, q))
    arrays = indptr, indices, cumulative
    if run_on_threads(_random_walks_cpu_kernel, n_threads, arrays, first_nodes, factors, stream, out):
        raise damaged(indptr.shape[0] - 1, indices.shape[0])

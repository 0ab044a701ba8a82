"""Random walks on a graph, on the GPU, with a thread for each walk."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda, jit_cuda, launch_flat
from fastw2v_kernels.random_walks.step import END, Bias, Place, bias_of, check_arrays, compiled_step
from fastw2v_kernels.shared.arguments import INT32, check_read
from fastw2v_kernels.shared.array_types import Float64, Int32, Int64
from fastw2v_kernels.shared.cuda import random_bits, uniform
from fastw2v_kernels.shared.graphs import Graph

_step = compiled_step(inline_cuda, random_bits, uniform)


@jit_cuda
def _random_walks_cuda_kernel(
    graph: Graph, first_nodes: Int32, bias: Bias, is_even: bool, seed: np.uint64, first_walk: int, out: Int32
) -> None:
    key = random_bits(seed, 0, 0)
    n_walks, length = out.shape
    n_nodes, n_edges = graph.indptr.shape[0] - 1, graph.indices.shape[0]
    for w in range(cuda.grid(1), n_walks, cuda.gridsize(1)):
        former, node = -1, int(first_nodes[w])
        for t in range(length):
            if not 0 <= node < n_nodes:
                node = END
            out[w, t] = node
            if node >= 0 and t + 1 < length:
                begin, end = int(graph.indptr[node]), int(graph.indptr[node + 1])
                x = END
                if 0 <= begin < end <= n_edges:
                    position = (first_walk + w) * length + t + 1
                    x = _step(graph, bias, key, position, Place(former, begin, end))
                former, node = -1 if is_even else node, x


def random_walks_cuda(
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
) -> None:
    """Do what `random_walks_reference` does; where the arrays are no graph, a walk ends."""
    check_arrays(indptr, indices, cumulative, first_nodes=first_nodes, out=out)
    check_read("out", out, (first_nodes.shape[0], max(out.shape[1], 1)), dtype=INT32)
    graph, stream = Graph(indptr, indices, cumulative), (np.uint64(seed), np.int64(first_walk))
    launch_flat(_random_walks_cuda_kernel, out.shape[0], graph, first_nodes, bias_of(p, q), p == q == 1, *stream, out)

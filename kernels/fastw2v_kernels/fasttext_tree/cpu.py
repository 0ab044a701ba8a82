"""The Huffman tree of a vocabulary as fastText builds it on the CPU, in one thread, by two queues."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.huffman_tree.cpu import MOST_WORDS, sum_lengths
from fastw2v_kernels.shared.arguments import INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64

_MOST_TOKENS = 2.0**62


@jit_cpu
def _fasttext_tree_cpu_kernel(
    counts: Int64, order: Int64, tree: Int32, path_starts: Int64, count_of_inner: Int64, length: NDArray[np.uint8]
) -> None:
    n_vocab = counts.shape[0]
    n_waiting, node = n_vocab, 0  # words order[:n_waiting], the last first; inner nodes from `node` on
    for inner in range(n_vocab - 1):
        total = 0
        for bit in range(2):
            word = order[max(n_waiting - 1, 0)]
            count = max(counts[word], 1)
            if n_waiting > 0 and (node == inner or count < count_of_inner[node]):
                tree[word] = 2 * inner + bit
                n_waiting -= 1
            else:
                count = count_of_inner[node]
                tree[n_vocab + node] = 2 * inner + bit
                node += 1
            total += count
        count_of_inner[inner] = total
    tree[2 * n_vocab - 2] = -1
    sum_lengths(tree, length, path_starts)


def fasttext_tree_cpu(counts: Int64, tree: Int32, path_starts: Int64) -> None:
    """Do what `fasttext_tree_reference` does."""
    check_axes("counts", counts, 1)
    check_read("counts", counts, counts.shape, dtype=INT64)
    n_vocab = len(counts)
    if not 1 <= n_vocab <= MOST_WORDS:
        raise ValueError(f"counts has {n_vocab:,} words; expected 1 to {MOST_WORDS:,}")
    check_written("tree", tree, (2 * n_vocab - 1,), dtype=INT32)
    check_written("path_starts", path_starts, (n_vocab + 1,), dtype=INT64)
    if counts.min() < 0:
        raise ValueError(f"counts has {counts.min()}; expected no negative count")
    total: Any = np.maximum(counts, 1).sum(dtype=np.float64)
    if total >= _MOST_TOKENS:
        raise ValueError(f"counts add up to {total:.3g}; expected less than 2**62: divide all counts by one number")
    order = np.argsort(-np.maximum(counts, 1), kind="stable")
    _fasttext_tree_cpu_kernel(
        counts, order, tree, path_starts, np.empty(n_vocab, np.int64), np.empty(n_vocab, np.uint8)
    )

"""The Huffman tree of a vocabulary on the CPU, in one thread, by a binary heap in slots from 1 on.

A slot has a count, and in its lowest bits the number of a word or inner node. The two children of a slot share a cache
line, and the eight slots three levels below do, which are prefetched.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd import prefetch_element
from fastw2v_kernels.shared.arguments import INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.memory import zeros_in_large_pages

_Heap = NDArray[np.uint64]
MOST_WORDS = 1 << 30  # twice the number of an inner node is an int32


@inline_cpu
def _rise(heap: _Heap, slot: int, top: int, item: np.uint64, n_bits: np.uint64) -> None:
    """Put an item into a slot, or as far above it, up to slot `top`, as counts there are larger."""
    while slot > top and item >> n_bits < heap[slot >> 1] >> n_bits:
        heap[slot] = heap[slot >> 1]
        slot >>= 1
    heap[slot] = item


@inline_cpu
def _replace(heap: _Heap, n: int, top: int, item: np.uint64, n_bits: np.uint64) -> None:
    """Put an item into slot `top` and restore the heap below it, as heapq does: down to a leaf, and up again."""
    slot = top
    while 4 * slot + 3 <= n:  # two levels at a time: the three comparisons do not wait for each other
        child, below = 2 * slot, 4 * slot
        is_second = int(heap[child] >> n_bits >= heap[child + 1] >> n_bits)
        of_first = int(heap[below] >> n_bits >= heap[below + 1] >> n_bits)
        of_second = int(heap[below + 2] >> n_bits >= heap[below + 3] >> n_bits)
        below += 2 * is_second + (of_first ^ ((of_first ^ of_second) & -is_second))
        prefetch_element(heap, min(8 * below, n))
        prefetch_element(heap, min(16 * below, n))
        heap[slot] = heap[child + is_second]
        heap[child + is_second] = heap[below]
        slot = below
    child = 2 * slot
    while child < n:
        second = heap[child] >> n_bits >= heap[child + 1] >> n_bits
        heap[slot] = heap[child + 1] if second else heap[child]
        slot = child + second
        child = 2 * slot
    if child == n:
        heap[slot] = heap[child]
        slot = child
    _rise(heap, slot, top, item, n_bits)


@inline_cpu
def _pop(heap: _Heap, n: int, n_bits: np.uint64) -> np.uint64:
    """Remove the first of n items and return it."""
    item: np.uint64 = heap[1]
    if n > 1:
        _replace(heap, n - 1, 1, heap[n], n_bits)
    return item


@inline_cpu
def sum_lengths(tree: Int32, length: NDArray[np.uint8], path_starts: Int64) -> None:
    """Sum up the lengths of the paths. `length`, of the path to each inner node, is working memory."""
    n_vocab = path_starts.shape[0] - 1
    path_starts[0] = 0
    if n_vocab > 1:
        length[n_vocab - 2] = 0
    for inner in range(n_vocab - 3, -1, -1):
        length[inner] = length[tree[n_vocab + inner] >> 1] + 1
    for word in range(n_vocab):
        n_steps = length[tree[word] >> 1] + 1 if n_vocab > 1 else 0
        path_starts[word + 1] = path_starts[word] + n_steps


@jit_cpu
def _huffman_tree_cpu_kernel(
    counts: Int64, tree: Int32, path_starts: Int64, heap: _Heap, length: NDArray[np.uint8], n_bits: np.uint64
) -> None:
    n_vocab = counts.shape[0]
    node_mask = (np.uint64(1) << n_bits) - np.uint64(1)
    for word in range(n_vocab):
        heap[word + 1] = (np.uint64(max(counts[word], 1)) << n_bits) | np.uint64(word)
    for slot in range(n_vocab // 2, 0, -1):
        _replace(heap, n_vocab, slot, heap[slot], n_bits)
    for inner in range(n_vocab - 1):
        n = n_vocab - inner
        first = _pop(heap, n, n_bits)
        second = _pop(heap, n - 1, n_bits)
        tree[first & node_mask] = 2 * inner
        tree[second & node_mask] = 2 * inner + 1
        count = (first >> n_bits) + (second >> n_bits)
        _rise(heap, n - 1, 1, (count << n_bits) | np.uint64(n_vocab + inner), n_bits)
    tree[2 * n_vocab - 2] = -1
    sum_lengths(tree, length, path_starts)


def huffman_tree_cpu(counts: Int64, tree: Int32, path_starts: Int64) -> None:
    """Do what `huffman_tree_reference` does."""
    check_axes("counts", counts, 1)
    check_read("counts", counts, counts.shape, dtype=INT64)
    n_vocab = len(counts)
    if not 1 <= n_vocab <= MOST_WORDS:
        raise ValueError(f"counts has {n_vocab:,} words; expected 1 to {MOST_WORDS:,}")
    check_written("tree", tree, (2 * n_vocab - 1,), dtype=INT32)
    check_written("path_starts", path_starts, (n_vocab + 1,), dtype=INT64)
    if counts.min() < 0:
        raise ValueError(f"counts has {counts.min()}; expected no negative count")
    n_bits = (2 * n_vocab - 1).bit_length()
    total: Any = np.maximum(counts, 1).sum(dtype=np.float64)
    if total >= 2.0 ** (63 - n_bits):
        most = f"expected less than 2**{63 - n_bits} for {n_vocab:,} words"
        raise ValueError(f"counts add up to {total:.3g}; {most}: divide all counts by one number")
    heap = zeros_in_large_pages((n_vocab + 2,), np.uint64)
    length = np.empty(n_vocab, np.uint8)
    _huffman_tree_cpu_kernel(counts, tree, path_starts, heap, length, np.uint64(n_bits))

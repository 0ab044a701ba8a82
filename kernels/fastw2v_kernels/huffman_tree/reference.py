"""The Huffman tree of a vocabulary, by Python's heapq."""

from __future__ import annotations

import heapq
from dataclasses import dataclass

from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.span.paths import path_to


@dataclass
class _Node:
    """A word or an inner node. They are compared by their counts alone."""

    count: int
    number: int

    def __lt__(self, other: _Node) -> bool:
        return self.count < other.count


def huffman_tree_reference(counts: Int64, tree: Int32, path_starts: Int64) -> None:
    """Join the two rarest of all words and nodes to a new node, until one node is left, the root (Huffman 1952).

    Of equally rare ones, those are joined that the steps of Python's heapq bring to its top. So the codes are those of
    gensim, to the bit. Any other rule gives codes of the same mean length.

    Parameters
    ----------
    counts : int64[n_vocab]
        How often each word occurs. A word of count 0 is taken to occur once, so no code has more than 90 bits.
    tree : int32[2 n_vocab - 1], written
        Of each word, then of each inner node in the order in which they were made: twice the number of the inner node
        above it, plus 1 if it is the second of the two that were joined; -1 for the root, which is the last.
    path_starts : int64[n_vocab + 1], written
        The path from the root to word w has path_starts[w + 1] - path_starts[w] inner nodes; see `huffman_paths`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, no word, a negative count, or so many words of such counts
        that a count and a number do not fit into 64 bits together.
    """
    n_vocab = len(counts)
    nodes = [_Node(max(count, 1), word) for word, count in enumerate(counts.tolist())]
    heapq.heapify(nodes)
    for inner in range(n_vocab - 1):
        first, second = heapq.heappop(nodes), heapq.heappop(nodes)
        tree[first.number], tree[second.number] = 2 * inner, 2 * inner + 1
        heapq.heappush(nodes, _Node(first.count + second.count, n_vocab + inner))
    tree[-1] = -1
    path_starts[0] = 0
    for word in range(n_vocab):
        path_starts[word + 1] = path_starts[word] + len(path_to(tree, word))

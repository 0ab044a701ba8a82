"""The paths of a Huffman tree, from its root to its words."""

from __future__ import annotations

from typing import NamedTuple

from fastw2v_kernels.shared.array_types import Int32, Int64

MOST_STEPS = 96  # a code has at most 90 bits, since the counts of a corpus add up to less than 2**62


class Paths(NamedTuple):
    """The paths from the root of a Huffman tree to its words, as `huffman_paths` writes them.

    starts : int64[n_vocab + 1], the path to word w is steps[starts[w]:starts[w + 1]]
    steps : int32[n_steps], twice the number of an inner node, plus the bit that leads on to the word
    """

    starts: Int64
    steps: Int32


def path_to(tree: Int32, word: int) -> list[int]:
    """Return the steps to a word in a tree that `huffman_tree` wrote."""
    steps, node, n_vocab = [], word, len(tree) // 2 + 1
    while (step := int(tree[node])) >= 0:
        steps.append(step)
        node = n_vocab + step // 2
    return steps[::-1]

"""The Huffman tree of a vocabulary as fastText builds it, by two queues in Python."""

from __future__ import annotations

from collections import deque

from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.span.paths import path_to


def fasttext_tree_reference(counts: Int64, tree: Int32, path_starts: Int64) -> None:
    """Join the two rarest of all words and nodes to a new node, until one node is left, the root (Huffman 1952).

    Words wait in one queue, the rarest first and of equally rare ones the last. New nodes wait in another, whose counts
    rise by themselves. The rarer of the first in both is taken; of equally rare ones, the node. So the tree is that of
    `HierarchicalSoftmaxLoss::buildTree` in fastText's source, for words that are ordered by falling counts as there.
    Where no counts are equal it is that of `huffman_tree`.

    Parameters
    ----------
    counts : int64[n_vocab]
        How often each word occurs. A word of count 0 is taken to occur once, so no code has more than 90 bits.
    tree, path_starts : int32[2 n_vocab - 1], int64[n_vocab + 1], written
        As in `huffman_tree_reference`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, no word, a negative count, or counts that add up to 2**62.
    """
    n_vocab = len(counts)
    words = [(max(count, 1), word) for word, count in enumerate(counts.tolist())]
    waiting, made = deque(sorted(words, key=lambda word: (word[0], -word[1]))), deque[tuple[int, int]]()
    for inner in range(n_vocab - 1):
        total = 0
        for bit in range(2):
            is_word = waiting and not (made and made[0][0] <= waiting[0][0])
            count, number = (waiting if is_word else made).popleft()
            tree[number] = 2 * inner + bit
            total += count
        made.append((total, n_vocab + inner))
    tree[-1] = -1
    path_starts[0] = 0
    for word in range(n_vocab):
        path_starts[word + 1] = path_starts[word] + len(path_to(tree, word))

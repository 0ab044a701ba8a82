"""The Huffman tree of a vocabulary: which decisions lead from its root to each word."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fastw2v.runtime.arrays import Array, RowArray


@dataclass(frozen=True)
class HuffmanTree:
    """The Huffman tree of a vocabulary, for hierarchical softmax.

    Parameters
    ----------
    links : int32[2 n_vocab - 1]
        Of each word, then of each inner node: twice the inner node above it, plus the bit that leads to it; -1 for the
        root. Inner nodes are rows of `Weights.w_node`.
    path_starts : int64[n_vocab + 1]
        Sums of the lengths of the paths to the words.

    Examples
    --------
    >>> import numpy as np
    >>> tree = HuffmanTree.of_counts(np.array([5, 2, 1]))
    >>> [tree.path(row)[0].tolist() for row in range(3)]
    [[1], [0, 1], [0, 0]]
    """

    links: Array
    path_starts: Array

    @classmethod
    def of_counts(cls, counts: Array, *, as_fasttext: bool = False) -> HuffmanTree:
        """Build the tree of words with these counts: int64[n_vocab].

        Codes are those that gensim gives the words of the same text. It has words of equal count in the order opposite
        to that of a sorted vocabulary: the word that first occurs last comes first. So where no count is larger than
        the one before, equal ones are read from the last row to the first; other counts are read as they are.
        With `as_fasttext` words of equal count are joined as in fastText; its nodes have the same numbers, and decide
        for 1 where the code has 1, and not for 0. ValueError if the counts are too large: their sum may be 2**38 for
        ten million words, and more for fewer.
        """
        from fastw2v_kernels.fasttext_tree.cpu import fasttext_tree_cpu
        from fastw2v_kernels.huffman_tree.cpu import huffman_tree_cpu

        build = fasttext_tree_cpu if as_fasttext else huffman_tree_cpu
        links, path_starts = np.empty(2 * len(counts) - 1, np.int32), np.empty(len(counts) + 1, np.int64)
        build(np.ascontiguousarray(counts, np.int64), links, path_starts)
        tree = cls(links, path_starts)
        is_sorted = not (counts[:-1] < counts[1:]).any()
        return tree.in_order(_equal_counts_backwards(counts)) if is_sorted and not as_fasttext else tree

    @property
    def n_words(self) -> int:
        """Number of words."""
        return len(self.path_starts) - 1

    def steps(self) -> Array:
        """Return the paths to all words, one behind the other: int32[path_starts[-1]]; see `huffman_paths`.

        Raises
        ------
        ValueError
            `links` and `path_starts` are of different trees, or of none, or a path is longer than in any text.
        """
        from fastw2v_kernels.huffman_paths.cpu import huffman_paths_cpu
        from fastw2v_kernels.shared.span.paths import MOST_STEPS

        longest = int(np.diff(self.path_starts).max(initial=0))
        if longest > MOST_STEPS:
            raise ValueError(f"a path has {longest} nodes; expected at most {MOST_STEPS}")
        steps = np.empty(int(self.path_starts[-1]), np.int32)
        huffman_paths_cpu(self.links, self.path_starts, steps)
        return steps

    def is_whole(self) -> bool:
        """Whether each inner node has two branches, and at each is one word or node."""
        n_branches = len(self.links) - 1
        is_known = (self.links >= -1) & (self.links < n_branches)
        return bool(is_known.all() and (np.bincount(self.links + 1, minlength=n_branches + 1) == 1).all())

    def path(self, row: int) -> tuple[Array, Array]:
        """Return the code of a word, uint8[n_bits], and the inner nodes from the root on, uint32[n_bits]."""
        steps, step = [], int(self.links[row])
        while step >= 0:
            steps.append(step)
            step = int(self.links[self.n_words + step // 2])
        found = np.array(steps[::-1], np.int64)
        return (found & 1).astype(np.uint8), (found >> 1).astype(np.uint32)

    def fasttext_order(self) -> RowArray:
        """Return the rows of the words in the order in which fastText has them in a tree that is built as its own."""
        return np.argsort(-self.links[: self.n_words].astype(np.int64))

    def in_order(self, rows: RowArray) -> HuffmanTree:
        """Return the tree with the words in another order: those that are now in these rows, int64[n_vocab]."""
        links, lengths = self.links.copy(), np.diff(self.path_starts)[rows]
        links[: self.n_words] = self.links[rows]
        return HuffmanTree(links, np.concatenate([[0], np.cumsum(lengths)]))


def _equal_counts_backwards(counts: Array) -> RowArray:
    """Return the rows of falling counts with those of equal counts in the opposite order: int64[n_vocab]."""
    edges = np.flatnonzero(np.diff(counts, prepend=-1, append=-1))
    return np.repeat(edges[:-1] + edges[1:] - 1, np.diff(edges)) - np.arange(len(counts))

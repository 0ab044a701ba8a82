"""The paths from the root of a Huffman tree to its words, in Python."""

from __future__ import annotations

from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.span.paths import path_to


def huffman_paths_reference(tree: Int32, path_starts: Int64, path_steps: Int32) -> None:
    """Write the path to each word, one word after the other.

    Parameters
    ----------
    tree : int32[2 n_vocab - 1]
        As `huffman_tree` writes it.
    path_starts : int64[n_vocab + 1]
        The path to word w is path_steps[path_starts[w]:path_starts[w + 1]].
    path_steps : int32[n_steps], written
        Steps from the root on: twice the number of the inner node, plus the bit that leads on to the word.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or `tree` is no tree, or `path_starts` is that of another.
    """
    for word in range(len(path_starts) - 1):
        path_steps[path_starts[word] : path_starts[word + 1]] = path_to(tree, word)

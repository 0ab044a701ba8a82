"""The weight matrices of a model, with rows padded for the kernels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastw2v.vectors.subwords import Subwords, draw_ngram_rows, draw_word_rows
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vocab import Vocab

_PADDING = 16  # floats of a row are padded to a multiple of this: one cache line


@dataclass
class Weights:
    """The weight matrices of a model, with rows padded for the kernels.

    Parameters
    ----------
    w_in : float32[n_vocab, stride]
        Input rows (gensim: syn0), the word vectors; columns past `dim` are 0.
    w_out : float32[n_vocab, stride]
        Output rows of the words (gensim: syn1neg), for negative sampling; float32[0, stride] without it.
    dim : int
        Columns that the model uses.
    on_device : float32[n_vocab, stride], optional
        A CuPy array: the input rows on the GPU that trained them last.
    rate_in : float32[n_vocab], optional
        Factor of the moves of each input row, finite and not negative; 0 leaves the row as it is, to the byte. None: 1
        for all.
    w_node : float32[n_vocab, stride], optional
        Output rows of the inner nodes of `tree` (gensim: syn1), for hierarchical softmax; the last is not used.
    tree : HuffmanTree, optional
        The tree of the words.
    subwords : Subwords, optional
        Of a FastText model: `w_in` has rows of n-grams behind those of the words.
    """

    w_in: np.ndarray
    w_out: np.ndarray
    dim: int
    on_device: Any = None
    rate_in: np.ndarray | None = None
    w_node: np.ndarray | None = None
    tree: HuffmanTree | None = None
    subwords: Subwords | None = None

    @property
    def outputs(self) -> dict[str, np.ndarray]:
        """The output matrices that there are, by the names of the attributes."""
        found = {"w_out": self.w_out, "w_node": self.w_node}
        return {name: matrix for name, matrix in found.items() if matrix is not None and len(matrix)}

    def uninitialized_copy(self) -> Weights:
        """Return weights of the same shapes, whose numbers are anything, with the same tree and n-grams."""
        from fastw2v_kernels.shared.memory import aligned

        w_node = None if self.w_node is None else aligned(self.w_node.shape)
        return replace(
            self, w_in=aligned(self.w_in.shape), w_out=aligned(self.w_out.shape), w_node=w_node, on_device=None
        )

    def check_outputs(self, *, hs: int, negative: int) -> None:
        """Raise ValueError unless there are output rows for the losses that are to be trained."""
        for option, value, name in (("hs", hs, "w_node"), ("negative", negative, "w_out")):
            if value and name not in self.outputs:
                cure = f"it was made with {option}=0; make a new model, or draw all weights anew by init_weights"
                raise ValueError(f"{option} is {value} and the model has no output rows for it: {cure}")

    def checked_rates(self) -> np.ndarray | None:
        """Return `rate_in`; a backend calls this once, since kernels do not look at the values.

        Raises
        ------
        TypeError, ValueError
            It is no float32[n_vocab] in C order, or a factor is negative or not finite.
        """
        from fastw2v_kernels.shared.arguments import check_read

        rates = self.rate_in
        if rates is not None:
            check_read("rate_in", rates, self.w_in.shape[:1])
            wrong = np.flatnonzero(~((rates >= 0) & np.isfinite(rates)))
            if len(wrong):
                raise ValueError(f"rate_in has {rates[wrong[0]]} for row {wrong[0]}; expected finite factors from 0 on")
        return rates


def initial_weights(vocab: Vocab, dim: int, seed: int, *, hs: int = 0, negative: int = 1) -> Weights:
    """Return first weights: input rows uniform in [-0.5/dim, 0.5/dim), a function of seed and word; output rows 0.

    There are output rows of the words if `negative` is above 0, and those of a tree if `hs` is 1.
    """
    from fastw2v_kernels.uniform_rows.cpu import uniform_rows_cpu

    weights = padded_weights(len(vocab), dim, outputs=("w_out",) * (negative > 0) + ("w_node",) * hs)
    uniform_rows_cpu(weights.w_in, dim, vocab.key_hashes(), seed=seed)
    if hs:
        weights.tree = HuffmanTree.of_counts(vocab.counts)
    return weights


def initial_subword_weights(
    vocab: Vocab, dim: int, subwords: Subwords, *, seed: int, hs: int = 0, negative: int = 1
) -> Weights:
    """Return first weights with rows of n-grams: input rows uniform in [-1/dim, 1/dim), as fastText; output rows 0.

    Output rows are as in `initial_weights`; the tree is built as fastText builds it.
    """
    from fastw2v_kernels.shared.memory import zeros_in_large_pages

    stride = -(-dim // _PADDING) * _PADDING
    w_in = zeros_in_large_pages((subwords.n_rows, stride))
    draw_word_rows(w_in[: len(vocab)], dim, vocab.key_hashes(), seed=seed)
    draw_ngram_rows(w_in[len(vocab) :], dim, subwords.bucket_of_row, seed=seed)
    weights = Weights(w_in, zeros_in_large_pages((len(vocab) if negative else 0, stride)), dim, subwords=subwords)
    if hs:
        weights.w_node = zeros_in_large_pages((len(vocab), stride))
        weights.tree = HuffmanTree.of_counts(vocab.counts, as_fasttext=True)
    return weights


def weights_of(w_in: np.ndarray, tree: HuffmanTree | None = None, **outputs: np.ndarray) -> Weights:
    """Weights with padded copies of matrices, float32[n_vocab, dim], and a tree."""
    weights = padded_weights(*w_in.shape, outputs=tuple(outputs))
    weights.tree = tree
    for name, matrix in {"w_in": w_in, **outputs}.items():
        getattr(weights, name)[:, : weights.dim] = matrix
    return weights


def padded_weights(n_vocab: int, dim: int, *, outputs: Collection[str] = ("w_out",)) -> Weights:
    """Return weights of this size, zeros; `outputs` names the output matrices, "w_out" and "w_node"."""
    from fastw2v_kernels.shared.memory import aligned

    stride = -(-dim // _PADDING) * _PADDING
    w_out = aligned((n_vocab if "w_out" in outputs else 0, stride))
    w_node = aligned((n_vocab, stride)) if "w_node" in outputs else None
    return Weights(aligned((n_vocab, stride)), w_out, dim, w_node=w_node)

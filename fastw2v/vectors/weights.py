"""The two weight matrices of a model, with rows padded for the kernels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastw2v.vectors.subwords import Subwords, draw_ngram_rows, draw_word_rows
from fastw2v.vocab import Vocab

_PADDING = 16  # floats of a row are padded to a multiple of this: one cache line


@dataclass
class Weights:
    """The two weight matrices of a model, with rows padded for the kernels.

    Parameters
    ----------
    w_in : float32[n_vocab, stride]
        Input rows (gensim: syn0), the word vectors; columns past `dim` are 0.
    w_out : float32[n_vocab, stride]
        Output rows (gensim: syn1neg).
    dim : int
        Columns that the model uses.
    on_device : float32[n_vocab, stride], optional
        A CuPy array: the input rows on the GPU that trained them last.
    rate_in : float32[n_vocab], optional
        Factor of the moves of each input row, finite and not negative; 0 leaves the row as it is, to the byte. None: 1
        for all.
    subwords : Subwords, optional
        Of a FastText model: `w_in` has rows of n-grams behind those of the words.
    """

    w_in: np.ndarray
    w_out: np.ndarray
    dim: int
    on_device: Any = None
    rate_in: np.ndarray | None = None
    subwords: Subwords | None = None

    def uninitialized_copy(self) -> Weights:
        """Return weights of the same shapes, whose numbers are anything."""
        from fastw2v_kernels.shared.memory import aligned

        return replace(self, w_in=aligned(self.w_in.shape), w_out=aligned(self.w_out.shape), on_device=None)

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


def initial_weights(vocab: Vocab, dim: int, seed: int) -> Weights:
    """Return first weights: input rows uniform in [-0.5/dim, 0.5/dim), a function of seed and word; output rows 0."""
    from fastw2v_kernels.uniform_rows.cpu import uniform_rows_cpu

    weights = padded_weights(len(vocab), dim)
    uniform_rows_cpu(weights.w_in, dim, vocab.key_hashes(), seed=seed)
    return weights


def initial_subword_weights(vocab: Vocab, dim: int, subwords: Subwords, *, seed: int) -> Weights:
    """Return first weights with rows of n-grams: input rows uniform in [-1/dim, 1/dim), as fastText; output rows 0."""
    from fastw2v_kernels.shared.memory import zeros_in_large_pages

    stride = -(-dim // _PADDING) * _PADDING
    w_in = zeros_in_large_pages((subwords.n_rows, stride))
    draw_word_rows(w_in[: len(vocab)], dim, vocab.key_hashes(), seed=seed)
    draw_ngram_rows(w_in[len(vocab) :], dim, subwords.bucket_of_row, seed=seed)
    return Weights(w_in, zeros_in_large_pages((len(vocab), stride)), dim, subwords=subwords)


def weights_of(w_in: np.ndarray, w_out: np.ndarray) -> Weights:
    """Weights with padded copies of two matrices, float32[n_vocab, dim]."""
    weights = padded_weights(*w_in.shape)
    weights.w_in[:, : weights.dim] = w_in
    weights.w_out[:, : weights.dim] = w_out
    return weights


def padded_weights(n_vocab: int, dim: int) -> Weights:
    """Uninitialized weights of this size."""
    from fastw2v_kernels.shared.memory import aligned

    stride = -(-dim // _PADDING) * _PADDING
    return Weights(aligned((n_vocab, stride)), aligned((n_vocab, stride)), dim)

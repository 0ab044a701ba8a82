"""SubwordState: vocabulary, weights and counters of a FastText model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import numpy as np

from fastw2v.config import FastTextConfig, TrainConfig
from fastw2v.formats.subword_table import SubwordRows
from fastw2v.keyedvectors import FastTextKeyedVectors
from fastw2v.state import ModelState
from fastw2v.vectors.subwords import NgramRule, Subwords
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vectors.weights import Weights, initial_subword_weights, padded_weights
from fastw2v.vocab import Vocab


class SubwordState(ModelState):
    """A state whose input rows are those of words and, behind them, of n-grams; `wv` has their means.

    Attributes
    ----------
    wv : FastTextKeyedVectors
    seed : int
        Of the first rows of n-grams.
    """

    wv: FastTextKeyedVectors
    seed = 1
    _as_fasttext = True

    def _new_vectors(self) -> FastTextKeyedVectors:
        weights = self._weights
        return FastTextKeyedVectors(self._vocab, weights.w_in, weights.dim, subwords_of(weights), seed=self.seed)

    def _follow(self) -> None:
        """Take from `wv` what the user has changed: the order of its rows, and its counts."""
        wv = self.wv
        if wv.n_row_changes:
            self._reorder()
            self._weights.subwords = wv.subwords
        if wv.counts is None:
            wv.counts = self._vocab.counts
        elif wv.counts is not self._vocab.counts and not np.array_equal(wv.counts, self._vocab.counts):
            self._vocab = self._vocab.with_counts(wv.counts.copy())

    @classmethod
    def of_weights(
        cls, vocab: Vocab, weights: Weights, corpus_count: int, *, seed: int, epochs_trained: int = 0
    ) -> SubwordState:
        """Return the state of these weights, whose n-grams that do not occur are drawn from `seed`."""
        state = cls(vocab, weights, corpus_count, epochs_trained)
        state.seed = seed
        state.wv = state._new_vectors()
        state.wv.tree = weights.tree
        return state

    @classmethod
    def of_rows(
        cls,
        vocab: Vocab,
        found: SubwordRows,
        dim: int,
        *,
        outputs: Collection[str],
        tree: HuffmanTree | None,
        corpus_count: int,
        epochs_trained: int,
    ) -> SubwordState:
        """Return the state of rows and of a tree from a file, with output rows of 0, as named in `outputs`."""
        weights = replace(padded_weights(len(vocab), dim, outputs=outputs), w_in=found.rows, tree=tree)
        weights.subwords = found.subwords
        return cls.of_weights(vocab, weights, corpus_count, seed=found.seed, epochs_trained=epochs_trained)

    @classmethod
    def untrained(cls, vocab: Vocab, config: TrainConfig, corpus_count: int) -> SubwordState:
        """Return the state before training: input rows drawn from seed and word or n-gram, output rows 0."""
        if vocab.is_integer:
            raise TypeError("FastText makes vectors of the letters of words, and the keys are integers; use Word2Vec")
        subwords = Subwords.of(vocab, rule_of(config))
        losses = {"hs": config.hs, "negative": config.negative}
        weights = initial_subword_weights(vocab, config.vector_size, subwords, seed=config.seed, **losses)
        return cls.of_weights(vocab, weights, corpus_count, seed=config.seed)

    def grown(self, vocab: Vocab, config: TrainConfig, corpus_count: int) -> SubwordState:
        """Return the state with a vocabulary that `grown_vocab` made; this one, and its `wv`, stay as they are.

        Old rows are copied; rows of new words and of n-grams that occur now are drawn, as they would have been at
        first, and output rows of new words are 0. A tree is built anew, while the rows of its nodes stay.
        """
        old, n_old = self.weights, len(self.vocab)
        before = subwords_of(old)
        subwords = Subwords.of(vocab, before.rule, before.bucket_of_row)
        losses = {"hs": "w_node" in old.outputs, "negative": "w_out" in old.outputs}
        weights = initial_subword_weights(vocab, old.dim, subwords, seed=self.seed, **losses)
        n_ngrams = len(before.bucket_of_row)
        weights.w_in[:n_old] = old.w_in[:n_old]
        weights.w_in[len(vocab) : len(vocab) + n_ngrams] = old.w_in[n_old:]
        for name, matrix in old.outputs.items():
            weights.outputs[name][:n_old] = matrix
        grown = self.of_weights(vocab, weights, corpus_count, seed=self.seed, epochs_trained=self.epochs_trained)
        grown.wv.take_attributes(self.wv)
        return grown

    def copied_into(self, weights: Weights) -> SubwordState:
        """Return a copy whose weights are these other arrays of the same shape, so that training can go on."""
        own = self.weights
        for name, matrix in {"w_in": own.w_in, **own.outputs}.items():
            np.copyto(getattr(weights, name), matrix)
        weights.subwords, weights.tree = own.subwords, own.tree
        twin = self.of_weights(
            self.vocab, weights, self.corpus_count, seed=self.seed, epochs_trained=self.epochs_trained
        )
        twin.wv.take_attributes(self.wv)
        return twin

    def weights_to_train(self) -> Weights:
        """Return the weights for training.

        Raises
        ------
        ValueError
            `wv` has other words than the model, or `vectors_lockf` is set.
        """
        if self.wv.lock_factors() is not None:
            raise ValueError("vectors_lockf is set, and FastText trains all rows; leave it out, or train a Word2Vec")
        return super().weights_to_train()

    def note_moves(self) -> None:
        """Make the vectors of the words anew when they are asked for."""
        self.wv.rows_moved()

    def device_vectors(self, last_device: str) -> Any:  # noqa: ANN401
        """Raise RuntimeError: the vectors of a FastText model are made on the host."""
        raise RuntimeError(
            f"FastText leaves no vectors on a GPU (last trained on: {last_device}), since they are means of rows; "
            "fastw2v.nn.to_gpu(model.wv.vectors) copies them there"
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickle and copy, with the input rows once."""
        weights, wv = self.weights, self.wv
        return {
            "vocab": self.vocab,
            "weights": (weights.w_in, weights.w_out, weights.w_node, weights.dim, weights.subwords, weights.tree),
            "counters": (self.corpus_count, self.seed, self.epochs_trained),
            "attributes": {name: values for name, values in wv.expandos.items() if name != "count"},
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        w_in, w_out, w_node, dim, subwords, tree = state["weights"]
        corpus_count, self.seed, epochs_trained = state["counters"]
        weights = Weights(w_in.copy(), w_out.copy(), dim, subwords=subwords, tree=tree)
        weights.w_node = None if w_node is None else w_node.copy()
        self.__init__(state["vocab"], weights, corpus_count, epochs_trained)  # type: ignore[misc]
        self.wv.expandos |= state["attributes"]


def rule_of(config: TrainConfig) -> NgramRule:
    """Return the n-grams of a configuration, which must be one of FastText."""
    if not isinstance(config, FastTextConfig):
        raise TypeError(f"config is a {type(config).__name__}; expected a FastTextConfig")
    return NgramRule(config.min_n, config.max_n, config.bucket)


def subwords_of(weights: Weights) -> Subwords:
    """Return the rows that each word is made of; TypeError for weights without."""
    if weights.subwords is None:
        raise TypeError("these weights have no rows of n-grams; expected those of a FastText model")
    return weights.subwords

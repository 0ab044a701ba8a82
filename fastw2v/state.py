"""ModelState: vocabulary, weights and counters of a model that has a vocabulary."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.growth import grown_weights
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrays import FloatArray
from fastw2v.vectors.weights import Weights, initial_weights, padded_weights, weights_of
from fastw2v.vocab import Vocab

_BYTES_PER_WORD = 8 + 8 + 8 + 4  # its count, where its letters start, its row of the alias table, its keep probability
_LETTERS_PER_WORD = 8  # of a vocabulary that is not known yet


def memory_of(n_words: int, dim: int, vocab: Vocab | None = None) -> dict[str, int]:
    """Return the bytes of a model's arrays.

    Parameters
    ----------
    n_words, dim : int
        Words, and dimension of the vectors; rows are padded.
    vocab : Vocab, optional
        Tells how long words are.

    Returns
    -------
    dict of str to int
        "vocab", "vectors" and "syn1neg".
    """
    letters = _LETTERS_PER_WORD if vocab is None else len(vocab.letters) / len(vocab)
    matrix = 4 * n_words * padded_weights(0, dim).w_in.shape[1]
    return {"vocab": int(n_words * (_BYTES_PER_WORD + letters)), "vectors": matrix, "syn1neg": matrix}


class ModelState:
    """Vocabulary, weights, and the vectors that users see.

    Parameters
    ----------
    vocab : Vocab
    weights : Weights
        Row for row as in the vocabulary.
    corpus_count : int
        Sentences in the corpus that the vocabulary was built from; sentences without a word of it do not count.
    epochs_trained : int
        Epochs begun so far.

    Attributes
    ----------
    wv : KeyedVectors
        Its vectors are a view of the input weights.
    """

    def __init__(self, vocab: Vocab, weights: Weights, corpus_count: int, epochs_trained: int = 0) -> None:
        self.vocab, self.weights = vocab, weights
        self.wv = KeyedVectors(vocab, weights.w_in[:, : weights.dim], vocab.counts)
        self.corpus_count, self.epochs_trained = corpus_count, epochs_trained
        self._n_edits = self._n_handed_out = 0  # the counters of wv when the last training began

    @classmethod
    def untrained(cls, vocab: Vocab, config: TrainConfig, corpus_count: int) -> ModelState:
        """Return the state before training: input rows drawn from (seed, word), output rows 0."""
        return cls(vocab, initial_weights(vocab, config.vector_size, config.seed), corpus_count)

    def grown(self, vocab: Vocab, config: TrainConfig, corpus_count: int) -> ModelState:
        """Return the state with a vocabulary that `grown_vocab` made; this one, and its `wv`, stay as they are.

        Old rows are copied, input rows of new keys are drawn from (seed, key), and their output rows are 0.
        """
        weights = grown_weights(self.weights_to_train(), vocab, config.seed)
        grown = ModelState(vocab, weights, corpus_count, self.epochs_trained)
        grown.wv.take_attributes(self.wv)
        return grown

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for pickle and copy, with the input rows once: `wv` and the weights share their memory."""
        state = self.__dict__.copy()
        del state["wv"]
        state["weights"] = self.wv.matrix, self.weights.w_out[:, : self.weights.dim]
        attributes = KeyedVectors(self.vocab, self.wv.matrix)
        attributes.take_attributes(self.wv)
        state["attributes"] = attributes.expandos, attributes.lock_factors()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(  # type: ignore[misc] # only __init__ makes `wv` a view of the weights
            state["vocab"], weights_of(*state["weights"]), state["corpus_count"], state["epochs_trained"]
        )
        expandos, lock_factors = state["attributes"]
        self.wv.expandos |= expandos
        if lock_factors is not None:
            self.wv.vectors_lockf = lock_factors

    def weights_to_train(self) -> Weights:
        """Return the weights for training. If the user has replaced `wv.vectors`, copy the new rows into them first.

        Raises
        ------
        ValueError
            Rows of `wv` were added, removed or sorted, or it has lock factors that are no factors.
        """
        own, matrix = self.weights.w_in[:, : self.weights.dim], self.wv.matrix
        if self.wv.n_row_changes or matrix.shape != own.shape:
            cure = "call build_vocab(update=True), or change a copy: KeyedVectors(wv.index_to_key, wv.vectors)"
            raise ValueError(f"rows of model.wv were added or moved, and the output weights do not follow; {cure}")
        if (matrix.ctypes.data, matrix.strides) != (own.ctypes.data, own.strides):
            own[:] = matrix
            self.wv.vectors = own
        self.weights.rate_in = self.wv.lock_factors()
        self._n_edits, self._n_handed_out = self.wv.n_edits, self.wv.n_handed_out
        return self.weights

    def output_vectors(self) -> FloatArray:
        """Return the output rows, float32[n_vocab, dim], as a read-only view."""
        view = self.weights.w_out[:, : self.weights.dim]
        view.flags.writeable = False
        return view

    def device_vectors(self, last_device: str) -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
        """Return the vectors on the GPU that trained them.

        Raises
        ------
        RuntimeError
            No vectors lie on a GPU, or `wv` was changed after they were trained.
        """
        cure = "fastw2v.nn.to_gpu(model.wv.vectors) copies them there"
        if self.weights.on_device is None:
            raise RuntimeError(
                f'no vectors of this model lie on a GPU (last trained on: {last_device}); training with device="cuda" '
                f"leaves them there until the next, but not in a copy of the model or a loaded one; {cure}"
            )
        if self.wv.n_edits != self._n_edits or (self.wv.n_handed_out != self._n_handed_out and self._differs()):
            raise RuntimeError(f"wv was changed after the vectors on the GPU were trained; {cure} as they are now")
        return self.weights.on_device[:, : self.weights.dim]

    def _differs(self) -> bool:
        """Whether the rows on the GPU are others than those of `wv`, whose array may have been written to."""
        rows = self.weights.on_device
        on_host = rows if isinstance(rows, np.ndarray) else rows.get()
        return not np.array_equal(on_host, self.weights.w_in, equal_nan=True)

"""ModelState: what a model holds once it has a vocabulary."""

from __future__ import annotations

from typing import Any

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vectors.search import FloatArray
from fastw2v.vectors.weights import Weights, initial_weights, weights_of
from fastw2v.vocab import Vocab


class ModelState:
    """Vocabulary, weights, and the vectors that users see, which are a view of the input weights.

    Parameters
    ----------
    vocab : Vocab
    weights : Weights
        Row for row as in the vocabulary.
    corpus_count : int
        Sentences of the corpus that the vocabulary is from.
    epochs_trained : int
        Epochs begun so far.

    Attributes
    ----------
    wv : KeyedVectors
    """

    def __init__(self, vocab: Vocab, weights: Weights, corpus_count: int, epochs_trained: int = 0) -> None:
        self.vocab, self.weights = vocab, weights
        self.wv = KeyedVectors(vocab, weights.w_in[:, : weights.dim], vocab.counts)
        self.corpus_count, self.epochs_trained = corpus_count, epochs_trained
        self._n_edits = 0  # of `wv`, when the last training began

    @classmethod
    def first(cls, vocab: Vocab, vector_size: int, seed: int, corpus_count: int) -> ModelState:
        """Return the state before training: input rows drawn from (seed, word), output rows 0."""
        return cls(vocab, initial_weights(vocab, vector_size, seed), corpus_count)

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: `wv` and the weights share memory, so they travel once."""
        state = self.__dict__.copy()
        del state["wv"]
        state["weights"] = self.wv.vectors, self.weights.w_out[:, : self.weights.dim]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(  # type: ignore[misc] # the one place that ties `wv` to the weights
            state["vocab"], weights_of(*state["weights"]), state["corpus_count"], state["epochs_trained"]
        )

    def weights_to_train(self) -> Weights:
        """Return the weights, with input rows that were put into `wv.vectors` from elsewhere copied into them."""
        own = self.weights.w_in[:, : self.weights.dim]
        if (self.wv.vectors.ctypes.data, self.wv.vectors.strides) != (own.ctypes.data, own.strides):
            own[:] = self.wv.vectors
            self.wv.vectors = own
        self._n_edits = self.wv.n_edits
        return self.weights

    def output_vectors(self) -> FloatArray:
        """Return the output rows, float32[n_vocab, dim], as a read-only view."""
        view = self.weights.w_out[:, : self.weights.dim]
        view.flags.writeable = False
        return view

    def device_vectors(self, last_device: str) -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
        """Return the vectors on the GPU that trained them; RuntimeError where none lie there, or `wv` has changed."""
        cure = "fastw2v.nn.to_gpu(model.wv.vectors) copies them there"
        if self.weights.on_device is None:
            raise RuntimeError(
                f'no vectors of this model lie on a GPU (last trained on: {last_device}); training with device="cuda" '
                f"leaves them there until the next, but not in a copy of the model or a loaded one; {cure}"
            )
        if self.wv.n_edits != self._n_edits:
            raise RuntimeError(f"wv was changed after the vectors on the GPU were trained; {cure} as they are now")
        return self.weights.on_device[:, : self.weights.dim]

"""ModelState: vocabulary, weights and counters of a model that has a vocabulary."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.growth import grown_weights
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrays import FloatArray
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vectors.weights import Weights, initial_weights, padded_weights, weights_of
from fastw2v.vocab import Vocab

_BYTES_PER_WORD = 8 + 8 + 8 + 4  # its count, where its letters start, its row of the alias table, its keep probability
_LETTERS_PER_WORD = 8  # of a vocabulary that is not known yet


def memory_of(n_words: int, config: TrainConfig, vocab: Vocab | None = None) -> dict[str, int]:
    """Return the bytes of a model's arrays.

    Parameters
    ----------
    n_words : int
    config : TrainConfig
        Rows of `vector_size` are padded; which output rows there are follows from `negative` and `hs`.
    vocab : Vocab, optional
        Tells how long words are.

    Returns
    -------
    dict of str to int
        "vocab", "vectors", "syn1neg" with negatives, and "syn1" with hierarchical softmax.
    """
    letters = _LETTERS_PER_WORD if vocab is None else len(vocab.letters) / len(vocab)
    matrix = 4 * n_words * padded_weights(0, config.vector_size).w_in.shape[1]
    outputs = {"syn1neg": config.negative > 0, "syn1": config.hs}
    sizes = {"vocab": int(n_words * (_BYTES_PER_WORD + letters)), "vectors": matrix}
    return sizes | {name: matrix for name, is_there in outputs.items() if is_there}


class ModelState:
    """Vocabulary, weights, and the vectors that users see.

    What a user does to `wv` counts: `vocab` and `weights` follow it whenever they are asked for.

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

    _as_fasttext = False  # how trees are built

    def __init__(self, vocab: Vocab, weights: Weights, corpus_count: int, epochs_trained: int = 0) -> None:
        self._vocab, self._weights, self._is_training = vocab, weights, False
        self.wv = self._new_vectors()
        self.wv.tree = weights.tree
        self.corpus_count, self.epochs_trained = corpus_count, epochs_trained
        self._n_edits = self._n_handed_out = 0  # the counters of wv when the last training began

    def _new_vectors(self) -> KeyedVectors:
        return KeyedVectors(self._vocab, self._weights.w_in[:, : self._weights.dim], self._vocab.counts)

    @property
    def vocab(self) -> Vocab:
        """Keys and counts; ValueError if `wv` has other rows than the model."""
        self._follow()
        return self._vocab

    @property
    def weights(self) -> Weights:
        """Input and output rows in the order of `vocab`; ValueError if `wv` has other rows than the model."""
        self._follow()
        return self._weights

    def _follow(self) -> None:
        """Take from `wv` what the user has changed: the order of its rows, its matrix, its counts."""
        wv = self.wv
        if wv.n_row_changes:
            self._reorder()
        own = self._weights.w_in[:, : self._weights.dim]
        if wv.matrix.shape != own.shape:
            raise ValueError(f"model.wv.vectors has shape {wv.matrix.shape}, and the weights of the model {own.shape}")
        if (wv.matrix.ctypes.data, wv.matrix.strides) != (own.ctypes.data, own.strides):
            own[:] = wv.matrix
            wv.vectors = own
        if wv.counts is None:
            wv.counts = self._vocab.counts
        elif wv.counts is not self._vocab.counts and not np.array_equal(wv.counts, self._vocab.counts):
            self._vocab = self._vocab.with_counts(wv.counts.copy())

    def _reorder(self) -> None:
        """Bring vocabulary and output rows into the order of the keys of `wv`."""
        row_of = {key: row for row, key in enumerate(self._vocab.keys)}
        order = np.array([row_of.get(key, -1) for key in self.wv.index_to_key], np.int64)
        if not np.array_equal(np.sort(order), np.arange(len(row_of))):
            cure = "grow the model by build_vocab(update=True); to add other vectors, make KeyedVectors of their own"
            raise ValueError(f"model.wv has other keys than the model, which has output vectors for its own; {cure}")
        if self._is_training:
            raise RuntimeError("rows of model.wv cannot be sorted while the model is trained (in a callback)")
        self._vocab, self._weights.on_device = self._vocab.take(order), None
        if len(self._weights.w_out):
            self._weights.w_out[:] = self._weights.w_out[order]
        self._weights.tree = self.wv.tree
        self.wv.n_row_changes = 0

    @contextmanager
    def training(self) -> Iterator[Callable[[], None]]:
        """Enter a training, and yield what to call after callbacks: it takes up what they did to `wv`, or refuses it.

        Raises
        ------
        RuntimeError
            A callback has sorted or added rows, or changed `vectors_lockf`.
        """
        factors, self._is_training = self.weights.rate_in, True

        def follow() -> None:
            self._follow()
            now = self.wv.lock_factors()
            is_same = now is factors if now is None or factors is None else np.array_equal(now, factors)
            if not is_same:
                raise RuntimeError("vectors_lockf was changed while the model is trained; set it between two trainings")

        try:
            yield follow
        finally:
            self._is_training = False

    @classmethod
    def untrained(cls, vocab: Vocab, config: TrainConfig, corpus_count: int) -> ModelState:
        """Return the state before training: input rows drawn from (seed, word), output rows 0."""
        weights = initial_weights(vocab, config.vector_size, config.seed, hs=config.hs, negative=config.negative)
        return cls(vocab, weights, corpus_count)

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
        attributes = KeyedVectors(self.vocab, self.wv.matrix)
        attributes.take_attributes(self.wv)
        return {
            "vocab": self.vocab,
            "weights": (self.wv.matrix, self.weights.tree, self.output_vectors()),
            "corpus_count": self.corpus_count,
            "epochs_trained": self.epochs_trained,
            "attributes": (attributes.expandos, attributes.lock_factors()),
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        w_in, tree, outputs = state["weights"]
        self.__init__(  # type: ignore[misc] # only __init__ makes `wv` a view of the weights
            state["vocab"], weights_of(w_in, tree, **outputs), state["corpus_count"], state["epochs_trained"]
        )
        expandos, lock_factors = state["attributes"]
        self.wv.expandos |= expandos
        if lock_factors is not None:
            self.wv.vectors_lockf = lock_factors

    def copied_into(self, weights: Weights) -> ModelState:
        """Return a copy whose weights are these other arrays of the same shape, so that training can go on."""
        own = self.weights
        for name, matrix in {"w_in": own.w_in, **own.outputs}.items():
            np.copyto(getattr(weights, name), matrix)
        weights.tree = own.tree
        twin = type(self)(self.vocab, weights, self.corpus_count, self.epochs_trained)
        twin.wv.take_attributes(self.wv)
        return twin

    def weights_to_train(self) -> Weights:
        """Return the weights for training, with the lock factors of `wv`.

        Raises
        ------
        ValueError
            `wv` has other rows than the model, or lock factors that are no factors.
        """
        weights = self.weights
        weights.rate_in = self.wv.lock_factors()
        self._n_edits, self._n_handed_out = self.wv.n_edits, self.wv.n_handed_out
        return weights

    def build_tree(self) -> None:
        """Build the Huffman tree of the vocabulary from its counts."""
        self.wv.tree = self._weights.tree = HuffmanTree.of_counts(self.vocab.counts, as_fasttext=self._as_fasttext)

    def output_vectors(self) -> dict[str, FloatArray]:
        """Return the output rows, float32[n_vocab, dim], as read-only views: of "w_out", "w_node", or both."""
        views = {name: matrix[:, : self.weights.dim] for name, matrix in self.weights.outputs.items()}
        for view in views.values():
            view.flags.writeable = False
        return views

    def rows(self) -> dict[str, FloatArray]:
        """Return copies of all rows, float32[n_rows, dim], by the names of the weights, for `restore`."""
        own = self.weights
        return {name: rows[:, : own.dim].copy() for name, rows in {"w_in": own.w_in, **own.outputs}.items()}

    def restore(self, rows: Mapping[str, FloatArray]) -> None:
        """Put back earlier values of all rows."""
        own = self.weights
        for name, matrix in rows.items():
            getattr(own, name)[:, : own.dim] = matrix
        own.on_device = None
        self.note_moves()

    def note_moves(self) -> None:
        """Forget what was computed from the rows, since they have moved."""
        self.wv.norms = None

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

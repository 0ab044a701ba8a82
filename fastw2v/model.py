"""Word2Vec: corpus in, vectors out, under gensim 4's names."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

from fastw2v._engine import Engine, Progress, config_of_call
from fastw2v._gensim_arguments import checked_callbacks, one_corpus, refuse_unsupported
from fastw2v._model_file import read_model, write_model
from fastw2v._nearest import FloatArray
from fastw2v.backends import check_config
from fastw2v.config import TrainConfig
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.trainer import TrainReport
from fastw2v.vocab import Vocab


class Word2Vec(Engine):
    """word2vec trained with negative sampling.

    Give `sentences` or `corpus_file` to train at once; without either, call `build_vocab` and `train`.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        Or of lists of int, a 2-D integer array (a row is a sentence), or a pair (ids, starts) of integer arrays, where
        sentence s is ids[starts[s]:starts[s + 1]]. Integers are keys themselves: `wv[17]`. Arrays may be of any library
        that shares its memory (DLPack, ``__cuda_array_interface__``); with device="cuda" those of the GPU are encoded
        and trained where they lie.
    corpus_file : path, or list of paths, optional
        Text with a sentence on each line and words between whitespace; names may hold wildcards; gzip is unpacked.
    callbacks : sequence, optional
        Objects with gensim's on_train_begin, on_epoch_begin, on_epoch_end or on_train_end (those they have), each
        called with the model. `wv`, what `save` writes and `report` (words, pairs and, with compute_loss, losses of the
        epochs so far) are as they are by then: on a GPU too, from which the weights are copied after each epoch if a
        callback has on_epoch_begin or on_epoch_end. What is written to `wv` during training is lost there.
    progress : callable, optional
        `progress(phase, done, total)`: phase "encode" counts bytes (or tokens), "train" words. Called from any thread,
        but one call at a time; what it raises ends the training. Without it the logger "fastw2v" shows at INFO, about
        once a second, what share of the training is done and how many words a second.
    **knobs
        The fields of `TrainConfig`, under gensim's names and with its defaults: vector_size=100, alpha=0.025,
        window=5, min_count=5, sample=1e-3, seed=1, min_alpha=0.0001, sg=0, negative=5, ns_exponent=0.75, cbow_mean=1,
        epochs=5, shrink_windows=True, max_vocab_size, max_final_vocab, sorted_vocab=1, compute_loss=False; and of our
        own negative_sharing="window", cbow_gradient="sum" and device="auto". Other than in gensim, workers is by
        default as many as there are cores. Only workers=1, on the CPU, makes the result the same bit for bit each time.

    Attributes
    ----------
    wv : KeyedVectors
        The vectors.
    config : TrainConfig
        All knobs; each can be read from the model too, as `model.epochs`.
    vocab : Vocab
        Keys and counts.
    report : TrainReport
        What the last training did: words, pairs, loss, seconds.
    seconds : dict of str to float
        Time of the last "encode", "upload", "compile", "train" and "download".
    corpus_count, corpus_total_words : int
        Sentences with a word of the vocabulary, and all words, of the corpus that the vocabulary is from.
    epochs_trained : int
        Epochs begun since `build_vocab`; further training goes on with fresh random numbers.

    Raises
    ------
    ValueError, TypeError
        A knob is out of its range, the corpus is empty or not what was expected, or an argument of gensim's has no
        counterpart here. Each error says what to do.
    CudaUnavailableError
        device="cuda", and it cannot be used; a RuntimeError.
    MemoryError
        The GPU has too little memory for the model.

    Examples
    --------
    >>> model = Word2Vec(corpus_file="reviews.txt", sg=1, vector_size=100)  # doctest: +SKIP
    >>> model.wv.most_similar("film", topn=3)  # doctest: +SKIP
    """

    wv: KeyedVectors
    vocab: Vocab

    def __init__(
        self,
        sentences: Any = None,  # noqa: ANN401 - whatever `as_corpus` takes
        corpus_file: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        callbacks: Sequence[object] = (),
        progress: Progress | None = None,
        **knobs: Any,  # noqa: ANN401
    ) -> None:
        refuse_unsupported(knobs)
        self.config = TrainConfig(**knobs)
        self.report = TrainReport("none")
        self.seconds: dict[str, float] = {}
        self.corpus_count = self.corpus_total_words = self.epochs_trained = 0
        self._progress = progress
        self._callbacks = checked_callbacks(callbacks)
        if sentences is not None or corpus_file is not None:
            check_config(self.config)
            with self._build(one_corpus(sentences, corpus_file)) as tokens:
                self._train(tokens, self.config, self._callbacks)

    def build_vocab(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        **unsupported: Any,  # noqa: ANN401
    ) -> None:
        """Read a corpus, choose the vocabulary and set up the first weights; arguments as in `Word2Vec`."""
        refuse_unsupported(unsupported, known=())
        check_config(self.config)
        self._build(one_corpus(corpus_iterable, corpus_file)).close()

    def train(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        *,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        compute_loss: bool | None = None,
        callbacks: Sequence[object] | None = None,
        **unsupported: Any,  # noqa: ANN401
    ) -> tuple[int, int]:
        """Train on a corpus, going on from the weights there are.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As in `Word2Vec`; words outside the vocabulary are left out.
        total_examples, total_words : int, optional
            Taken so that gensim's scripts run. gensim estimates its progress by them; here the corpus is counted.
        epochs, start_alpha, end_alpha, compute_loss, callbacks
            In place of the model's own for this call. A `start_alpha` below the model's min_alpha, without `end_alpha`,
            stays as it is to the end.

        Returns
        -------
        kept_words, raw_words : int
            Words trained after, and before, subsampling.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        ValueError
            The corpus shares no word with the vocabulary, or a knob is out of its range.
        """
        refuse_unsupported(unsupported, known=())
        if not hasattr(self, "vocab"):
            raise RuntimeError("there is no vocabulary to train; call build_vocab first, or pass sentences to Word2Vec")
        config = config_of_call(self.config, epochs, start_alpha, end_alpha, compute_loss)
        chosen = self._callbacks if callbacks is None else checked_callbacks(callbacks)
        check_config(config)
        with self._encode_with(one_corpus(corpus_iterable, corpus_file), config) as tokens:
            if tokens.n_tokens == 0:
                raise ValueError("no word of the corpus is in the vocabulary; train on the corpus it was built from")
            self._train(tokens, config, chosen)
        return self.report.kept_words, self.report.raw_words

    @property
    def syn1neg(self) -> FloatArray:
        """The output vectors, by which words are predicted from `wv`, under gensim's name.

        Returns
        -------
        float32[n_vocab, vector_size]
            Row for row as in `wv`; a read-only view, which further training changes. After training on a GPU, and in
            the callbacks of its epochs, they are those brought back from it, as `wv.vectors` are.

        Raises
        ------
        AttributeError
            There is no vocabulary yet.
        """
        view = self._weights.w_out[:, : self._weights.dim]
        view.flags.writeable = False
        return view

    def get_latest_training_loss(self) -> float:
        """Sum of the losses of all pairs in the last training (the mean for each epoch is in `report`).

        Raises
        ------
        RuntimeError
            The last training did not tally the loss.
        """
        if not self.report.loss_per_epoch:
            raise RuntimeError("no loss was tallied; train with compute_loss=True, on sentences of two words or more")
        return self.report.loss

    def save(self, path: str | PathLike[str]) -> None:
        """Save vectors, output weights, counts and configuration as one safetensors file, whole or not at all.

        `Word2Vec.load` goes on training from it; `KeyedVectors.load` reads the vectors alone.

        Raises
        ------
        RuntimeError
            There are no weights yet.
        OSError
            The folder does not exist or cannot be written.
        """
        if not hasattr(self, "vocab"):
            raise RuntimeError("there is nothing to save yet; train the model first")
        state = {"corpus_count": self.corpus_count, "epochs_trained": self.epochs_trained}
        write_model(path, self.config, self.vocab, self.wv, self._weights, state)

    @classmethod
    def load(cls, path: str | PathLike[str], **knobs: Any) -> Word2Vec:  # noqa: ANN401
        """Load what `save` wrote.

        Parameters
        ----------
        path : path
        **knobs
            In place of those saved, such as workers=8 or device="cpu" on another machine.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or holds vectors without the weights that training needs.
        """
        refuse_unsupported(knobs)
        saved, vocab, weights, state = read_model(path)
        if knobs.get("vector_size", weights.dim) != weights.dim:
            raise ValueError(f"vector_size is {knobs['vector_size']}, but the vectors of {path} are {weights.dim} long")
        model = cls(**(saved | knobs))
        model._adopt(vocab, weights, state["corpus_count"], state["epochs_trained"])
        return model

    def __repr__(self) -> str:
        size = len(self.vocab) if hasattr(self, "vocab") else 0
        kind = "skip-gram" if self.config.sg else "CBOW"
        return f"{type(self).__name__}<vocab={size}, vector_size={self.config.vector_size}, {kind}>"

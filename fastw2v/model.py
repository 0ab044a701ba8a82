"""Word2Vec: corpus in, vectors out, under gensim 4's names."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v import formats
from fastw2v._gensim_arguments import refuse_unsupported
from fastw2v._weights import initial_weights, weights_of
from fastw2v.backends import Weights, get_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import text_corpus
from fastw2v.encode import Tokens, encode_corpus, encode_with
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.trainer import TrainReport, train
from fastw2v.vocab import Vocab

Progress = Callable[[str, int, "int | None"], None]


class Word2Vec:
    """word2vec trained with negative sampling.

    Give `sentences` or `corpus_file` to train at once; without either, call `build_vocab` and `train`.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        Or of lists of int, a 2-D integer array (a row is a sentence), or a pair (ids, starts) of integer arrays, where
        sentence s is ids[starts[s]:starts[s + 1]]. Integers are keys themselves: `wv[17]`.
    corpus_file : path, or list of paths, optional
        Text with a sentence on each line and words between whitespace; names may hold wildcards; gzip is unpacked.
    callbacks : sequence, optional
        Objects with gensim's on_train_begin, on_epoch_begin, on_epoch_end or on_train_end (those they have), each
        called with the model.
    progress : callable, optional
        `progress(phase, done, total)`: phase "encode" counts bytes (or tokens), "train" words.
    **knobs
        The fields of `TrainConfig`, under gensim's names and with its defaults: vector_size=100, alpha=0.025,
        window=5, min_count=5, sample=1e-3, seed=1, workers (default: all cores), min_alpha=0.0001, sg=0, negative=5,
        ns_exponent=0.75, cbow_mean=1, epochs=5, shrink_windows=True, max_vocab_size, max_final_vocab, sorted_vocab=1,
        compute_loss=False; and of our own negative_sharing="window", cbow_gradient and device="auto".

    Attributes
    ----------
    wv : KeyedVectors
        The vectors.
    config : TrainConfig
        All knobs.
    vocab : Vocab
        Keys and counts.
    report : TrainReport
        What the last training did: words, pairs, loss, seconds.
    seconds : dict of str to float
        Time of the last "encode", "compile" and "train".

    Raises
    ------
    ValueError, TypeError
        A knob is out of its range, the corpus is empty or not what was expected, or an argument of gensim's has no
        counterpart here. Each error says what to do.

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
        self._progress = progress
        self._callbacks = callbacks
        if sentences is not None or corpus_file is not None:
            with self._build(_one_corpus(sentences, corpus_file)) as tokens:
                self._train(tokens, self.config, callbacks)

    def build_vocab(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: str | PathLike[str] | Sequence[str | PathLike[str]] | None = None,
        **unsupported: Any,  # noqa: ANN401
    ) -> None:
        """Read a corpus, choose the vocabulary and set up the first weights; arguments as in `Word2Vec`."""
        refuse_unsupported(unsupported, known=())
        self._build(_one_corpus(corpus_iterable, corpus_file)).close()

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
            In place of the model's own for this call.

        Returns
        -------
        kept_words, raw_words : int
            Words trained after, and before, subsampling.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        """
        refuse_unsupported(unsupported, known=())
        if not hasattr(self, "vocab"):
            raise RuntimeError("there is no vocabulary to train; call build_vocab first, or pass sentences to Word2Vec")
        own = {"epochs": epochs, "alpha": start_alpha, "min_alpha": end_alpha, "compute_loss": compute_loss}
        config = dataclasses.replace(self.config, **{k: v for k, v in own.items() if v is not None})
        corpus = _one_corpus(corpus_iterable, corpus_file)
        with _Clock(self.seconds, "encode"):
            tokens = encode_with(corpus, self.vocab, workers=config.n_workers, progress=self._phase("encode"))
        with tokens:
            self._train(tokens, config, self._callbacks if callbacks is None else callbacks)
        return self.report.kept_words, self.report.raw_words

    def get_latest_training_loss(self) -> float:
        """Sum of the losses of all pairs in the last training (the mean for each epoch is in `report`).

        Raises
        ------
        RuntimeError
            The last training did not tally the loss.
        """
        if not self.report.loss_per_epoch:
            raise RuntimeError("no loss was tallied; train with compute_loss=True")
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
        dim = self._weights.dim
        tensors = formats.table_tensors(self.wv) | {"w_out": self._weights.w_out[:, :dim]}
        tensors["n_raw_tokens"] = np.array([self.vocab.n_raw_tokens], np.int64)
        formats.write_safetensors(path, tensors, {"config": json.dumps(dataclasses.asdict(self.config))})

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Word2Vec:
        """Load what `save` wrote.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or holds vectors without the weights that training needs.
        """
        tensors, metadata = formats.read_safetensors(formats.existing(path))
        if "w_out" not in tensors or "config" not in metadata:
            raise ValueError(f"{path} holds vectors without output weights; read it with KeyedVectors.load")
        model = cls(**json.loads(metadata["config"]))
        wv = formats.table_of(tensors, Path(path))
        model.vocab = Vocab.from_keys(wv.index_to_key, tensors["counts"], n_raw_tokens=int(tensors["n_raw_tokens"][0]))
        model._adopt(weights_of(wv.vectors, tensors["w_out"]))
        return model

    def _build(self, corpus: Any) -> Tokens:  # noqa: ANN401
        config = self.config
        with _Clock(self.seconds, "encode"):
            vocab, tokens = encode_corpus(
                corpus,
                min_count=config.min_count,
                max_vocab_size=config.max_vocab_size,
                max_final_vocab=config.max_final_vocab,
                sorted_vocab=bool(config.sorted_vocab),
                workers=config.n_workers,
                progress=self._phase("encode"),
            )
        self.vocab = vocab
        self._adopt(initial_weights(vocab, config.vector_size, config.seed))
        return tokens

    def _train(self, tokens: Tokens, config: TrainConfig, callbacks: Sequence[object]) -> None:
        def notify(event: str) -> None:
            for callback in callbacks:
                getattr(callback, event, lambda model: None)(self)

        def on_epoch(event: str, report: TrainReport) -> None:
            self.report = report
            self.wv.norms = None
            notify(f"on_epoch_{event}")

        notify("on_train_begin")
        backend = get_backend(config.device)
        progress = self._phase("train")
        self.report = train(
            backend, config, self.vocab, tokens, self._weights, progress=progress, on_epoch=on_epoch
        )
        self.wv.norms = None
        self.seconds |= {"compile": self.report.compile_seconds, "train": self.report.train_seconds}
        notify("on_train_end")

    def _adopt(self, weights: Weights) -> None:
        self._weights = weights
        self.wv = KeyedVectors(self.vocab.keys, weights.w_in[:, : weights.dim], self.vocab.counts)

    def _phase(self, phase: str) -> Callable[[int, int | None], None] | None:
        progress = self._progress
        return None if progress is None else lambda done, total: progress(phase, done, total)


class _Clock:
    """Writes the seconds spent in a `with` block under a name."""

    def __init__(self, seconds: dict[str, float], name: str) -> None:
        self._seconds = seconds
        self._name = name

    def __enter__(self) -> None:
        self._begun = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._name] = time.perf_counter() - self._begun


def _one_corpus(sentences: Any, corpus_file: Any) -> Any:  # noqa: ANN401
    """Whichever of the two was given."""
    if (sentences is None) == (corpus_file is None):
        given = "neither" if sentences is None else "both"
        raise TypeError(f"expected a corpus either as sentences or as corpus_file, got {given}")
    return sentences if corpus_file is None else text_corpus(corpus_file)

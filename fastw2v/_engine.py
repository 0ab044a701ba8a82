"""What Word2Vec is made of: encoding and training in turn, and the weights that both work on."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from fastw2v._clock import clock, logger
from fastw2v._encode_device import check_device_of
from fastw2v._knobs import KnobReader
from fastw2v._weights import initial_weights, weights_of
from fastw2v.backends import Weights, get_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import as_corpus
from fastw2v.encode import Tokens, encode_corpus, encode_with
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.trainer import TrainReport, train
from fastw2v.vocab import Vocab
from fastw2v.warm import load_encoder

Progress = Callable[[str, int, "int | None"], None]


class Engine(KnobReader):
    """The state of a model and the steps that change it; `Word2Vec` documents both."""

    wv: KeyedVectors
    vocab: Vocab
    report: TrainReport
    seconds: dict[str, float]
    corpus_count: int
    corpus_total_words: int
    epochs_trained: int
    _weights: Weights
    _n_edits: int  # of `wv`, when the last training began
    _progress: Progress | None

    def __getstate__(self) -> dict[str, Any]:
        """For pickle and copy: `wv` and the weights share memory, so they travel as one."""
        state = self.__dict__.copy()
        if state.pop("wv", None) is not None:
            dim = self._weights.dim
            state["_weights"] = self.wv.vectors, self._weights.w_out[:, :dim]
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_weights" in state:
            self._adopt(self.vocab, weights_of(*state["_weights"]), self.corpus_count, self.epochs_trained)

    def device_vectors(self) -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
        """Return the trained vectors where they lie on the GPU, as a CuPy array: neither downloaded nor copied.

        A model that was trained with device="cuda" keeps its input rows there, 4 bytes a number, until
        `release_device_vectors`, `build_vocab` or the next `train`, which uploads `wv` and works in memory of its own;
        before that one has ended, in a callback of its epochs, there are none.
        An array from here is a snapshot: it stays as it is, and keeps its memory for as long as it is held. What is
        written to it reaches neither `wv` nor training. It is no part of a copy, a pickle or a file of the model.

        Returns
        -------
        cupy.ndarray
            float32[n_vocab, vector_size], on the GPU that trained. Rows are padded in memory, so that it is no
            contiguous array: `cupy.ascontiguousarray` copies it to one.

        Raises
        ------
        RuntimeError
            No vectors of this model lie on a GPU, or `wv` has been changed since they were trained. Here as there
            ``fastw2v.nn.to_gpu(model.wv.vectors)`` copies them to it.
        """
        array = self._weights.on_device if "_weights" in self.__dict__ else None
        cure = "fastw2v.nn.to_gpu(model.wv.vectors) copies them there"
        if array is None:
            raise RuntimeError(
                f"no vectors of this model lie on a GPU (last trained on: {self.report.device}); training with "
                'device="cuda" leaves them there until the next, but not in a copy of the model or a loaded one; '
                + cure
            )
        if self.wv.n_edits != self._n_edits:
            raise RuntimeError(f"wv was changed after the vectors on the GPU were trained; {cure} as they are now")
        return array[:, : self._weights.dim]

    def release_device_vectors(self) -> None:
        """Let go of the memory behind `device_vectors`; arrays that were given out keep it until they end too.

        It is returned to CuPy's pool: ``cupy.get_default_memory_pool().free_all_blocks()`` gives it to other libraries.
        """
        if "_weights" in self.__dict__:
            self._weights.on_device = None

    def _build(self, corpus: Any) -> Tokens:  # noqa: ANN401
        config, self.seconds = self.config, {}
        corpus = as_corpus(corpus)
        check_device_of(corpus, config.device)
        with clock(self.seconds, "compile"):
            load_encoder(corpus)
        with clock(self.seconds, "encode"):
            vocab, tokens = encode_corpus(
                corpus,
                min_count=config.min_count,
                max_vocab_size=config.max_vocab_size,
                max_final_vocab=config.max_final_vocab,
                sorted_vocab=bool(config.sorted_vocab),
                workers=config.n_workers,
                progress=self._phase("encode"),
            )
            self._adopt(vocab, initial_weights(vocab, config.vector_size, config.seed), tokens.n_sentences, 0)
        logger.info("vocabulary of %d words, which are %d of %d tokens", len(vocab), tokens.n_tokens, tokens.n_raw)
        return tokens

    def _encode_with(self, corpus: Any, config: TrainConfig) -> Tokens:  # noqa: ANN401
        corpus, self.seconds = as_corpus(corpus), {}
        check_device_of(corpus, config.device)
        with clock(self.seconds, "compile"):
            load_encoder(corpus)
        with clock(self.seconds, "encode"):
            return encode_with(corpus, self.vocab, workers=config.n_workers, progress=self._phase("encode"))

    def _train(self, tokens: Tokens, config: TrainConfig, callbacks: Sequence[object]) -> None:
        def notify(event: str) -> None:
            for callback in callbacks:
                getattr(callback, event, lambda model: None)(self)

        def on_epoch(event: str, report: TrainReport) -> None:
            self.report = report
            self.wv.norms = None
            self.epochs_trained += event == "begin"
            notify(f"on_epoch_{event}")

        notify("on_train_begin")
        weights, self._n_edits = self._current_weights(), self.wv.n_edits
        self.report = train(
            get_backend(config.device),
            config,
            self.vocab,
            tokens,
            weights,
            first_epoch=self.epochs_trained,
            progress=self._phase("train"),
            on_epoch=on_epoch,
            shows_epochs=any(hasattr(callback, f"on_epoch_{e}") for callback in callbacks for e in ("begin", "end")),
        )
        self.wv.norms = None
        self.seconds["compile"] += self.report.compile_seconds
        for phase in ("upload", "train", "download"):
            self.seconds[phase] = getattr(self.report, f"{phase}_seconds")
        notify("on_train_end")
        if not np.isfinite(self.wv.vectors.sum(dtype=np.float64)):
            message = f"training diverged: vectors are not finite; lower alpha (it was {config.alpha:g})"
            warnings.warn(message, RuntimeWarning, stacklevel=3)
        if self.report.stopped_at is not None:
            message = f"stopped by Ctrl-C in {self.report.stopped_at}; the vectors trained so far are kept"
            warnings.warn(message, RuntimeWarning, stacklevel=3)

    def _adopt(self, vocab: Vocab, weights: Weights, corpus_count: int, epochs_trained: int) -> None:
        self.vocab, self._weights = vocab, weights
        wv = KeyedVectors(vocab, weights.w_in[:, : weights.dim], vocab.counts)
        self.__dict__["wv"] = wv  # not by setattr, which refuses another: its rows could be of another order
        self.corpus_count, self.corpus_total_words = corpus_count, vocab.n_raw_tokens
        self.epochs_trained = epochs_trained

    def _current_weights(self) -> Weights:
        """The weights to train; input rows that were put into `wv.vectors` from elsewhere are taken over."""
        weights = self._weights
        own = weights.w_in[:, : weights.dim]
        if _place(self.wv.vectors) != _place(own):
            own[:] = self.wv.vectors
            self.wv.vectors = own
        return weights

    def _phase(self, phase: str) -> Callable[[int, int | None], None] | None:
        progress = self._progress
        return None if progress is None else lambda done, total: progress(phase, done, total)


def _place(array: np.ndarray) -> tuple[int, tuple[int, ...]]:
    """Where in memory an array begins, and its strides."""
    return array.ctypes.data, array.strides


def config_of_call(
    config: TrainConfig,
    epochs: int | None,
    start_alpha: float | None,
    end_alpha: float | None,
    compute_loss: bool | None,
) -> TrainConfig:
    """The model's configuration with what one call of `train` has of its own."""
    own: dict[str, Any] = {"epochs": epochs, "alpha": start_alpha, "compute_loss": compute_loss}
    own["min_alpha"] = 0.0 if end_alpha is None else end_alpha
    chosen = dataclasses.replace(config, **{name: value for name, value in own.items() if value is not None})
    return (
        chosen if end_alpha is not None else dataclasses.replace(chosen, min_alpha=min(chosen.alpha, config.min_alpha))
    )

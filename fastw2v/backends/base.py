"""The interface between the trainer and a device."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.encode import Tokens
from fastw2v.schedule import Span
from fastw2v.vectors.weights import Weights
from fastw2v.vocab import Vocab


class TrainingData(NamedTuple):
    """The corpus, its vocabulary, and the weights that training changes in place."""

    vocab: Vocab
    tokens: Tokens
    weights: Weights

    def noise_table(self, exponent: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the alias table of the negatives: by the counts of the words, or of the contexts of explicit pairs."""
        return self.vocab.with_counts(self.noise_counts()).alias_table(exponent)

    def output_tables(self, config: TrainConfig) -> dict[str, np.ndarray]:
        """Return what a kernel needs to find the output rows of a centre: the noise table, the paths, or both."""
        tables = {}
        if config.negative:
            tables["alias_prob"], tables["alias_id"] = self.noise_table(config.ns_exponent)
        if config.hs and self.weights.tree is not None:
            tables |= {"path_starts": self.weights.tree.path_starts, "path_steps": self.weights.tree.steps()}
        return tables

    def noise_counts(self) -> np.ndarray:
        """Return how often each word is drawn as a negative, before `ns_exponent`: int64[n_vocab]."""
        if not self.tokens.are_pairs:
            return self.vocab.counts
        return np.bincount(self.tokens.ids[1::2], minlength=len(self.vocab))


class Tally(NamedTuple):
    """Counts of some spans: sum of the losses (0 without compute_loss), pairs (CBOW: examples), words kept."""

    loss: float
    pairs: int
    kept: int

    def relative_to(self, mean_weight: float) -> Tally:
        """Return the counts with the losses divided by the mean weight of the centres."""
        return self if mean_weight == 1 else self._replace(loss=self.loss / mean_weight)


class Backend(Protocol):
    """One device.

    The trainer calls `upload` and `compile` once, `train` for each part of an epoch between two pauses, `download` at
    each pause and at the end, and `close` last.

    Attributes
    ----------
    name : str
        Name of the device, for reports.
    span_tokens : int
        Tokens in a span that suit the device; final after `upload`.
    n_workers : int
        Threads of the CPU that train, 1 for a GPU; final after `upload`.
    """

    name: str
    span_tokens: int
    n_workers: int

    def upload(self, config: TrainConfig, data: TrainingData) -> None:
        """Copy corpus, tables and weights to the device, unless it can use the model's own arrays."""

    def compile(self) -> None:
        """Compile the kernel for the uploaded data, or load it from the cache."""

    def train(
        self, spans: Iterable[Span], on_done: Callable[[int], None], on_wait: Callable[[], None] = lambda: None
    ) -> None:
        """Train all spans, and call ``on_done(n_tokens)`` after each; Ctrl-C ends training after the running spans.

        Meanwhile the thread that called this calls `on_wait` about ten times a second.
        """

    def tally(self) -> Tally:
        """Return the counts of all spans since the last call, and set them to 0."""

    def download(self) -> None:
        """Copy the current weights from the device to the uploaded arrays; training may go on."""

    def close(self) -> None:
        """Free the memory on the device. This is the last call; it also follows an `upload` that failed."""


class LossBackend(Backend, Protocol):
    """A device that also measures losses without training.

    Attributes
    ----------
    tally_tokens : int
        Tokens in a span for `tally_each`; it does not depend on the number of workers.
    """

    tally_tokens: int

    def tally_each(self, spans: Iterable[Span]) -> list[Tally]:
        """Return the counts of each span under the current weights, without training.

        The spans have a learning rate of 0. The backend may be asked for nothing else after this.
        """

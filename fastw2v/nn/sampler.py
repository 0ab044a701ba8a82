"""UnigramSampler: negatives by the frequency of words (Mikolov et al. 2013, section 2.2; the book, section 4.2.6)."""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v.nn import _checks
from fastw2v.nn._arrays import contiguous, empty
from fastw2v.nn._dispatch import operation, resolve
from fastw2v.nn._random import Seed, generator, stream_key
from fastw2v.vocab import alias_table, noise_weights

Array = npt.NDArray[Any]
MODES = ("distinct", "iid")


class Sampler(Protocol):
    """What `NegativeSamplingLoss` draws from: `UnigramSampler`, or anything with these three."""

    sample_size: int
    vocab_size: int

    def get_negative_sample(self, target: Array) -> Array:
        """Return int[batch, sample_size] for int[batch]."""
        ...


class UnigramSampler:
    """Draws words in proportion to ``count ** power``.

    Parameters
    ----------
    corpus : int[n_tokens]
        Word ids. They may have gaps: `vocab_size` is the largest id plus one, and an id that does not occur is never
        drawn. (The book counts the different ids, and then is silently wrong.)
    power : float
        Any finite number. Where it is extreme, words whose share float32 cannot hold are never drawn.
    sample_size : int
        Words drawn for each target.
    mode : "distinct" or "iid"
        "distinct", the book's on a CPU: different words, none of them the target, drawn one after the other from those
        that are left. "iid", the book's on a GPU: independent draws, repeated words and the target among them.
    device : str
        "cpu": an alias table, a constant time for each draw; row b of the n-th call is a function of the seed and of
        the rows drawn before it alone. "cuda": the same words, on the GPU. "reference": ``np.random.choice``, row by
        row. "auto": "cpu", or "cuda" if `config.GPU` is set.
    seed : int, RandomState, Generator, optional
        Default: NumPy's global generator, so that ``np.random.seed`` makes draws repeatable.

    Attributes
    ----------
    sample_size, vocab_size : int
    word_p : float64[vocab_size]
        Probability of each word.

    Raises
    ------
    ValueError
        The corpus is empty; fewer words than "distinct" needs; a bad power, sample_size, mode or device.
    TypeError
        The corpus or the targets are no integers; power, sample_size or seed is no number.
    IndexError
        An id of the corpus is negative or beyond int32, or a target outside the vocabulary.
    """

    def __init__(
        self,
        corpus: npt.ArrayLike,
        power: float,
        sample_size: int,
        *,
        mode: str = "distinct",
        device: str = "auto",
        seed: Seed = None,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f'mode is {mode!r}; expected "distinct" or "iid"')
        self.sample_size, self.mode, self.device = _checks.whole("sample_size", sample_size), mode, resolve(device)
        ids, power = _checks.corpus(corpus), number("power", power, float, least=-math.inf, most=math.inf)
        if ids.size == 0:
            raise ValueError("the corpus is empty; expected at least one word id")
        counts = np.bincount(ids.astype(np.int64, copy=False))
        weights = _drawable(noise_weights(counts, power))
        self._check_words(int(np.count_nonzero(counts)), int(np.count_nonzero(weights)), power)
        self.vocab_size, self.word_p = len(counts), weights / np.sum(weights)
        self._rng = generator(seed)
        if self.device != "reference":
            self._alias_prob, self._alias_id = (contiguous(table, self.device) for table in alias_table(weights))
            self._seed, self._n_drawn = stream_key(self._rng), 0

    def _check_words(self, n_words: int, n_drawable: int, power: float) -> None:
        if self.mode == "distinct" and n_drawable <= self.sample_size:
            few = "" if n_drawable == n_words else f", of which power {power:g} leaves {n_drawable} a probability"
            raise ValueError(
                f"sample_size is {self.sample_size} and the corpus has {n_words} different words{few}; "
                f"{self.sample_size} different ones that are not the target need one more: lower sample_size, or take "
                'mode="iid"'
            )

    def get_negative_sample(self, target: npt.ArrayLike) -> Array:
        """Draw `sample_size` words for each target.

        Parameters
        ----------
        target : int[batch]

        Returns
        -------
        int32[batch, sample_size]
        """
        rows = _checks.row_ids(target, self.vocab_size, "target")
        if rows.ndim != 1:
            raise ValueError(f"target has shape {rows.shape}; expected (batch,)")
        return self.draw(rows)

    def draw(self, rows: _checks.Ids) -> Array:
        """Do what `get_negative_sample` does with ids known to be of the vocabulary, int64[batch]."""
        if self.device != "reference":
            return self._draw_compiled(rows)
        return self._draw_distinct(rows) if self.mode == "distinct" else self._draw_iid(rows)

    def _draw_compiled(self, target: _checks.Ids) -> Array:
        target, out = contiguous(target, self.device), empty((len(target), self.sample_size), np.int32, self.device)
        draw = operation("unigram_sampler", self.device)
        is_distinct = self.mode == "distinct"
        draw(
            self._alias_prob,
            self._alias_id,
            target,
            seed=self._seed,
            first_draw=self._n_drawn,
            distinct=is_distinct,
            out=out,
        )
        self._n_drawn += len(target)
        return out

    def _draw_distinct(self, target: _checks.Ids) -> Array:
        negative_sample = np.zeros((len(target), self.sample_size), dtype=np.int32)
        for i in range(len(target)):
            p = self.word_p.copy()
            p[target[i]] = 0
            p /= p.sum()
            negative_sample[i, :] = self._rng.choice(self.vocab_size, size=self.sample_size, replace=False, p=p)
        return negative_sample

    def _draw_iid(self, target: _checks.Ids) -> Array:
        size = (len(target), self.sample_size)
        return self._rng.choice(self.vocab_size, size=size, replace=True, p=self.word_p).astype(np.int32)


def _drawable(weights: Array) -> Array:
    """Return the weights with 0 for those that an alias table, in float32, cannot tell from 0."""
    return np.where((weights / weights.sum()).astype(np.float32) > 0, weights, 0)

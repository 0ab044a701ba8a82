"""UnigramSampler: negatives by the frequency of words (Mikolov et al. 2013, section 2.2)."""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v.nn import checks
from fastw2v.nn.arrays import contiguous, empty
from fastw2v.nn.dispatch import operation, resolve
from fastw2v.nn.seeds import Seed, generator, stream_key
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.vocab import alias_table, noise_weights

MODES = ("distinct", "iid")


class Sampler(Protocol):
    """A source of negatives for `NegativeSamplingLoss`: `UnigramSampler`, or a class with the same three names."""

    sample_size: int
    vocab_size: int

    def get_negative_sample(self, target: Array) -> Array:
        """Return negatives int[batch, sample_size] for target words int[batch]."""
        ...


class UnigramSampler:
    """Draws words in proportion to ``count ** power`` (the book, section 4.2.6).

    Parameters
    ----------
    corpus : int[n_tokens]
        Word ids. An id that does not occur is never drawn, and `vocab_size` is the largest id plus one. (The book
        takes the number of different ids, which is wrong for a corpus with gaps.)
    power : float
        Any finite number. With an extreme power the probability of some words is too small for float32; these are
        never drawn.
    sample_size : int
        Words drawn for each target.
    mode : "distinct" or "iid"
        "distinct": different words, none of them the target, as in the book on a CPU. They are drawn one after the
        other from the words that are left. "iid": independent draws, as in the book on a GPU; words may repeat, and
        the target may be among them.
    device : str
        - "cpu": an alias table; a draw takes the same time for every vocabulary. The words of a row depend only on
          the seed and the number of rows drawn before it.
        - "cuda": the same words, drawn on the GPU.
        - "reference": ``np.random.choice`` for each row, as in the book.
        - "auto": "cpu", or "cuda" if `config.GPU` is True.
    seed : int, RandomState, Generator, optional
        Default: NumPy's global generator, so ``np.random.seed`` makes the draws repeatable.

    Attributes
    ----------
    sample_size, vocab_size : int
    word_p : float64[vocab_size]
        Probability of each word.

    Raises
    ------
    ValueError
        The corpus is empty, or has too few different words for "distinct"; or the power, sample_size, mode or device
        is wrong.
    TypeError
        The corpus or the targets are not integers; power, sample_size or seed is not a number.
    IndexError
        An id of the corpus is negative or beyond int32, or a target is not in the vocabulary.

    Examples
    --------
    >>> from fastw2v.nn import UnigramSampler
    >>> sampler = UnigramSampler([0, 1, 1, 2, 3, 4], 0.75, 2, seed=0)
    >>> sampler.word_p.round(3)
    array([0.176, 0.296, 0.176, 0.176, 0.176])
    >>> negatives = sampler.get_negative_sample([1, 3, 0])
    >>> negatives.shape
    (3, 2)
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
        self.sample_size, self.mode, self.device = checks.whole("sample_size", sample_size), mode, resolve(device)
        ids, power = checks.corpus(corpus), number("power", power, float, least=-math.inf, most=math.inf)
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
            few = (
                "" if n_drawable == n_words else f", {n_drawable} of them with a probability above 0 at power {power:g}"
            )
            raise ValueError(
                f"sample_size is {self.sample_size} and the corpus has {n_words} different words{few}; "
                f"expected at least {self.sample_size + 1}, so that negatives differ from the target and each other: "
                'lower sample_size, or use mode="iid"'
            )

    def get_negative_sample(self, target: npt.ArrayLike) -> Array:
        """Draw `sample_size` words for each target.

        Parameters
        ----------
        target : int[batch]

        Returns
        -------
        int32[batch, sample_size]

        Raises
        ------
        TypeError, ValueError, IndexError
            The targets are not integers, do not have one axis, or are not in the vocabulary.
        """
        rows = checks.row_ids(target, self.vocab_size, "target")
        if rows.ndim != 1:
            raise ValueError(f"target has shape {rows.shape}; expected (batch,)")
        return self.draw(rows)

    def draw(self, rows: Ids) -> Array:
        """Do the same as `get_negative_sample` for checked ids, int64[batch]."""
        if self.device != "reference":
            return self._draw_compiled(rows)
        return self._draw_distinct(rows) if self.mode == "distinct" else self._draw_iid(rows)

    def _draw_compiled(self, target: Ids) -> Array:
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

    def _draw_distinct(self, target: Ids) -> Array:
        negative_sample = np.zeros((len(target), self.sample_size), dtype=np.int32)
        for i in range(len(target)):
            p = self.word_p.copy()
            p[target[i]] = 0
            p /= p.sum()
            negative_sample[i, :] = self._rng.choice(self.vocab_size, size=self.sample_size, replace=False, p=p)
        return negative_sample

    def _draw_iid(self, target: Ids) -> Array:
        size = (len(target), self.sample_size)
        return self._rng.choice(self.vocab_size, size=size, replace=True, p=self.word_p).astype(np.int32)


def _drawable(weights: Array) -> Array:
    """Return the weights, with 0 for those whose share is 0 in float32, the type of the alias table."""
    return np.where((weights / weights.sum()).astype(np.float32) > 0, weights, 0)

"""UnigramSampler: negatives by the frequency of words (Mikolov et al. 2013, section 2.2; the book, section 4.2.6)."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import contiguous, empty
from fastw2v.nn._dispatch import operation, resolve
from fastw2v.nn._random import Seed, generator, stream_key
from fastw2v.vocab import Vocab

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
        Any finite number.
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
    IndexError
        An id of the corpus is negative, or a target outside the vocabulary.
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
        self.sample_size, self.mode, self.device = sample_size, mode, resolve(device)
        counts = np.bincount(_checks.corpus(corpus))
        self._check(int(np.count_nonzero(counts)), power)
        self.vocab_size = len(counts)
        self.word_p = np.zeros(self.vocab_size)
        self.word_p[counts > 0] = np.power(counts[counts > 0], power, dtype=np.float64)
        self.word_p /= np.sum(self.word_p)
        self._rng = generator(seed)
        if self.device != "reference":
            vocab = Vocab.from_ids(np.arange(self.vocab_size), counts)
            self._alias_prob, self._alias_id = (contiguous(a, self.device) for a in vocab.alias_table(power))
            self._seed, self._n_drawn = stream_key(self._rng), 0

    def _check(self, n_words: int, power: float) -> None:
        if self.mode not in MODES:
            raise ValueError(f'mode is {self.mode!r}; expected "distinct" or "iid"')
        if self.sample_size < 1 or not np.isfinite(power):
            raise ValueError(f"sample_size is {self.sample_size} and power {power}; expected at least 1, and finite")
        if n_words == 0:
            raise ValueError("the corpus is empty; expected at least one word id")
        if self.mode == "distinct" and n_words <= self.sample_size:
            raise ValueError(
                f"sample_size is {self.sample_size} and the corpus has {n_words} different words; {self.sample_size} "
                'different ones that are not the target need one more: lower sample_size, or take mode="iid"'
            )

    def get_negative_sample(self, target: npt.ArrayLike) -> Array:
        """Draw `sample_size` words for each target.

        Parameters
        ----------
        target : int[batch]

        Returns
        -------
        int32[batch, sample_size]
            On "cuda" an array of the GPU.
        """
        rows = _checks.row_ids(target, self.vocab_size, "target")
        if rows.ndim != 1:
            raise ValueError(f"target has shape {rows.shape}; expected (batch,)")
        if self.device != "reference":
            return self._draw_compiled(rows)
        return self._draw_distinct(rows) if self.mode == "distinct" else self._draw_iid(rows)

    def _draw_compiled(self, target: _checks.Ids) -> Array:
        target, out = contiguous(target, self.device), empty((len(target), self.sample_size), np.int32, self.device)
        draw = operation("unigram_sampler", self.device)
        is_distinct = self.mode == "distinct"
        draw(self._alias_prob, self._alias_id, target, self._seed, self._n_drawn, is_distinct, out)
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

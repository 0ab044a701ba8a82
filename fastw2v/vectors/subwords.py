"""Which rows of the input matrix each word is made of: its own, and one for each of its character n-grams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v.vocab import Vocab

MOST_NGRAMS = 1 << 19  # of a file without numbers; more for each number of its rows
_END_OF_LINE = b"</s>"  # fastText's word for it, which has no n-grams


class Lists(NamedTuple):
    """Lists of numbers in one array: list k is ``values[starts[k]:starts[k + 1]]``."""

    values: Array
    starts: Array


@dataclass(frozen=True)
class NgramRule:
    """Which character n-grams a word has, and their buckets; as fastText has them.

    Parameters
    ----------
    min_n, max_n : int
        Characters of the shortest and of the longest n-grams, "<" and ">" at the ends of the word included.
    n_buckets : int
        Numbers that n-grams are hashed to. 0, or a max_n below min_n: there are no n-grams.
    """

    min_n: int
    max_n: int
    n_buckets: int

    @property
    def has_ngrams(self) -> bool:
        """Whether words have n-grams at all."""
        return self.n_buckets > 0 and self.max_n >= max(self.min_n, 1)

    def of_words(self, words: Sequence[bytes]) -> Lists:
        """Return the buckets of the n-grams of words: int32[n_ngrams], int64[n_words + 1]."""
        letters = np.frombuffer(b"".join(words), np.uint8)
        return self._hashed(letters, np.cumsum([0, *map(len, words)], dtype=np.int64))

    def of_vocab(self, vocab: Vocab, most: int | None = None) -> Lists:
        """Return the same for the words of a vocabulary; ValueError if there are more than `most`."""
        first = vocab.word_starts[0]
        return self._hashed(vocab.letters[first : vocab.word_starts[-1]], vocab.word_starts - first, most)

    def _hashed(self, letters: Array, word_starts: Array, most: int | None = None) -> Lists:
        from fastw2v_kernels.hash_ngrams.cpu import hash_ngrams_cpu
        from fastw2v_kernels.hash_ngrams.reference import ngram_starts_of

        if not self.has_ngrams:
            return Lists(np.empty(0, np.int32), np.zeros(len(word_starts), np.int64))
        starts = ngram_starts_of(letters, word_starts, min_n=self.min_n, max_n=self.max_n)
        for word in np.flatnonzero(np.diff(word_starts) == len(_END_OF_LINE)):
            if letters[word_starts[word] : word_starts[word + 1]].tobytes() == _END_OF_LINE:
                starts[word + 1 :] -= starts[word + 1] - starts[word]
        if most is not None and starts[-1] > most:
            lengths = f"of {self.min_n} to {self.max_n} characters"
            raise ValueError(f"its words have {starts[-1]:,} n-grams {lengths}; expected {most:,} at most, by its size")
        buckets = np.empty(starts[-1], np.int32)
        hash_ngrams_cpu(
            np.ascontiguousarray(letters),
            word_starts,
            min_n=max(self.min_n, 1),
            max_n=self.max_n,
            n_buckets=self.n_buckets,
            ngram_starts=starts,
            buckets=buckets,
        )
        return Lists(buckets, starts)


@dataclass(frozen=True)
class Subwords:
    """The rows of the input matrix that words are made of. Only n-grams that occur in a word have a row.

    Parameters
    ----------
    rule : NgramRule
    bucket_of_row : int32[n_ngrams]
        The bucket of each row behind those of the words, all different.
    row_ids, row_starts : int32[n_ids], int64[n_vocab + 1]
        The rows of word w are ``row_ids[row_starts[w]:row_starts[w + 1]]``: row w, and those of its n-grams.
    """

    rule: NgramRule
    bucket_of_row: Array
    row_ids: Array
    row_starts: Array

    @classmethod
    def of(
        cls, vocab: Vocab, rule: NgramRule, known: Array | None = None, *, most_ngrams: int | None = None
    ) -> Subwords:
        """Find the n-grams of a vocabulary. Those that occur first get the first rows: frequent words' rows are near.

        Parameters
        ----------
        vocab : Vocab
        rule : NgramRule
        known : int32[n_known], optional
            Buckets that have the first rows behind the words, in this order.
        most_ngrams : int, optional
            ValueError if the words have more n-grams.
        """
        buckets, starts = rule.of_vocab(vocab, most_ngrams)
        known = np.empty(0, np.int32) if known is None else known
        bucket_of_row, row_of_ngram = _by_first_occurrence(np.concatenate([known, buckets]))
        return cls._of_rows(rule, bucket_of_row, Lists(row_of_ngram[len(known) :], starts))

    @classmethod
    def with_all_buckets(cls, vocab: Vocab, rule: NgramRule, *, most_ngrams: int | None = None) -> Subwords:
        """Return the rows of a matrix that has one for each bucket, as those of fastText's files; as `of`."""
        buckets, starts = rule.of_vocab(vocab, most_ngrams)
        return cls._of_rows(rule, np.arange(rule.n_buckets, dtype=np.int32), Lists(buckets, starts))

    @classmethod
    def _of_rows(cls, rule: NgramRule, bucket_of_row: Array, ngrams: Lists) -> Subwords:
        """Join the row of each word and those of its n-grams, counted from the first row behind the words."""
        row_of_ngram, starts = ngrams
        n_vocab, row_starts = len(starts) - 1, starts + np.arange(len(starts))
        row_ids, is_own = np.empty(row_starts[-1], np.int32), np.zeros(row_starts[-1], bool)
        is_own[row_starts[:-1]] = True
        row_ids[is_own] = np.arange(n_vocab)
        row_ids[~is_own] = n_vocab + row_of_ngram
        return cls(rule, bucket_of_row, row_ids, row_starts)

    @property
    def n_vocab(self) -> int:
        """Words."""
        return len(self.row_starts) - 1

    @property
    def n_rows(self) -> int:
        """Rows of the input matrix: of words, and of n-grams that occur."""
        return self.n_vocab + len(self.bucket_of_row)

    def rows_of_buckets(self, buckets: Array) -> Array:
        """Return the row behind those of the words of each bucket, int64[n]; -1 for one that does not occur."""
        order, ordered = self._ordered
        if not len(ordered):
            return np.full(len(buckets), -1)
        at = np.minimum(np.searchsorted(ordered, buckets), len(ordered) - 1)
        return np.where(ordered[at] == buckets, order[at], -1)

    @cached_property
    def _ordered(self) -> tuple[Array, Array]:
        """Rows in the order of their buckets, and these buckets."""
        order = np.argsort(self.bucket_of_row)
        return order, self.bucket_of_row[order]

    def taken(self, order: Array) -> Subwords:
        """Return the lists for the words in another order; rows of n-grams stay where they are."""
        lengths = np.diff(self.row_starts)[order]
        row_starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        at = np.repeat(self.row_starts[:-1][order] - row_starts[:-1], lengths) + np.arange(row_starts[-1])
        row_ids = self.row_ids[at]
        row_ids[row_starts[:-1]] = np.arange(len(order))
        return Subwords(self.rule, self.bucket_of_row, row_ids, row_starts)


def _by_first_occurrence(numbers: Array) -> tuple[Array, Array]:
    """Return the different numbers, int32[n_different], as they first occur, and the place there of each, int32[n].

    They are sorted together with their positions, so that memory does not depend on how large numbers may be.
    """
    order = np.sort(numbers.astype(np.int64) << 32 | np.arange(len(numbers)))
    positions = order & 0xFFFFFFFF
    is_first = np.diff(order >> 32, prepend=-1) > 0
    firsts = np.sort(positions[is_first])
    place_of = np.empty(len(numbers), np.int32)
    place_of[firsts] = np.arange(len(firsts), dtype=np.int32)
    places = np.empty(len(numbers), np.int32)
    places[positions] = np.repeat(place_of[positions[is_first]], np.diff(np.flatnonzero(is_first), append=len(order)))
    return numbers[firsts], places


def draw_ngram_rows(rows: Array, dim: int, buckets: Array, *, seed: int) -> None:
    """Draw the first rows of n-grams, float32[n, stride], uniform in [-1/dim, 1/dim): a function of seed and bucket."""
    draw_word_rows(rows, dim, buckets.astype(np.uint64), seed=seed)


def draw_word_rows(rows: Array, dim: int, hashes: Array, *, seed: int) -> None:
    """Draw the first rows of words with these hashes, uint64[n], as fastText does: uniform in [-1/dim, 1/dim)."""
    from fastw2v_kernels.uniform_rows.cpu import uniform_rows_cpu

    if len(rows):
        uniform_rows_cpu(rows, dim, np.ascontiguousarray(hashes), seed=seed)
        rows *= 2

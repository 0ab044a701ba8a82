"""Vocabulary: the key and count of each row, in arrays without an object per word; and the tables for sampling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import TypeVar

import numpy as np

from fastw2v.runtime.word_bytes import decode_word, encode_word

T = TypeVar("T")
_CHUNK_WORDS = 1 << 16  # of which there are objects at a time
_HASHED_BYTES = 256  # of a word, one by one
_COUNT_16 = np.uint16(0xFFFF)


class EmptyVocabularyError(ValueError, RuntimeError):
    """No word is left for a vocabulary, or there was none. A RuntimeError too, because gensim raises that."""


class Vocab:
    """The key and the count of each row.

    Made by `fastw2v.encode.encode_corpus`, or by the class methods `from_words` (bytes), `from_keys` (str or int) and
    `from_ids`.

    Parameters
    ----------
    counts : int64[n_vocab]
        Occurrences of each key.
    letters, word_starts : uint8[n_bytes], int64[n_vocab + 1]
        The bytes of the word of row r are ``letters[word_starts[r]:word_starts[r + 1]]``, usually UTF-8. Empty for
        integer keys.
    ids : int64[n_vocab], optional
        The integer keys. None: the keys are words.
    n_raw_tokens : int, optional
        Tokens of the corpus, those without a row too. Default: the sum of the counts.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.vocab import Vocab
    >>> vocab = Vocab.from_keys(["to", "be", "or"], np.array([60, 39, 1]))
    >>> vocab.key_to_index["be"], vocab.n_tokens
    (1, 100)
    >>> [round(p, 2) for p in vocab.keep_probabilities(sample=0.01).tolist()]
    [0.15, 0.19, 1.0]
    """

    def __init__(
        self,
        counts: np.ndarray,
        letters: np.ndarray,
        word_starts: np.ndarray,
        *,
        ids: np.ndarray | None = None,
        n_raw_tokens: int | None = None,
    ) -> None:
        self.counts = np.ascontiguousarray(counts, np.int64)
        self.letters, self.word_starts, self.ids = letters, np.asarray(word_starts, np.int64), ids
        self.n_tokens = int(self.counts.sum())
        self.n_raw_tokens = self.n_tokens if n_raw_tokens is None else n_raw_tokens

    @classmethod
    def from_words(cls, words: Sequence[bytes], counts: np.ndarray, *, n_raw_tokens: int | None = None) -> Vocab:
        """Make a vocabulary from words given as bytes; ``counts[r]`` is the count of ``words[r]``.

        ValueError if a word occurs twice. (Two str may differ and yet be the same bytes.)
        """
        return cls(counts, *_joined(words, lambda word: word), n_raw_tokens=n_raw_tokens)

    @classmethod
    def from_ids(cls, ids: np.ndarray, counts: np.ndarray, *, n_raw_tokens: int | None = None) -> Vocab:
        """Make a vocabulary from integer keys; ``counts[r]`` is the count of ``ids[r]``."""
        no_letters, no_starts = np.empty(0, np.uint8), np.zeros(len(ids) + 1, np.int64)
        keys = np.ascontiguousarray(ids, np.int64)
        return cls(counts, no_letters, no_starts, ids=keys, n_raw_tokens=n_raw_tokens)

    @classmethod
    def from_keys(
        cls, keys: Sequence[str] | Sequence[int], counts: np.ndarray, *, n_raw_tokens: int | None = None
    ) -> Vocab:
        """Make a vocabulary from words or integers; ValueError if UTF-8 cannot encode a word."""
        if len(keys) and isinstance(keys[0], str):
            return cls(counts, *_joined(keys, lambda key: encode_word(str(key))), n_raw_tokens=n_raw_tokens)
        return cls.from_ids(np.asarray(keys, np.int64), counts, n_raw_tokens=n_raw_tokens)

    def __len__(self) -> int:
        return len(self.counts)

    @property
    def is_integer(self) -> bool:
        """Whether the keys are integers, not words."""
        return self.ids is not None

    @cached_property
    def keys(self) -> list[str] | list[int]:
        """Key of each row; bytes that are no UTF-8 are private characters, see `fastw2v.runtime.word_bytes`."""
        if self.ids is not None:
            return self.ids.tolist()  # type: ignore[no-any-return]
        letters, starts = self.letters.tobytes(), self.word_starts.tolist()
        return [decode_word(letters[start:end]) for start, end in pairwise(starts)]

    @cached_property
    def key_to_index(self) -> dict[str, int] | dict[int, int]:
        """Row of each key."""
        return dict(zip(self.keys, range(len(self))))  # type: ignore[return-value]

    def words(self, rows: slice) -> list[bytes]:
        """Bytes of the keys in a range of rows; of an integer, its decimal digits."""
        if self.ids is not None:
            return [b"%d" % key for key in self.ids[rows].tolist()]
        first, stop, _ = rows.indices(len(self))
        starts = self.word_starts[first : stop + 1]
        letters, bounds = self.letters[starts[0] : starts[-1]].tobytes(), (starts - starts[0]).tolist()
        return [letters[start:end] for start, end in pairwise(bounds)]

    def take(self, rows: np.ndarray) -> Vocab:
        """Return the vocabulary of some rows, int64[n_rows], in their order; it has the same `n_raw_tokens`."""
        if self.ids is not None:
            return Vocab.from_ids(self.ids[rows], self.counts[rows], n_raw_tokens=self.n_raw_tokens)
        lengths = np.diff(self.word_starts)[rows]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        letter_at = np.repeat(self.word_starts[rows] - starts[:-1], lengths) + np.arange(starts[-1])
        return Vocab(self.counts[rows], self.letters[letter_at], starts, n_raw_tokens=self.n_raw_tokens)

    def with_counts(self, counts: np.ndarray) -> Vocab:
        """Return the same keys with other counts, int64[n_vocab]; it has the same `n_raw_tokens`."""
        return Vocab(counts, self.letters, self.word_starts, ids=self.ids, n_raw_tokens=self.n_raw_tokens)

    def key_hashes(self) -> np.ndarray:
        """Return a 64-bit hash of each key, the same in every vocabulary: FNV-1a of a word's bytes, or the integer.

        FNV-1a goes on byte by byte, so it has only the first bytes of a long word; the rest counts by its BLAKE2 hash.

        Returns
        -------
        uint64[n_vocab]
        """
        if self.ids is not None:
            return self.ids.astype(np.uint64)
        lengths = np.diff(self.word_starts)
        longest_first = np.argsort(-lengths, kind="stable")
        n_longer = np.searchsorted(-lengths[longest_first], -np.arange(min(lengths.max(initial=0), _HASHED_BYTES)))
        hashes = np.full(len(self), 0xCBF29CE484222325, np.uint64)
        for byte_pos, n_rows in enumerate(n_longer):
            rows = longest_first[:n_rows]
            hashes[rows] = (hashes[rows] ^ self.letters[self.word_starts[rows] + byte_pos]) * np.uint64(0x100000001B3)
        for row in np.flatnonzero(lengths > _HASHED_BYTES):
            rest = self.letters[self.word_starts[row] + _HASHED_BYTES : self.word_starts[row + 1]]
            hashes[row] ^= np.frombuffer(blake2b(rest.tobytes(), digest_size=8).digest(), "<u8")[0]
        return hashes

    def keep_probabilities(self, sample: float) -> np.ndarray:
        """Return the probability that subsampling keeps a token, for each row.

        ``min(1, sqrt(t / f) + t / f)`` with ``f = count / n_tokens``, as word2vec.c computes it (the paper, Mikolov et
        al. 2013, section 2.3, has the square root alone).

        Parameters
        ----------
        sample : float
            The threshold t; 0 keeps every token.

        Returns
        -------
        float32[n_vocab]
        """
        if not sample >= 0:
            raise ValueError(f"sample is {sample}; expected a number >= 0 (0 turns subsampling off)")
        if sample == 0:
            return np.ones(len(self), np.float32)
        ratio = sample * self.n_tokens / np.maximum(self.counts, 1)
        return np.minimum(1, np.sqrt(ratio) + ratio).astype(np.float32)

    def alias_table(self, exponent: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the alias table of the noise distribution, ``P ~ count ** exponent``; rows of count 0 are never drawn.

        To draw a row, take ``u`` uniform in [0, n_vocab) and ``i = int(u)``; the row is i if ``u - i < alias_prob[i]``,
        else ``alias_id[i]``.

        Parameters
        ----------
        exponent : float
            Any finite number. 0 is uniform over the keys that occur; a negative one prefers rare keys.

        Returns
        -------
        alias_prob : float32[n_vocab]
        alias_id : int32[n_vocab]

        Raises
        ------
        ValueError
            The exponent is not finite, or no key occurs.
        """
        if not np.isfinite(exponent):
            raise ValueError(f"ns_exponent is {exponent}; expected a finite number, such as 0.75")
        if not self.counts.any():
            raise ValueError("no noise distribution: every count is 0; give the vocabulary its counts")
        return alias_table(noise_weights(self.counts, exponent))


def select_words(
    counts: np.ndarray, *, min_count: int, max_final_vocab: int | None = None, sorted_vocab: bool = True
) -> np.ndarray:
    """Choose the words of the vocabulary, and the order of its rows.

    Parameters
    ----------
    counts : int64[n_words]
        Occurrences of each word, in the order of first occurrence.
    min_count : int
        Words seen less often get no row.
    max_final_vocab : int, optional
        The most rows: `min_count` is raised until it holds. Words of equal count are all in or all out.
    sorted_vocab : bool
        True: rows by falling count, equal counts by first occurrence. False: rows by first occurrence.

    Returns
    -------
    int64[n_vocab]
        For each row, the position of its word in `counts`.

    Raises
    ------
    EmptyVocabularyError
        No word is left.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.vocab import select_words
    >>> select_words(np.array([3, 9, 1, 4]), min_count=2).tolist()
    [1, 3, 0]
    """
    threshold = max(1, min_count)
    if max_final_vocab is not None:
        threshold = max(threshold, count_threshold(counts, max_final_vocab))
    is_kept = counts >= threshold
    if not is_kept.any():
        raise EmptyVocabularyError(_empty_vocabulary(counts, min_count, max_final_vocab))
    if sorted_vocab and is_kept.all():  # then the counts need not be copied, which takes longer than to sort them
        return by_falling_count(counts)
    chosen = np.flatnonzero(is_kept)
    return chosen[by_falling_count(counts[chosen])] if sorted_vocab else chosen


def count_threshold(counts: np.ndarray, n_max: int) -> int:
    """Return the smallest count c >= 1 such that at most `n_max` words have a count of c or more."""
    if n_max >= len(counts):
        return 1
    first_out = len(counts) - 1 - max(0, n_max)
    return int(np.partition(counts, first_out)[first_out]) + 1


def by_falling_count(counts: np.ndarray) -> np.ndarray:
    """Return the order by falling count, stably: int64[n_words].

    NumPy sorts 16-bit integers fast, by radix sort; the few larger counts are then sorted among themselves.
    """
    missing = np.empty(len(counts), np.uint16)  # written at once: an array of int64 in between would be new memory
    np.minimum(counts, _COUNT_16, out=missing, casting="unsafe")
    order = np.argsort(np.subtract(_COUNT_16, missing, out=missing), kind="stable")
    n_large = np.count_nonzero(counts >= _COUNT_16)
    large = order[:n_large]
    order[:n_large] = large[np.argsort(-counts[large], kind="stable")]
    return order


def _empty_vocabulary(counts: np.ndarray, min_count: int, max_final_vocab: int | None) -> str:
    """Return the message of the error that no word is left."""
    if len(counts) == 0:
        return "the corpus has no words: expected at least one token; check the path or the list that was passed"
    largest, limits = int(counts.max()), f"min_count={min_count}"
    if largest >= min_count:
        limits += f" and max_final_vocab={max_final_vocab} (words of equal count are all in or all out)"
    return (
        f"empty vocabulary: {len(counts):,} distinct words in {int(counts.sum()):,} tokens, the most frequent seen "
        f"{largest:,} times; none is left by {limits}; lower min_count, raise max_final_vocab, or pass more text"
    )


def _joined(words: Sequence[T], to_bytes: Callable[[T], bytes]) -> tuple[np.ndarray, np.ndarray]:
    """Return the letters of different words, uint8[n_bytes], and where each starts; ValueError if one occurs twice.

    Done by chunks, and doubled words are looked for by hash: a bytes object and an entry of a set for each of five
    million words would take half a gigabyte.
    """
    letters, starts, hashes = bytearray(), np.zeros(len(words) + 1, np.int64), np.empty(len(words), np.int64)
    for first in range(0, len(words), _CHUNK_WORDS):
        chunk = [to_bytes(word) for word in words[first : first + _CHUNK_WORDS]]
        letters += b"".join(chunk)
        starts[first + 1 : first + 1 + len(chunk)] = np.fromiter(map(len, chunk), np.int64, len(chunk))
        hashes[first : first + len(chunk)] = np.fromiter(map(hash, chunk), np.int64, len(chunk))
    hashes.sort()
    if (hashes[1:] == hashes[:-1]).any():
        _refuse_doubled([to_bytes(word) for word in words])
    return np.frombuffer(letters, np.uint8), np.cumsum(starts)


def _refuse_doubled(words: list[bytes]) -> None:
    twice = next((word for word, n_rows in Counter(words).items() if n_rows > 1), None)
    if twice is not None:
        raise ValueError(f"the word {twice!r} occurs twice; every row needs a different word")


def noise_weights(counts: np.ndarray, exponent: float) -> np.ndarray:
    """Return ``count ** exponent`` scaled so that the largest is 1, float64[n_vocab]; 0 for a count of 0.

    The scaling keeps large exponents from overflowing: small weights become 0 instead.
    """
    occurs = counts > 0
    present = counts[occurs].astype(np.float64)
    weights = np.zeros(len(counts))
    weights[occurs] = (present / (present.max() if exponent > 0 else present.min())) ** exponent
    return weights


def alias_table(weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return Vose's alias table of a distribution, made without a loop.

    The method is that of Hübschle-Schneider and Sanders, Parallel Weighted Random Sampling, 2019. Columns lighter than
    the mean are filled up from the heavier columns, both in order. The cumulative sums of what the light columns lack
    and of what the heavy columns have to spare tell which heavy column fills which light one. A heavy column that gives
    more than it can spare is filled up by the next heavy one. The sums are integers, so that rounding errors do not add
    up over a million columns.

    Parameters
    ----------
    weights : float64[n_vocab]
        Not negative, with a positive sum.

    Returns
    -------
    alias_prob : float32[n_vocab]
    alias_id : int32[n_vocab]
    """
    share = weights * (len(weights) / weights.sum())
    alias_prob, alias_id = np.minimum(share, 1.0), np.arange(len(weights))
    light, heavy = np.flatnonzero(share < 1), np.flatnonzero(share > 1)
    if not (light.size and heavy.size):
        return np.ones(len(weights), np.float32), alias_id.astype(np.int32)
    scale = 2.0 ** (62 - len(weights).bit_length())
    lacking, spare = (np.cumsum(np.rint(x * scale).astype(np.int64)) for x in (1 - share[light], share[heavy] - 1))
    lacking_before = np.concatenate([[0], lacking[:-1]])
    giver = np.searchsorted(spare, lacking_before, side="right")
    alias_id[light] = heavy[np.minimum(giver, heavy.size - 1)]
    last_taker = np.searchsorted(lacking, spare[:-1], side="right")
    overdrawn = (lacking[np.minimum(last_taker, light.size - 1)] - spare[:-1]) / scale
    alias_prob[heavy[:-1]] = 1 - np.clip(overdrawn, 0, 1)
    alias_id[heavy[:-1]] = heavy[1:]
    return alias_prob.astype(np.float32), alias_id.astype(np.int32)

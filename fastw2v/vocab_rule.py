"""VocabRule: which of the counted keys get a row, and in which order; and the report of what a rule would keep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.runtime.arrays import Array
from fastw2v.vocab import EmptyVocabularyError, Vocab, by_falling_count, count_threshold, select_words

logger = logging.getLogger("fastw2v")
_SMALL_CORPUS = 100_000  # tokens

RULE_DEFAULT, RULE_DISCARD, RULE_KEEP = range(3)  # the numbers of gensim.utils

TrimRule = Callable[[Any, int, int], "int | None"]
"""``trim_rule(key, count, min_count)`` returns one of the three numbers above; None is RULE_DEFAULT."""

Keys = Callable[[], Sequence[Any]]
"""Makes the list of keys, which only a `TrimRule` needs."""


@dataclass(frozen=True)
class VocabRule:
    """Which of the counted keys get a row, and in which order.

    Parameters
    ----------
    min_count : int
        Keys seen less often get no row. 0 with integer keys: every id from 0 to the largest gets one, row = id.
    max_final_vocab : int, optional
        The most rows: `min_count` is raised until it holds.
    sorted_vocab : bool
        True: rows by falling count, equal counts by first occurrence. False: rows by first occurrence.
    trim_rule : callable, optional
        ``trim_rule(key, count, min_count)``, called once for each key, decides instead of `min_count`: RULE_KEEP (2),
        RULE_DISCARD (1), or RULE_DEFAULT (0) or None for what `min_count` says.

    Raises
    ------
    TypeError
        `trim_rule` cannot be called.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.vocab_rule import RULE_DEFAULT, RULE_DISCARD, VocabRule
    >>> rule = VocabRule(min_count=2, trim_rule=lambda word, *_: RULE_DISCARD if word == "the" else RULE_DEFAULT)
    >>> rule.order(np.array([9, 1, 3, 4]), lambda: ["the", "a", "film", "plot"]).tolist()
    [3, 2]
    """

    min_count: int = 5
    max_final_vocab: int | None = None
    sorted_vocab: bool = True
    trim_rule: TrimRule | None = None

    def __post_init__(self) -> None:
        if self.trim_rule is not None and not callable(self.trim_rule):
            kind, signature = type(self.trim_rule).__name__, "trim_rule(word, count, min_count)"
            raise TypeError(f"trim_rule is a {kind}, {self.trim_rule!r}; expected a function {signature} -> 0, 1 or 2")

    @classmethod
    def of(cls, config: TrainConfig, trim_rule: TrimRule | None = None) -> VocabRule:
        """Return the rule of a model's options."""
        return cls(config.min_count, config.max_final_vocab, bool(config.sorted_vocab), trim_rule)

    def keeps_every_id(self, is_integer: bool) -> bool:
        """Whether every integer from 0 to the largest gets a row.

        Raises
        ------
        ValueError
            Another option would leave some of them out.
        """
        if not (is_integer and self.min_count == 0):
            return False
        for name in ("max_final_vocab", "trim_rule"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name} drops ids and min_count=0 keeps all; use min_count=1, or drop {name}")
        return True

    def effective_min_count(self, counts: Array) -> int:
        """Return `min_count`, raised so far that at most `max_final_vocab` of these counts reach it."""
        if self.max_final_vocab is None:
            return self.min_count
        return max(self.min_count, count_threshold(counts, self.max_final_vocab))

    def keeps(self, counts: Array, keys: Keys) -> Array:
        """Return which keys get a row.

        Parameters
        ----------
        counts : int64[n_keys]
        keys : callable
            Returns the key of each count.

        Returns
        -------
        bool[n_keys]

        Raises
        ------
        ValueError
            `trim_rule` returned something that is none of the three numbers.
        """
        threshold = self.effective_min_count(counts)
        kept: Array = counts >= max(1, threshold)
        if self.trim_rule is None:
            return kept
        asked = zip(keys(), counts.tolist(), kept.tolist())
        decided = (_decision(self.trim_rule(key, n, threshold), key, default=by_count) for key, n, by_count in asked)
        return np.fromiter(decided, np.bool_, len(counts))

    def order(self, counts: Array, keys: Keys) -> Array:
        """Return for each row the position of its key: int64[n_rows]; takes and raises what `keeps` does.

        Raises
        ------
        EmptyVocabularyError
            No key is left.
        """
        if self.trim_rule is None or len(counts) == 0:
            limits = {"min_count": self.min_count, "max_final_vocab": self.max_final_vocab}
            return select_words(counts, sorted_vocab=self.sorted_vocab, **limits)  # type: ignore[arg-type]
        return self.sorted_rows(counts, self.keeps(counts, keys))

    def sorted_rows(self, counts: Array, kept: Array) -> Array:
        """Return what `order` does, given what `keeps` returned."""
        chosen = np.flatnonzero(kept)
        if chosen.size == 0:
            limits = f"min_count={self.min_count} and max_final_vocab={self.max_final_vocab}"
            limits, cure = (limits, "") if self.trim_rule is None else (f"{limits} and trim_rule", " (or RULE_KEEP)")
            raise EmptyVocabularyError(
                f"empty vocabulary: {limits} leave none of {len(counts):,} words, the most frequent seen "
                f"{counts.max(initial=0):,} times; lower min_count{cure}, or pass more text"
            )
        return chosen[by_falling_count(counts[chosen])] if self.sorted_vocab else chosen

    def choose(self, raw: Vocab) -> tuple[Vocab, Array]:
        """Return raw counts, with a row for every id if this rule keeps every id, and which of their keys it keeps."""
        if self.keeps_every_id(raw.is_integer):
            raw = every_id(raw)
            return raw, np.ones(len(raw), np.bool_)
        return raw, self.keeps(raw.counts, lambda: raw.keys)

    def vocab_of(self, raw: Vocab, kept: Array) -> Vocab:
        """Make the vocabulary, given what `choose` returned."""
        return raw if self.keeps_every_id(raw.is_integer) else raw.take(self.sorted_rows(raw.counts, kept))


def _decision(answer: int | None, key: object, *, default: bool) -> bool:
    """Turn the answer of a trim_rule into whether the key is kept."""
    if answer is None or answer == RULE_DEFAULT:
        return default
    if answer not in (RULE_DISCARD, RULE_KEEP):
        numbers = "RULE_DEFAULT (0), RULE_DISCARD (1) or RULE_KEEP (2)"
        raise ValueError(f"trim_rule returned {answer!r} for {key!r}; expected {numbers}, as in gensim.utils")
    return answer == RULE_KEEP


def every_id(raw: Vocab) -> Vocab:
    """Return integer counts with a row for every id from 0 to the largest."""
    ids = np.asarray(raw.ids)
    counts = np.zeros(int(ids.max()) + 1, np.int64)
    counts[ids] = raw.counts
    return Vocab.from_ids(np.arange(len(counts)), counts, n_raw_tokens=raw.n_raw_tokens)


def retention_report(counts: Array, kept: Array, sample: float) -> dict[str, int]:
    """Return gensim's report of what a rule and subsampling would leave of a corpus.

    Parameters
    ----------
    counts, kept : int64[n_keys], bool[n_keys]
        Occurrences of each key, and whether it gets a row.
    sample : float
        Subsampling threshold.

    Returns
    -------
    dict of str to int
        "drop_unique": keys without a row. "retain_total": occurrences of the others. "downsample_unique": keys of
        which subsampling leaves out some occurrences. "downsample_total": occurrences that are left, as expected.
        "num_retained_words": keys with a row.
    """
    retained = counts[kept].astype(np.float64)
    total = retained.sum()
    ratio = sample * total / np.maximum(retained, 1)
    keep_probabilities = np.minimum(1, np.sqrt(ratio) + ratio) if sample else np.ones(len(retained))  # as Vocab's
    return {
        "drop_unique": len(counts) - len(retained),
        "retain_total": int(total),
        "downsample_unique": int(np.count_nonzero(keep_probabilities < 1)),
        "downsample_total": int((keep_probabilities * retained).sum()),
        "num_retained_words": len(retained),
    }


def log_subsampling(vocab: Vocab, sample: float) -> None:
    """Log how many words of the corpus subsampling leaves, as expected; warn if it leaves little of a small corpus.

    Frequencies say little in a small corpus: in thirty different words each has a share of 3 %, as "the".
    """
    n_words = vocab.n_tokens
    if sample == 0 or n_words == 0:
        return
    n_left = float(vocab.keep_probabilities(sample).astype(np.float64) @ vocab.counts)
    logger.info("sample=%g leaves about %d words of each epoch (%.1f %%)", sample, n_left, 100 * n_left / n_words)
    if n_words < _SMALL_CORPUS and n_left < n_words / 2:
        dropped = 100 * (1 - n_left / n_words)
        logger.warning("sample=%g drops %.0f %% of %d words; pass sample=0", sample, dropped, n_words)

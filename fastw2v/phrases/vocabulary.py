"""Words and phrases with their counts, by their strings, made of word ids.

A phrase is known by its string, as in gensim: "new_york" as one token and "new", "york" as two are the same entry.
Strings are not made here but where that can happen. A word is *plain* if it holds no character of the delimiter. A
string of plain words comes from one sequence of words only, so its ids identify it. All other entries are *odd*, and
few in most corpora: their strings are keys of the dict `odd`, which also takes over the plain entries of equal string.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from fastw2v.phrases.counting import WordCounts
from fastw2v.runtime.arrays import Array
from fastw2v_kernels.count_bigrams.reference import COUNT, LEFT, POSITION, PREFIX, RIGHT


class PhraseVocabulary:
    """Counts of tokens by their strings.

    Parameters
    ----------
    counted : WordCounts
        Its delimiter is not empty.

    Attributes
    ----------
    odd : dict of str to list of int
        Count and place of entries whose string is needed to know them. The place is where in the order of gensim's
        vocabulary an entry is.
    """

    def __init__(self, counted: WordCounts) -> None:
        self.counted, self._delimiter = counted, counted.delimiter
        self.odd: dict[str, list[int]] = {}
        self._left, self._right, self._positions, self._counts = _joined(counted.parts)
        odd_word = counted.is_odd
        self._first, is_odd = self._walk_to_first_words(odd_word)
        self._plain_words = ~odd_word & ~counted.is_connector
        self._plain = ~counted.is_connector[self._right] & ~is_odd
        self._collect_odd(np.flatnonzero(odd_word & ~counted.is_connector), ~counted.is_connector[self._right] & is_odd)

    def __len__(self) -> int:
        return int(self._plain_words.sum() + self._plain.sum()) + len(self.odd)

    def count(self, token: str) -> int:
        """Return how often a word or phrase occurs, 0 if never."""
        if token in self.odd:
            return self.odd[token][0]
        parts = token.split(self._delimiter)
        word = self.counted.ids.get(token)
        if len(parts) == 1:
            return 0 if word is None or not self._plain_words[word] else int(self.counted.counts[word])
        entry = self._find(parts)
        return 0 if entry < 0 else int(self._counts[entry])

    def as_dict(self) -> dict[str, int]:
        """Return all counts, in the order of gensim's vocabulary: each word, then the phrase that it ends."""
        words, entries = np.flatnonzero(self._plain_words), np.flatnonzero(self._plain)
        tokens = [*map(self.counted.words.__getitem__, words.tolist()), *self._strings(entries), *self.odd]
        odd = np.array([*self.odd.values()], np.int64).reshape(-1, 2)
        counts = np.concatenate([self.counted.counts[words], self._counts[entries], odd[:, 0]])
        order = np.argsort(np.concatenate([2 * self.counted.positions[words], self._places(entries), odd[:, 1]]))
        return dict(zip(map(tokens.__getitem__, order.tolist()), counts[order].tolist()))

    def plain_counts(self) -> tuple[Array, Array, Array]:
        """Return the counts of the first word, of the last word and of the phrase, for each plain phrase."""
        entries = np.flatnonzero(self._plain)
        words = self.counted.counts
        return words[self._first[entries]], words[self._right[entries]], self._counts[entries]

    def plain_phrases(self, chosen: Array) -> Iterator[tuple[str, int]]:
        """Yield string and place of the plain phrases where `chosen` (bool[n]) is true."""
        entries = np.flatnonzero(self._plain)[chosen]
        return zip(self._strings(entries), self._places(entries).tolist())

    def _places(self, entries: Array) -> Array:
        return 2 * self._positions[entries] + 1

    def _strings(self, entries: Array) -> Iterator[str]:
        """Yield the strings of entries."""
        words, delimiter = self.counted.words, self._delimiter
        for left, right in zip(self._left[entries].tolist(), self._right[entries].tolist()):
            before = words[left] if left < PREFIX else self._prefix_strings[left - PREFIX]
            yield f"{before}{delimiter}{words[right]}"

    @cached_property
    def _prefix_strings(self) -> dict[int, str]:
        """Strings of the prefixes; each comes after the one that it continues."""
        strings: dict[int, str] = {}
        words = self.counted.words
        for entry in np.flatnonzero(self.counted.is_connector[self._right]).tolist():
            left, right = int(self._left[entry]), words[self._right[entry]]
            before = words[left] if left < PREFIX else strings[left - PREFIX]
            strings[entry] = f"{before}{self._delimiter}{right}"
        return strings

    def _walk_to_first_words(self, odd_word: Array) -> tuple[Array, Array]:
        """Return the first word of each entry, and whether one of its words is odd."""
        first, is_odd = self._left.copy(), odd_word[self._right]
        while (inside := np.flatnonzero(first >= PREFIX)).size:
            prefix = first[inside] - PREFIX
            is_odd[inside] |= odd_word[self._right[prefix]]
            first[inside] = self._left[prefix]
        return first, is_odd | odd_word[first]

    def _collect_odd(self, words: Array, is_odd_phrase: Array) -> None:
        """Fill `odd`, and let it take over the plain phrases that have a string in it."""
        phrases = np.flatnonzero(is_odd_phrase)
        names = map(self.counted.words.__getitem__, words.tolist())
        self._add_odd(names, self.counted.counts[words], 2 * self.counted.positions[words])
        self._add_odd(self._strings(phrases), self._counts[phrases], self._places(phrases))
        for token in list(self.odd):
            entry = self._find(token.split(self._delimiter))
            if entry >= 0:
                self._plain[entry] = False
                self._add_odd(iter([token]), self._counts[[entry]], self._places(np.array([entry])))

    def _add_odd(self, tokens: Iterator[str], counts: Array, places: Array) -> None:
        for token, count, place in zip(tokens, counts.tolist(), places.tolist()):
            known = self.odd.setdefault(token, [0, place])
            known[:] = known[0] + count, min(known[1], place)

    @cached_property
    def _sorted_pairs(self) -> tuple[Array, Array]:
        """All pairs as one number each, sorted, and their entries."""
        pairs = (self._left.astype(np.uint64) << np.uint64(32)) | self._right.astype(np.uint64)
        order = np.argsort(pairs)
        return pairs[order], order

    def _find(self, parts: list[str]) -> int:
        """Return the entry of a plain phrase of these words, -1 if there is none."""
        ids = [self.counted.ids.get(part, -1) for part in parts]
        if len(ids) < 2 or min(ids) < 0:
            return -1
        pairs, entry_of = self._sorted_pairs
        left, entry = ids[0], -1
        for right in ids[1:]:
            pair = np.uint64((left << 32) | right)
            at = int(np.searchsorted(pairs, pair))
            if at == len(pairs) or pairs[at] != pair:
                return -1
            entry = int(entry_of[at])
            left = PREFIX + entry
        return entry if self._plain[entry] else -1


def _joined(parts: list[Array]) -> tuple[Array, Array, Array, Array]:
    """Return the columns of all entries; the numbers of prefixes count on from part to part."""
    entries, n_before = np.concatenate(parts), 0
    for part in parts:
        lefts = entries[n_before : n_before + len(part), LEFT]
        lefts[lefts >= PREFIX] += n_before
        n_before += len(part)
    left, right, positions, counts = (np.ascontiguousarray(entries[:, n]) for n in (LEFT, RIGHT, POSITION, COUNT))
    return left, right, positions, counts

"""Counts of shards joined to those of the whole corpus, with the words in the order in which one machine meets them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from fastw2v.corpus.joined import QUOTE_BYTE, quoted, unquoted_words
from fastw2v.runtime.arrays import Array
from fastw2v.vocab import Vocab
from fastw2v_kernels.encode import padded_size

if TYPE_CHECKING:
    from fastw2v.encode.word_table import WordTable

_CHUNK_WORDS = 1 << 16  # of which there are objects at a time
_SPECIAL = [QUOTE_BYTE, *b" \t\n\r\v\f"]


class Joined(NamedTuple):
    """The words of all shards.

    Attributes
    ----------
    raw : Vocab
        By first occurrence in the corpus, with the counts of the whole.
    word_of : list of int32[n_words of the shard]
        For each shard, where its words are in `raw`.
    """

    raw: Vocab
    word_of: list[Array]


def join_counts(shards: list[Vocab | None]) -> Joined:
    """Join the words and counts of shards, in the order of the corpus.

    Parameters
    ----------
    shards : list of Vocab, or None for a shard without a token
        Words by first occurrence in the shard.

    Raises
    ------
    TypeError
        Some shards hold integers, others words.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed.counting import join_counts
    >>> from fastw2v.vocab import Vocab
    >>> first = Vocab.from_words([b"b", b"a"], np.array([1, 2]))
    >>> joined = join_counts([first, Vocab.from_words([b"c", b"a"], np.array([1, 1]))])
    >>> joined.raw.keys, joined.raw.counts.tolist(), joined.word_of[1].tolist()
    (['b', 'a', 'c'], [1, 3, 1], [2, 1])
    """
    found = [shard for shard in shards if shard is not None]
    if len({shard.is_integer for shard in found}) > 1:
        raise TypeError("some files of the corpus hold integers and others words; expected one kind")
    n_raw = sum(shard.n_raw_tokens for shard in found)
    join = _join_integers if found and found[0].is_integer else _join_words
    keys, word_of = join(found)
    counts = np.zeros(len(keys), np.int64)
    for shard, places in zip(found, word_of):
        counts[places] += shard.counts
    raw = Vocab(counts, keys.letters, keys.word_starts, ids=keys.ids, n_raw_tokens=n_raw)
    places_left = iter(word_of)
    return Joined(raw, [np.empty(0, np.int32) if shard is None else next(places_left) for shard in shards])


def _join_integers(shards: list[Vocab]) -> tuple[Vocab, list[Array]]:
    ids = np.concatenate([np.asarray(shard.ids) for shard in shards])
    distinct, first, inverse = np.unique(ids, return_index=True, return_inverse=True)
    order = np.argsort(first)
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    ends = np.cumsum([len(shard) for shard in shards])
    return Vocab.from_ids(distinct[order], np.zeros(len(order))), np.split(place[inverse], ends[:-1])


def _join_words(shards: list[Vocab]) -> tuple[Vocab, list[Array]]:
    from fastw2v.encode.word_table import WordTable  # here, since it loads Numba

    table = WordTable()
    word_of = [_places(table, shard) for shard in shards]
    letters, starts = unquoted_words(*table.words(np.arange(table.n_words)))
    return Vocab(np.zeros(table.n_words), letters, starts), word_of


def _places(table: WordTable, shard: Vocab) -> Array:
    """Add the words of a shard to the table; return the number of each there."""
    found = [np.empty(0, np.int32)]
    for first in range(0, len(shard), _CHUNK_WORDS):
        data = _joined(shard, slice(first, first + _CHUNK_WORDS))
        text = np.full(padded_size(len(data)), ord(" "), np.uint8)
        text[: len(data)] = np.frombuffer(data, np.uint8)
        found.append(table.encode(text, len(data))[0].copy())
    return np.concatenate(found)


def _joined(shard: Vocab, rows: slice) -> bytes:
    """Return words with spaces between them; those that text cannot hold as they are, quoted."""
    words = shard.words(rows)
    letters = shard.letters[shard.word_starts[rows.start] : shard.word_starts[rows.start + len(words)]]
    is_plain = all(words) and not np.isin(letters, _SPECIAL).any()
    return b" ".join(words if is_plain else map(quoted, words))

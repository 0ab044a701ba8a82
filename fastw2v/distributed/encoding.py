"""The corpus of a cluster: shards counted by all nodes, one vocabulary, and each node's tokens on its own disk."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import numpy as np

from fastw2v.distributed.counting import Joined, join_counts
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.replica import Sizes
from fastw2v.distributed.transport import WorkerLostError
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.vocab import EmptyVocabularyError, Vocab
from fastw2v.vocab_rule import VocabRule

logger = logging.getLogger("fastw2v")
T = TypeVar("T")


class Encoded(NamedTuple):
    """A corpus whose tokens lie on the nodes.

    Attributes
    ----------
    vocab : Vocab
    sizes : list of Sizes
        Of each shard.
    effective_min_count : int
        The count that a word needed for a row.
    """

    vocab: Vocab
    sizes: list[Sizes]
    effective_min_count: int

    @property
    def n_tokens(self) -> Ids:
        """Tokens of each shard: int64[n_shards]."""
        return np.array([size.n_tokens for size in self.sizes], np.int64)

    @property
    def n_sentences(self) -> int:
        """Sentences with a word of the vocabulary."""
        return sum(size.n_sentences for size in self.sizes)

    @property
    def longest(self) -> int:
        """Tokens of the longest sentence."""
        return max((size.longest for size in self.sizes), default=0)


def until_none_is_lost(step: Callable[[], T], nodes: Nodes) -> T:
    """Do a step that can be done again, and again whenever a worker was lost meanwhile."""
    while True:
        try:
            done = step()
        except WorkerLostError as error:
            logger.warning("%s", str(error))
            nodes.replace_lost()
        else:
            nodes.progressed()
            return done


def encode_shards(nodes: Nodes, rule: VocabRule) -> Encoded:
    """Count all shards, choose the vocabulary, and let each node write its tokens.

    Raises
    ------
    EmptyVocabularyError
        No word is left.
    """
    return until_none_is_lost(lambda: _encode(nodes, rule), nodes)


def _encode(nodes: Nodes, rule: VocabRule) -> Encoded:
    joined, vocab, row_of = _chosen(nodes, rule)
    threshold = rule.effective_min_count(joined.raw.counts)
    called = [
        nodes.transport.call(nodes.owner_of(number), "place", shard, row_of[words])
        for number, (shard, words) in enumerate(zip(nodes.shards, joined.word_of))
    ]
    return Encoded(vocab, nodes.transport.gather(called), threshold)


def _chosen(nodes: Nodes, rule: VocabRule) -> tuple[Joined, Vocab, Array]:
    """Count all shards; return their words, the vocabulary, and the row of each word."""
    called = [nodes.transport.call(nodes.owner_of(n), "count", shard) for n, shard in enumerate(nodes.shards)]
    counts = nodes.transport.gather(called)
    if not any(counts):
        raise EmptyVocabularyError("the corpus has no words: expected at least one token; check the paths")
    joined = join_counts(counts)
    raw, kept = rule.choose(joined.raw)
    vocab = rule.vocab_of(raw, kept)
    row_of = np.full(len(joined.raw), -1, np.int32)
    if raw is joined.raw:
        rows = rule.sorted_rows(raw.counts, kept)
        row_of[rows] = np.arange(len(rows), dtype=np.int32)
    else:  # a row for every id
        row_of[:] = np.asarray(joined.raw.ids)
    return joined, vocab, row_of

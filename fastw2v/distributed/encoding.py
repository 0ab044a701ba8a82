"""The corpus of a cluster: shards counted by all nodes, one vocabulary, and each node's tokens on its own disk."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

import numpy as np

from fastw2v.distributed.counting import Joined, join_counts
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.replica import Sizes
from fastw2v.distributed.transport import WorkerLostError
from fastw2v.runtime.arrays import Array, Ids
from fastw2v.runtime.progress import PhaseProgress
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


def encode_shards(nodes: Nodes, rule: VocabRule, progress: PhaseProgress | None = None) -> Encoded:
    """Count all shards, choose the vocabulary, and let each node write its tokens.

    Parameters
    ----------
    nodes : Nodes
    rule : VocabRule
    progress : callable, optional
        Called as ``progress(done, total)``, in bytes, when a shard is counted.

    Raises
    ------
    EmptyVocabularyError
        No word is left.
    """
    shown = _rising(progress)
    return until_none_is_lost(lambda: _encode(nodes, rule, shown), nodes)


def read_shards(nodes: Nodes, vocab: Vocab, progress: PhaseProgress | None = None) -> None:
    """Let each node write its shards as rows of a known vocabulary; `progress` is as in `encode_shards`."""
    shown = _rising(progress)

    def read() -> None:
        shared = nodes.transport.share(vocab)
        _of_all_shards(nodes, "encode", lambda _: (shared,), progress=shown)

    until_none_is_lost(read, nodes)


def _rising(progress: PhaseProgress | None) -> PhaseProgress | None:
    """Return what shows progress, but no less than was shown before: after a loss, shards are read again."""
    if progress is None:
        return None
    most = 0

    def shown(done: int, total: int | None) -> None:
        nonlocal most
        most = max(most, done)
        progress(most, total)

    return shown


def _of_all_shards(
    nodes: Nodes, method: str, arguments: Callable[[int], tuple[Any, ...]], *, progress: PhaseProgress | None = None
) -> list[Any]:
    """Call a method for each shard, of the worker that has it; return the results in the order of the corpus.

    Each worker does its shards in this order, so they are waited for in turns of all workers.
    """
    called, turns, n_calls = list[Any](), list[int](), Counter[int]()
    for number, shard in enumerate(nodes.shards):
        worker = nodes.owner_of(number)
        called.append(nodes.transport.call(worker, method, shard, *arguments(number)))
        turns.append(n_calls[worker])
        n_calls[worker] += 1
    if progress is None:
        return nodes.transport.gather(called)
    found, done, total = {}, 0, sum(shard.n_bytes for shard in nodes.shards)
    for number in sorted(range(len(called)), key=turns.__getitem__):
        (found[number],) = nodes.transport.gather([called[number]])
        done += nodes.shards[number].n_bytes
        progress(done, total)
    return [found[number] for number in range(len(called))]


def _encode(nodes: Nodes, rule: VocabRule, progress: PhaseProgress | None) -> Encoded:
    joined, vocab, row_of = _chosen(nodes, rule, progress)
    threshold = rule.effective_min_count(joined.raw.counts)
    sizes = _of_all_shards(nodes, "place", lambda number: (row_of[joined.word_of[number]],))
    return Encoded(vocab, sizes, threshold)


def _chosen(nodes: Nodes, rule: VocabRule, progress: PhaseProgress | None) -> tuple[Joined, Vocab, Array]:
    """Count all shards; return their words, the vocabulary, and the row of each word."""
    counts = _of_all_shards(nodes, "count", lambda _: (), progress=progress)
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

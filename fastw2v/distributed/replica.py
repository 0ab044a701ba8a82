"""The replica of a node: it reads shards, trains pieces of them, and exchanges rows with the replicas of other nodes.

It knows nothing of a network: what it sends it returns, and what it receives are arguments.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Concatenate, NamedTuple, ParamSpec, TypeVar

import numpy as np

from fastw2v.backends import Backend, Tally, TrainingData, get_backend
from fastw2v.config import TrainConfig
from fastw2v.distributed.committed import StoredRows
from fastw2v.distributed.contexts import Contexts, contexts_of
from fastw2v.distributed.merging import merged_in_turn
from fastw2v.distributed.plan import Block, Piece
from fastw2v.distributed.shards import ClusterCorpus, Shard
from fastw2v.distributed.tokens import ShardTokens, tokens_as_rows
from fastw2v.distributed.updates import Curvature, UpdateCounter
from fastw2v.encode import Tokens, encode_corpus, encode_with
from fastw2v.resuming import described
from fastw2v.runtime.arrays import Array, FloatArray, Ids
from fastw2v.runtime.memory import return_freed_memory
from fastw2v.schedule import Span
from fastw2v.vectors.divergence import DivergenceWatch
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import EmptyVocabularyError, Vocab

logger = logging.getLogger("fastw2v")
_SPANS_PER_WORKER = 4
_ROWS_AT_ONCE = 512  # that are merged: what that needs stays in the cache of a core
P = ParamSpec("P")
T = TypeVar("T")


class Sizes(NamedTuple):
    """Of an encoded shard: tokens, sentences, tokens of the longest one, and a hash of rows and sentence starts."""

    n_tokens: int
    n_sentences: int
    longest: int
    hash: str


class Stretch(NamedTuple):
    """The part of a training that is a round: the epoch, and what there is at its begin and at its end.

    Attributes
    ----------
    epoch : int
    rates : float, float
        Learning rates.
    done : float, float
        The share of the training that all nodes have done together.
    """

    epoch: int
    rates: tuple[float, float]
    done: tuple[float, float]


class Exchange(NamedTuple):
    """Who merges what after a round.

    Attributes
    ----------
    n_owners : int
        Row r is merged by owner r mod `n_owners`.
    rank : int
        Of this worker among the owners.
    contributors : tuple of int
        Ranks of the workers that have trained since their rows were last merged, in the order in which their moves
        are taken to follow each other.
    exposure : float
        Learning rate times tokens that one of them has trained in the round, their mean.
    contexts : Contexts
        Of the words of the whole corpus; the same in each exchange.
    """

    n_owners: int
    rank: int
    contributors: tuple[int, ...]
    exposure: float
    contexts: Contexts


class Progress(NamedTuple):
    """How far a worker is: steps of any work, which tell that it goes on; words of this round; whether it works."""

    n_steps: int
    n_words: int
    is_busy: bool


def _working(method: Callable[Concatenate[Replica, P], T]) -> Callable[Concatenate[Replica, P], T]:
    """Let `progress` tell that a method is at work."""

    @wraps(method)
    def working(self: Replica, /, *arguments: P.args, **named: P.kwargs) -> T:
        self._is_busy = True
        try:
            return method(self, *arguments, **named)
        finally:
            self._is_busy = False
            self._step()

    return working


class Replica:
    """Copies of both matrices, and the shards of the corpus that are trained on them.

    Parameters
    ----------
    config : TrainConfig
    corpus : ClusterCorpus
    n_threads : int
        Which train, and read text.
    """

    def __init__(self, config: TrainConfig, corpus: ClusterCorpus, n_threads: int) -> None:
        self._config, self._corpus = config.with_option("workers", n_threads), corpus
        self._counted: dict[Shard, tuple[Vocab | None, Tokens | None]] = {}
        self._encoded: dict[Shard, tuple[Tokens, Sizes]] = {}
        self._tokens = ShardTokens(np.zeros(0, np.int64))
        self._n_steps = self._n_words = self._n_committed = 0
        self._is_stopped = self._is_busy = False

    def progress(self) -> Progress:
        """Return how far this worker is."""
        return Progress(self._n_steps, self._n_words, self._is_busy)

    def stop(self) -> None:
        """End training for good, soon: also a round that waits to be trained."""
        self._is_stopped = True

    @_working
    def count(self, shard: Shard) -> Vocab | None:
        """Read a shard, and return its words by first occurrence, with their counts; None if it has no token."""
        if shard not in self._counted:
            try:
                options = {"workers": self._config.n_workers, "progress": self._step}
                vocab, tokens = encode_corpus(self._corpus.read(shard), min_count=1, sorted_vocab=False, **options)  # type: ignore[arg-type]
                self._counted[shard] = vocab, tokens
            except EmptyVocabularyError:
                self._counted[shard] = None, None
        return self._counted[shard][0]

    @_working
    def place(self, shard: Shard, row_of: Array) -> Sizes:
        """Write a counted shard as rows of the vocabulary: int32[n_words of the shard], -1 for a word without a row."""
        if shard not in self._encoded:
            tokens = self._counted[shard][1]
            with tokens or _no_tokens() as tokens:
                self._keep(shard, tokens_as_rows(tokens, row_of, self._step))
            del self._counted[shard]
        return self._encoded[shard][1]

    @_working
    def encode(self, shard: Shard, vocab: Vocab) -> Sizes:
        """Read a shard as rows of a vocabulary."""
        if shard not in self._encoded:
            try:
                options = {"workers": self._config.n_workers, "progress": self._step}
                tokens = encode_with(self._corpus.read(shard), vocab, **options)  # type: ignore[arg-type]
            except EmptyVocabularyError:
                tokens = _no_tokens()
            self._keep(shard, tokens)
        return self._encoded[shard][1]

    def _keep(self, shard: Shard, tokens: Tokens) -> None:
        longest = int(np.diff(tokens.starts).max(initial=0))
        self._encoded[shard] = tokens, Sizes(longest=longest, **described(tokens, self._step))

    @_working
    def begin(self, config: TrainConfig, vocab: Vocab, sizes: Ids) -> None:
        """Draw the first weights, and get ready to train; `sizes` are the tokens of all shards of the corpus."""
        self._config = config.with_option("workers", self._config.workers)
        self._counted.clear()
        self._tokens = ShardTokens(sizes)
        self._vocab, self._n_tokens = vocab, int(sizes.sum())
        self._keep_probabilities = vocab.keep_probabilities(config.sample)
        self._counter: UpdateCounter | None = None
        self._weights = initial_weights(vocab, config.vector_size, config.seed)
        self._full = StoredRows(self._weights)  # when all replicas were equal for the last time
        self._frequent, self._n_newer = StoredRows(self._weights, n_rows=0), 0  # its first rows were merged since then
        self._exposure = np.zeros(len(vocab), np.float32)
        self._curvatures: tuple[Curvature, Curvature] | None = None
        self._backend: Backend = get_backend("cpu", deterministic=config.deterministic, n_tokens=self._n_tokens)
        self._backend.upload(self._config, TrainingData(vocab, self._tokens, self._weights))
        self._backend.compile()
        self._watch = DivergenceWatch(self._weights, config.alpha)
        return_freed_memory()

    @_working
    def take(self, number: int, shard: Shard) -> Contexts:
        """Take an encoded shard, which has this number in the corpus; return the contexts of its words."""
        tokens = self._encoded[shard][0]
        self._tokens.add(number, tokens)
        return contexts_of(tokens, self._keep_probabilities, self._config, seed=number)

    @_working
    def train(self, stretch: Stretch, pieces: Sequence[Piece]) -> Tally:
        """Train pieces of the shards that were taken; the learning rate falls from the first of both to the second."""
        self._n_words, (before, after) = 0, stretch.done
        self._backend.tally()
        n_words = sum(end - begin for begin, end in pieces)

        def on_done(n_tokens: int) -> None:
            self._n_words += n_tokens
            self._watch.look(before + (after - before) * self._n_words / n_words)
            self._step()

        self._backend.train(self._spans(stretch, pieces, n_words=n_words), on_done)
        self._watch.look(after, loss=0.0)
        return self._backend.tally()

    def _spans(self, stretch: Stretch, pieces: Sequence[Piece], *, n_words: int) -> Iterator[Span]:
        size = max(1, min(self._backend.span_tokens, -(-n_words // (_SPANS_PER_WORKER * self._backend.n_workers))))
        epoch, rates = stretch.epoch, stretch.rates
        step, n_before = (rates[1] - rates[0]) / max(n_words, 1), 0
        for begin, end in pieces:
            lr_first = rates[0] + step * (n_before - begin)
            for first in range(begin, end, size):
                if self._is_stopped:
                    return
                yield Span(epoch, first, min(first + size, end), lr_first, step)
            n_before += end - begin

    @_working
    def prepare(self, exchange: Exchange) -> None:
        """Get ready to merge rows after a round."""
        self._exchange = exchange
        if self._counter is None:
            self._counter = UpdateCounter(self._config, self._vocab, exchange.contexts)
            self._updates = self._counter.of(self._vocab.counts)
        self._exposure += exchange.exposure / self._n_tokens
        self._curvatures = None

    @_working
    def send(self, block: Block) -> FloatArray | list[FloatArray]:
        """Return copies of a block's rows for each other owner; of one other owner, the copy and no list."""
        others = [owner for owner in range(self._exchange.n_owners) if owner != self._exchange.rank]
        copies = [self._rows(block, owner).copy() for owner in others]
        return copies[0] if len(copies) == 1 else copies

    @_working
    def merge(self, block: Block, *copies: FloatArray) -> FloatArray:
        """Merge the rows of a block that this worker owns, given those of the other contributors, in their order."""
        owners, rank = self._exchange.n_owners, self._exchange.rank
        numbers, own = slice(block.first + rank, block.last, owners), self._rows(block, rank)
        base = self._merged_last(block.matrix, np.arange(numbers.start, numbers.stop, owners))
        curvatures, directions = self._steepness()[block.matrix]
        rates = self._exposure[numbers] * self._updates[block.matrix][numbers]
        merged = np.empty(own.shape, own.dtype)
        for first in range(0, len(own), _ROWS_AT_ONCE):
            some = slice(first, first + _ROWS_AT_ONCE)
            others = iter(copies)
            replicas = np.stack([(own if k == rank else next(others))[some] for k in self._exchange.contributors])
            steepness = {"curvatures": curvatures, "directions": directions}
            merged[some] = merged_in_turn(base[some], replicas, rates[some], **steepness)
        own[:] = merged
        return merged

    def _merged_last(self, matrix: int, numbers: Array) -> FloatArray:
        """Return rows, by ascending number, as they were when they were merged for the last time."""
        rows = self._full.matrices[matrix][numbers]
        newer = numbers[numbers < self._n_newer]
        rows[: len(newer)] = self._frequent.matrices[matrix][newer]
        return rows

    def _steepness(self) -> tuple[Curvature, Curvature]:
        """Return the curvatures of both matrices, found at the first merge: the first rows are then on their way."""
        if self._curvatures is None:
            assert self._counter is not None, "prepare comes before merge"
            dim = self._weights.dim
            self._curvatures = self._counter.curvatures(self._weights.w_in[:, :dim], self._weights.w_out[:, :dim])
            return_freed_memory()
        return self._curvatures

    @_working
    def receive(self, block: Block, *merged: FloatArray) -> None:
        """Write the rows of a block that the other owners have merged, by rank."""
        others = (owner for owner in range(self._exchange.n_owners) if owner != self._exchange.rank)
        for owner, rows in zip(others, merged):
            self._rows(block, owner)[:] = rows

    @_working
    def commit(self, number: int, n_rows: int, is_full: bool) -> None:
        """Keep the merged rows as the base of the next round; with all rows merged, also to go back to.

        Parameters
        ----------
        number : int
            Of the round, by which a second call is known.
        n_rows : int
            Rows that were merged.
        is_full : bool
            Whether all replicas are equal now.
        """
        if number > self._n_committed:
            self._n_committed = number
            self._exposure[:n_rows] = 0
            if is_full:
                self._full.take(n_rows)
                self._n_newer = 0
                return
            if len(self._frequent) < n_rows:
                self._frequent = StoredRows(self._weights, n_rows)
            else:
                self._frequent.take(n_rows)
            self._n_newer = max(self._n_newer, n_rows)

    @_working
    def go_back(self) -> None:
        """Give the weights the values that they had when all replicas were equal for the last time."""
        self._full.restore()
        self._n_newer = 0
        self._exposure[:] = 0

    @_working
    def rows(self, block: Block) -> FloatArray:
        """Return a block's rows as they were when all replicas were equal for the last time."""
        return self._full.matrices[block.matrix][block.first : block.last].copy()

    @_working
    def load(self, block: Block, rows: FloatArray) -> None:
        """Take rows of a block from a checkpoint, or from another replica."""
        self._matrix(block)[block.first : block.last, : self._weights.dim] = rows
        self._full.matrices[block.matrix][block.first : block.last] = rows

    def _matrix(self, block: Block) -> FloatArray:
        return self._weights.w_out if block.matrix else self._weights.w_in

    def _rows(self, block: Block, owner: int) -> FloatArray:
        """Return those rows of a block that an owner merges."""
        rows = slice(block.first + owner, block.last, self._exchange.n_owners)
        return self._matrix(block)[rows, : self._weights.dim]

    def _step(self, *_: object) -> None:
        self._n_steps += 1


def _no_tokens() -> Tokens:
    return Tokens(np.empty(0, np.int32), np.zeros(1, np.int64))

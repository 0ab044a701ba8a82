"""The training of a cluster: rounds, commits, and what is done when a worker is lost."""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from fastw2v.backends import Tally
from fastw2v.cluster import Cluster
from fastw2v.config import TrainConfig
from fastw2v.distributed.contexts import NO_CONTEXTS, summed
from fastw2v.distributed.encoding import Encoded
from fastw2v.distributed.exchange import exchange_rows, exchanged_bytes
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.plan import Block, Shares, Work, blocks, learning_rates, n_trained
from fastw2v.distributed.replica import Sizes, Stretch
from fastw2v.distributed.rounds import first_in_round, round_ends, rounds_in_cycle, rows_in_round
from fastw2v.distributed.transport import NoWorkerLeftError, WorkerLostError
from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.trainer import TrainReport
from fastw2v.vectors.weights import Weights

logger = logging.getLogger("fastw2v")
_N_BLOCKS_AT_ONCE = 3


@dataclass
class ClusterReport:
    """What a cluster did; after a resume, since then, but for `words`.

    Parameters
    ----------
    n_nodes : int
        Nodes that train, at the end.
    n_rounds : int
        Rounds whose rows all nodes have merged.
    words : int
        Words whose training is in the vectors: each of the corpus once in each epoch, those of the checkpoint too.
    repeated_words : int
        Words of rounds that were given up when a worker was lost. They were trained again, from equal weights.
    n_lost : int
        Workers that were lost.
    exchange_seconds : float
        Time in which rows were merged, and nothing was trained.
    exchanged_bytes : int
        Bytes that nodes have sent to each other in it.
    """

    n_nodes: int = 0
    n_rounds: int = 0
    words: int = 0
    repeated_words: int = 0
    n_lost: int = 0
    exchange_seconds: float = 0.0
    exchanged_bytes: int = 0


class _Round(NamedTuple):
    """A round of a cycle.

    Attributes
    ----------
    work, after : Work
        What is trained when it begins, and when it ends.
    pieces : mapping of worker to sequence of Piece
        What each worker trains that has something left.
    place : int
        In its cycle, from 1.
    n_rows : int
        Rows that are merged at its end, the first of each matrix.
    first : int
        See `first_in_round`.
    is_last : bool
        Whether it ends the cycle, and so merges all rows.
    """

    work: Work
    after: Work
    pieces: Shares
    place: int
    n_rows: int
    first: int
    is_last: bool


class Training:
    """A training on nodes that have the corpus.

    Parameters
    ----------
    nodes : Nodes
    config : TrainConfig
    cluster : Cluster
    encoded : Encoded
    report : TrainReport
        Is changed while training goes on.
    work : Work
        What is trained already.
    """

    def __init__(
        self, nodes: Nodes, config: TrainConfig, cluster: Cluster, *, encoded: Encoded, report: TrainReport, work: Work
    ) -> None:
        self._nodes, self._config, self._cluster, self._encoded = nodes, config, cluster, encoded
        self.report, self.work, self.figures = report, work, ClusterReport()
        self._ends = round_ends(config, work.n_tokens, cluster.rounds)
        self._cycle_rounds = rounds_in_cycle(cluster.cycle, encoded.vocab.counts)
        self._n_begun = 0  # rounds begun, and begun again: the number by which workers know the last one
        self._unsafe: int | None = None  # that number, of a round that all have merged and not yet all have kept
        self._commits: list[Any] = []  # references to calls that go on
        self._at_stake = 0  # words of rounds that would be lost now
        self._taken: dict[int, set[int]] = {}
        self._contexts = [NO_CONTEXTS] * len(nodes.shards)  # of each shard
        self._ready: set[int] = set()  # workers that have the weights
        self._vocab = nodes.transport.share(encoded.vocab)

    def begin(self, weights: Weights | None = None) -> None:
        """Give all workers their shards, and first weights: those of a checkpoint, or drawn ones."""
        self._until_done(lambda: self._begin(weights))

    def _begin(self, weights: Weights | None) -> None:
        nodes = self._nodes
        self._enlist(set(nodes.workers) - self._ready)
        if weights is not None:
            for block in self._blocks(n_owners=1):
                matrix = weights.w_out if block.matrix else weights.w_in
                rows = nodes.transport.share(matrix[block.first : block.last, : weights.dim])
                nodes.everywhere("load", block, rows)
        self._ready = set(nodes.workers)

    def _enlist(self, new: set[int]) -> None:
        """Let new workers draw weights, and all workers have their shards."""
        nodes = self._nodes
        nodes.each("begin", dict.fromkeys(new, (self._config, self._vocab, self._encoded.n_tokens)))
        for worker in new:
            self._taken[worker] = set()
        missing = [(w, n) for w in nodes.workers for n in sorted(nodes.shards_of[w] - self._taken[w])]
        called = [nodes.transport.call(w, "encode", nodes.shards[n], self._vocab) for w, n in missing]
        for (_, number), sizes in zip(missing, nodes.transport.gather(called)):
            self._check_sizes(number, sizes)
        called = [nodes.transport.call(w, "take", n, nodes.shards[n]) for w, n in missing]
        for (worker, number), contexts in zip(missing, nodes.transport.gather(called)):
            self._taken[worker].add(number)
            self._contexts[number] = contexts

    def _check_sizes(self, number: int, sizes: Sizes) -> None:
        expected = self._encoded.sizes[number]
        if sizes != expected:
            path, found = self._nodes.shards[number].path, f"{sizes.n_tokens:,}"
            if (sizes.n_tokens, sizes.n_sentences) == (expected.n_tokens, expected.n_sentences):
                found = "as many others"
            raise ValueError(
                f"{path} is not what it was: expected {expected.n_tokens:,} known words in a part of it, found {found}"
                "; pass the files as they were when their words were counted, or train anew"
            )

    def run(self, show: PhaseProgress, on_commit: Callable[[], None]) -> None:
        """Train what is left; `on_commit` is called whenever all workers have equal rows.

        Raises
        ------
        NoWorkerLeftError
            All workers were lost.
        """
        while self.work.epoch < self._config.epochs:
            begun = self.work
            self._until_done(lambda: self._cycle(begun, show))  # noqa: B023 - it is called at once
            on_commit()

    def _until_done(self, step: Callable[[], None]) -> None:
        """Do a step, and again whenever a worker is lost, from the rows that all had last."""
        while True:
            try:
                step()
            except WorkerLostError as error:
                logger.warning("%s", str(error))
                self._recover()
            else:
                return

    def _cycle(self, begun: Work, show: PhaseProgress) -> None:
        """Train the rounds up to the next in which all rows are merged, and commit them, unless that is done."""
        if begun is not self.work:
            return
        tally, contributors = Tally(0.0, 0, 0), set[int]()
        for each in self._rounds(begun):
            found = self._train(each, show)
            tally = Tally(*(sum(values) for values in zip(tally, *found)))
            contributors |= set(each.pieces)
            self._merge(each, contributors)
            if each.is_last:
                self._note(each, tally)
            self._commit(self._nodes.workers, each.n_rows, is_full=each.is_last)
        self._unsafe = None

    def _rounds(self, begun: Work) -> Iterator[_Round]:
        """Yield the rounds of a cycle, each with the shards that workers have when it begins."""
        work, cycle, n_over = begun, self._cycle_rounds, self._n_over(begun)
        for place in range(1, cycle + 1):
            n_words = int(self._ends[self._n_over(work)]) - work.n_words
            shares = work.shares(self._nodes.shards_of, n_words)
            after = work.after(shares)
            is_last = place == cycle or after.epoch > work.epoch
            n_rows = rows_in_round(cycle if is_last else place, cycle, len(self._encoded.vocab))
            pieces = {worker: own for worker, own in shares.items() if own}
            yield _Round(work, after, pieces, place, n_rows, first_in_round(n_over, place, cycle), is_last)
            if is_last:
                return
            work = after

    def _n_over(self, work: Work) -> int:
        """Return how many rounds of the training are over."""
        return int(np.searchsorted(self._ends, work.n_words, side="right"))

    def _train(self, each: _Round, show: PhaseProgress) -> list[Tally]:
        self._n_begun += 1
        self._at_stake += n_trained(each.pieces)
        before, after, n_words = each.work.n_words, each.after.n_words, self._config.epochs * each.work.n_tokens
        done = before / n_words, after / n_words
        stretch = Stretch(self.report.first_epoch + each.work.epoch, self._rates(each), done)
        arguments = {worker: (stretch, pieces) for worker, pieces in each.pieces.items()}
        found = self._nodes.each("train", arguments, lambda n: show(min(before + n, n_words), n_words))
        self._nodes.transport.gather(self._commits)  # each worker does these first
        show(after, n_words)
        return found

    def _rates(self, each: _Round) -> tuple[float, float]:
        """Return the learning rate at the begin and at the end of a round."""
        return learning_rates(self._config, each.work.n_words, each.after.n_words, n_tokens=each.work.n_tokens)

    def _merge(self, each: _Round, contributors: set[int]) -> None:
        """Exchange the rows of a round; one worker alone has nothing to exchange."""
        nodes = self._nodes
        if len(nodes.workers) == 1:
            return
        begun = time.perf_counter()
        exchange_rows(
            nodes.transport,
            nodes.workers,
            contributors,
            blocks=self._blocks(n_owners=len(nodes.workers), n_rows=each.n_rows),
            exposure=sum(self._rates(each)) / 2 * n_trained(each.pieces) / len(contributors),
            contexts=summed(self._contexts),
            first=each.first,
        )
        self.figures.exchange_seconds += time.perf_counter() - begun
        self.figures.exchanged_bytes += exchanged_bytes(
            each.n_rows * 2 * 4 * self._config.vector_size, len(contributors), n_owners=len(nodes.workers)
        )

    def _note(self, last: _Round, tally: Tally) -> None:
        """Count a cycle, of which this was the last round: its words are trained from here on, whatever happens."""
        self._unsafe, report, work = self._n_begun, self.report, last.after
        ends_epoch, self.work, self._at_stake = work.epoch > self.work.epoch, work, 0
        self._nodes.progressed()
        report.raw_words = work.n_words
        report.count(tally)
        if ends_epoch:
            report.end_epoch(with_loss=self._config.compute_loss)
        self.figures.n_rounds += last.place
        self.figures.words, self.figures.n_nodes = work.n_words, len(self._nodes.workers)
        self.figures.n_lost = self._nodes.n_lost

    def _commit(self, workers: Iterable[int], n_rows: int, *, is_full: bool) -> None:
        """Let workers copy the rows of the last round before they do anything else; nobody waits for that here."""
        number = self._unsafe or self._n_begun
        self._commits = [self._nodes.transport.call(worker, "commit", number, n_rows, is_full) for worker in workers]

    def _recover(self) -> None:
        """Go back to the rows that all workers had last, and let others do what lost workers had to do."""
        self.figures.repeated_words += self._at_stake
        self._at_stake, self._commits = 0, []
        gc.collect()  # errors hold frames, which hold references to blocks
        while True:
            try:
                self._nodes.replace_lost()
                return self._rejoin()
            except WorkerLostError as error:
                logger.warning("%s", str(error))
            finally:
                self.figures.n_lost = self._nodes.n_lost

    def _rejoin(self) -> None:
        """Give all workers equal rows, new ones too."""
        nodes = self._nodes
        survivors = [worker for worker in nodes.workers if worker in self._ready]
        new = set(nodes.workers) - set(survivors)
        if not self._ready:  # nothing is trained yet
            return
        if not survivors:
            raise NoWorkerLeftError("all workers that had the weights are lost")
        if self._unsafe is not None:
            self._commit(survivors, len(self._encoded.vocab), is_full=True)
            self._unsafe = None
        nodes.each("go_back", dict.fromkeys(survivors, ()))
        self._enlist(new)
        for block in self._blocks(n_owners=1) if new else ():
            rows = nodes.transport.call(survivors[0], "rows", block)
            nodes.each("load", dict.fromkeys(new, (block, rows)))
        self._ready = set(nodes.workers)

    def fetch(self, weights: Weights) -> None:
        """Copy the rows that all workers had last into weights."""

        def fetch() -> None:
            worker, under_way = min(self._ready), deque[tuple[Block, Any]]()
            for block in self._blocks(n_owners=1):
                under_way.append((block, self._nodes.transport.call(worker, "rows", block)))
                if len(under_way) >= _N_BLOCKS_AT_ONCE:
                    self._write(weights, *under_way.popleft())
            for block, rows in under_way:
                self._write(weights, block, rows)

        if self._ready:  # else nobody has weights yet
            self._until_done(fetch)

    def _write(self, weights: Weights, block: Block, reference: Any) -> None:  # noqa: ANN401
        (rows,) = self._nodes.transport.gather([reference])
        matrix: FloatArray = weights.w_out if block.matrix else weights.w_in
        matrix[block.first : block.last, : weights.dim] = rows

    def interrupt(self) -> None:
        """End the round that goes on; what was not merged is left out."""
        for worker in self._nodes.workers:
            try:
                self._nodes.transport.interrupt(worker)
            except WorkerLostError as error:
                logger.warning("%s", str(error))
        if self._unsafe is not None:
            self._until_done(lambda: self._commit(self._nodes.workers, len(self._encoded.vocab), is_full=True))

    def _blocks(self, *, n_owners: int, n_rows: int | None = None) -> list[Block]:
        rows = len(self._encoded.vocab) if n_rows is None else n_rows
        row_bytes, block_bytes = 4 * self._config.vector_size, self._cluster.block_mb << 20
        return blocks(rows, row_bytes, n_owners=n_owners, block_bytes=block_bytes)

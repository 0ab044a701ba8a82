"""The training of a cluster: rounds, commits, and what is done when a worker is lost."""

from __future__ import annotations

import gc
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from fastw2v.backends import Tally
from fastw2v.cluster import Cluster
from fastw2v.config import TrainConfig
from fastw2v.distributed.encoding import Encoded
from fastw2v.distributed.exchange import exchange_rows, exchanged_bytes
from fastw2v.distributed.nodes import Nodes
from fastw2v.distributed.plan import Block, Shares, Work, blocks, learning_rates, n_trained
from fastw2v.distributed.replica import Sizes
from fastw2v.distributed.rounds import first_in_round, round_ends, rows_in_round
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
        self._n_round = 0  # rounds begun, by which workers know them
        self._merged: int | None = None  # the round that is to be committed
        self._commits: list[Any] = []  # references to calls that go on
        self._at_stake = 0  # words of rounds that would be lost now
        self._taken: dict[int, set[int]] = {}
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
        nodes.transport.gather([nodes.transport.call(w, "take", n, nodes.shards[n]) for w, n in missing])
        for worker, number in missing:
            self._taken[worker].add(number)

    def _check_sizes(self, number: int, sizes: Sizes) -> None:
        expected = self._encoded.sizes[number]
        if sizes != expected:
            path = self._nodes.shards[number].path
            raise ValueError(
                f"{path} is not what it was: expected {expected.n_tokens} known words in a part of it, found "
                f"{sizes.n_tokens}; pass the files that were counted, and do not change them while they are trained on"
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

    def _cycle(self, work: Work, show: PhaseProgress) -> None:
        """Train the rounds up to the next in which all rows are merged, and commit them, unless that is done."""
        if work is not self.work:
            return
        tally, contributors, has_ended = Tally(0.0, 0, 0), set[int](), False
        cycle, number = self._cluster.cycle, 0
        n_rounds = self._number(work)
        while not has_ended:
            number += 1
            end = self._ends[self._number(work)]
            shares = work.shares(self._nodes.shards_of, int(end) - work.n_words)
            after = work.after(shares)
            has_ended = number == cycle or after.epoch > work.epoch
            found = self._train(work, after, shares, show=show)
            tally = Tally(*(sum(values) for values in zip(tally, *found)))
            contributors |= {worker for worker, pieces in shares.items() if pieces}
            n_rows = rows_in_round(cycle if has_ended else number, cycle, len(self._encoded.vocab))
            first = first_in_round(n_rounds, number, cycle)
            self._merge(work, after, shares, contributors=contributors, n_rows=n_rows, first=first)
            work = after
            if not has_ended:
                self._commit(self._nodes.workers, n_rows, is_full=False)
        self._note(work, tally, number)
        self._commit(self._nodes.workers, n_rows, is_full=True)
        self._merged = None

    def _train(self, work: Work, after: Work, shares: Shares, *, show: PhaseProgress) -> list[Tally]:
        self._n_round += 1
        self._at_stake += n_trained(shares)
        rates = learning_rates(self._config, work.n_words, after.n_words, n_tokens=work.n_tokens)
        epoch, n_words = self.report.first_epoch + work.epoch, self._config.epochs * work.n_tokens
        arguments = {worker: (epoch, pieces, rates) for worker, pieces in shares.items() if pieces}
        found = self._nodes.each("train", arguments, lambda n: show(min(work.n_words + n, n_words), n_words))
        self._nodes.transport.gather(self._commits)  # each worker does these first
        show(after.n_words, n_words)
        return found

    def _merge(
        self, work: Work, after: Work, shares: Shares, *, contributors: set[int], n_rows: int, first: int
    ) -> None:
        """Exchange the rows of a round; one worker alone has nothing to exchange."""
        nodes = self._nodes
        if len(nodes.workers) == 1:
            return
        begun = time.perf_counter()
        rates = learning_rates(self._config, work.n_words, after.n_words, n_tokens=work.n_tokens)
        exposure = sum(rates) / 2 * n_trained(shares) / len(contributors)
        row_blocks = self._blocks(n_owners=len(nodes.workers), n_rows=n_rows)
        exchange_rows(
            nodes.transport,
            nodes.workers,
            contributors,
            blocks=row_blocks,
            exposure=exposure,
            n_rows=n_rows,
            first=first,
        )
        self.figures.exchange_seconds += time.perf_counter() - begun
        self.figures.exchanged_bytes += exchanged_bytes(
            n_rows * 2 * 4 * self._config.vector_size, len(contributors), n_owners=len(nodes.workers)
        )

    def _number(self, work: Work) -> int:
        """Return how many rounds of the training are over."""
        return int(np.searchsorted(self._ends, work.n_words, side="right"))

    def _note(self, work: Work, tally: Tally, n_rounds: int) -> None:
        """Count a cycle: from here on its words are trained, whatever happens."""
        self._merged, report = self._n_round, self.report
        ends_epoch, self.work, self._at_stake = work.epoch > self.work.epoch, work, 0
        self._nodes.progressed()
        report.raw_words = work.n_words
        report.count(tally)
        if ends_epoch:
            report.end_epoch(with_loss=self._config.compute_loss)
        self.figures.n_rounds += n_rounds
        self.figures.words, self.figures.n_nodes = work.n_words, len(self._nodes.workers)
        self.figures.n_lost = self._nodes.n_lost

    def _commit(self, workers: Iterable[int], n_rows: int, *, is_full: bool) -> None:
        """Let workers copy the rows of the last round before they do anything else; nobody waits for that here."""
        number = self._merged or self._n_round
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
        if self._merged is not None:
            self._commit(survivors, len(self._encoded.vocab), is_full=True)
            self._merged = None
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
        if self._merged is not None:
            self._until_done(lambda: self._commit(self._nodes.workers, len(self._encoded.vocab), is_full=True))

    def _blocks(self, *, n_owners: int, n_rows: int | None = None) -> list[Block]:
        rows = len(self._encoded.vocab) if n_rows is None else n_rows
        row_bytes, block_bytes = 4 * self._config.vector_size, self._cluster.block_mb << 20
        return blocks(rows, row_bytes, n_owners=n_owners, block_bytes=block_bytes)


def new_work(encoded: Encoded) -> Work:
    """Return the work of which nothing is done."""
    return Work.begin(np.asarray(encoded.n_tokens))

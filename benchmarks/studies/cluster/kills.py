"""What kills do to a training: whether it ends, with which counts and losses, and what is left behind."""

from __future__ import annotations

import faulthandler
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.report.results import Row, digits
from benchmarks.studies.cluster.machines import STORE_BYTES, actors, actors_of, left_behind, nodes, stored
from benchmarks.studies.cluster.phases import PHASES, Strike, watched
from benchmarks.studies.cluster.trainings import lines_of, options_of, scores_of
from fastw2v import Word2Vec
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster
from fastw2v.distributed.rounds import round_ends

KINDS = ("training", "exchange", "node", "driver")
COUNTS = ("raw_words", "kept_words", "pairs")
_DEADLINE_S, _HANGS_AFTER_S, _FREED_IN_S = 60, 900, 60
_CACHED_S = 5.0
_SEED = 1


class Schedule(NamedTuple):
    """Rounds of an epoch, None for those of a cluster that is told nothing, and the cycle that ends with all rows."""

    rounds: int | None
    cycle: int

    def cluster(self, address: str) -> Cluster:
        """Return where to train, and how."""
        return Cluster(address, rounds=self.rounds, cycle=self.cycle, deadline=_DEADLINE_S)

    def n_rounds(self, text: Path, epochs: int) -> int:
        """Return about how many rounds a training has."""
        n_words = len(text.read_bytes().split())
        return len(round_ends(TrainConfig(epochs=epochs), n_words, self.rounds))


class Chosen(NamedTuple):
    """What is tried: so many runs of each kind, in turn, on the first of so many parts of the text."""

    kinds: list[str]
    n_runs: int
    first: int
    epochs: int
    schedules: list[Schedule]
    parts: int
    quick: bool

    def runs(self) -> Iterator[tuple[str, int]]:
        """Yield kinds, and numbers of runs, on which the moments depend: first those without a kill."""
        yield from (("none", number) for number in range(len(self.schedules)))
        yield from ((kind, number) for number in range(self.first, self.first + self.n_runs) for kind in self.kinds)


class Campaign(NamedTuple):
    """What all runs have in common."""

    text: Path
    cluster: Any
    options: dict[str, Any]
    chosen: Chosen


def schedules_of(texts: list[str]) -> list[Schedule]:
    """Return schedules of the form ROUNDS:CYCLE; without any, that of a cluster that is told nothing."""
    found = [Schedule(*map(int, text.split(":"))) for text in texts]
    return found or [Schedule(None, Cluster().cycle)]


def kills(chosen: Chosen) -> Iterator[Row]:
    """Train once without a kill for each schedule, then kill something in each run; yield a line for each."""
    options = options_of(_SEED, quick=chosen.quick) | {"epochs": chosen.epochs}
    with tempfile.TemporaryDirectory() as folder, _temporary_folder(Path(folder, "t")), nodes(2) as cluster:
        text = Path(folder, "text")
        text.write_bytes(b"".join(lines_of(chosen.parts, quick=chosen.quick)))
        campaign = Campaign(text, cluster, options, chosen)
        expected: dict[Schedule, Row] = {}
        for kind, number in chosen.runs():
            schedule = chosen.schedules[number % len(chosen.schedules)]
            faulthandler.dump_traceback_later(_HANGS_AFTER_S, exit=True)
            row = _run(campaign, kind, number, schedule=schedule)
            faulthandler.cancel_dump_traceback_later()
            expected.setdefault(schedule, row)
            yield row | {"exact": all(row[name] == expected[schedule][name] for name in COUNTS)}


@contextmanager
def _temporary_folder(folder: Path) -> Iterator[None]:
    """Let all processes put temporary files into a folder that nobody else uses."""
    folder.mkdir()
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"], tempfile.tempdir = str(folder), None
    try:
        yield
    finally:
        os.environ.pop("TMPDIR") if before is None else os.environ.__setitem__("TMPDIR", before)
        tempfile.tempdir = None


def _run(campaign: Campaign, kind: str, number: int, *, schedule: Schedule) -> Row:
    """Train with a kill, and see what came out."""
    _two_nodes(campaign.cluster)
    draw, begun = random.Random(f"{kind} {number} {campaign.chosen.epochs}"), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        if kind == "driver":
            model, found = _resumed(campaign, Path(folder), number, schedule=schedule)
        else:
            model, found = _trained(campaign, kind, draw, schedule=schedule)
        seconds = time.perf_counter() - begun
        near = {"beside_checkpoint": sorted(set(os.listdir(folder)) - {"checkpoint", "checkpoint.previous"})}
    left = near | _left(campaign.cluster)
    settings = {"parts": campaign.chosen.parts, "epochs": campaign.chosen.epochs, **schedule._asdict()}
    scores = scores_of(model, quick=campaign.chosen.quick or campaign.chosen.parts > 1)
    return {
        "study": "kills",
        "kind": kind,
        "run": number,
        **settings,
        **scores,
        **found,
        "left": left,
        "seconds": digits(seconds),
    }


def _trained(campaign: Campaign, kind: str, draw: random.Random, *, schedule: Schedule) -> tuple[Word2Vec, Row]:
    """Train in this process, while an actor or a node is killed."""
    n_rounds, cluster = schedule.n_rounds(campaign.text, campaign.options["epochs"]), campaign.cluster
    other = next(iter(cluster.worker_nodes))

    def kill() -> None:
        for pid in actors_of(cluster, other) if kind == "node" else [draw.choice(actors(cluster))]:
            os.kill(pid, signal.SIGKILL)
        if kind == "node":  # its actors first: without their node they would go on for a while
            cluster.remove_node(other, allow_graceful=False)

    strike = Strike(draw, PHASES if kind == "node" else (kind,), n_rounds, action=kill)
    with nullcontext() if kind == "none" else watched(strike):
        model = Word2Vec(corpus_file=str(campaign.text), cluster=schedule.cluster(cluster.address), **campaign.options)
    return model, {} if strike.struck is None else strike.struck._asdict()


def _resumed(campaign: Campaign, folder: Path, number: int, *, schedule: Schedule) -> tuple[Word2Vec, Row]:
    """Kill a driver that has written a checkpoint, and go on from that."""
    from fastw2v.resuming import read_training
    from fastw2v.resuming import share as share_of

    checkpoint, note = folder / "checkpoint", folder.with_suffix(".note")
    given = [str(campaign.text), campaign.cluster.address, str(checkpoint), str(note), str(number)]
    n_rounds = schedule.n_rounds(campaign.text, campaign.options["epochs"])
    settings = {"options": campaign.options, "schedule": schedule, "n_rounds": n_rounds}
    command = [sys.executable, "-m", "benchmarks.studies.cluster.killed_driver", *given, json.dumps(settings)]
    ended = subprocess.run(command, check=False).returncode
    found: Row = json.loads(note.read_text()) if note.exists() else {}
    note.unlink(missing_ok=True)
    training = read_training(checkpoint)[1]
    found |= {"driver_ended_with": ended, "resumed_at": digits(share_of(training or {}))}
    where = schedule.cluster(campaign.cluster.address)
    return Word2Vec.resume(checkpoint, corpus_file=str(campaign.text), cluster=where), found


def _two_nodes(cluster: Any) -> None:  # noqa: ANN401 - Ray has no types
    """Wait until two nodes are there, and all their CPUs are free; add one in the place of a node that was removed."""
    import ray

    if not cluster.worker_nodes:
        cluster.add_node(num_cpus=1, object_store_memory=STORE_BYTES, include_dashboard=False)
    if not ray.is_initialized():
        ray.init(address=cluster.address, log_to_driver=False)
    for _ in range(600):
        alive = sum(node["Alive"] for node in ray.nodes())
        if alive == 2 and ray.available_resources().get("CPU", 0) == 2:
            return
        time.sleep(0.1)
    raise RuntimeError(f"{alive} nodes are alive, with {ray.available_resources()}; expected two that are free")


def _left(cluster: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return what is left a minute after a training; at once if that is nothing.

    Objects whose bytes nobody uses are waited for a few seconds alone: Ray may keep one until it needs the room.
    """
    begun = time.monotonic()
    while True:
        found: dict[str, Any] = left_behind(cluster) | stored()
        waited, n_objects = time.monotonic() - begun, found.pop("objects", 0)
        if waited > (_FREED_IN_S if any(found.values()) else _CACHED_S if n_objects else 0):
            return found | {"objects": n_objects, "after_s": digits(waited)}
        time.sleep(0.2)

"""What a measurement gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from fastw2v.profile.case import Case
from fastw2v.profile.clock import Call, stages_in

GREATEST_GAP = 10  # percent
GREATEST_WAIT = 5  # percent: threads of a machine that does nothing else wait for a core for less than 1 % of the time


def rounded(number: float) -> str:
    """Three digits, or all before the point."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


@dataclass(frozen=True)
class Stage:
    """One stage of an iteration.

    Attributes
    ----------
    name : str
        "input gather", "hidden", "output score", "loss", "sampler", "backward in", "backward out" or "optimiser"; of
        stages that one kernel does, the names with " + " between them.
    ms, least_ms, greatest_ms : float
        Mean over the middle half of the clocked iterations, by how long they took; least and greatest of all.
    share : float
        Percent of the sum of all stages.
    bytes_moved : int
        What the stage reads and writes at the least, by its shapes (`fastw2v.profile.traffic`).
    """

    name: str
    ms: float
    least_ms: float
    greatest_ms: float
    share: float
    bytes_moved: int

    @property
    def gb_per_s(self) -> float:
        """Speed of memory that `bytes_moved` comes to; above the machine's own where caches serve."""
        return self.bytes_moved / max(self.ms, 1e-9) / 1e6


@dataclass(frozen=True)
class Run:
    """One variant on one case.

    Attributes
    ----------
    variant : str
        "softmax", "reference" or "cpu".
    case : Case
    optimizer : str
    stages : tuple of Stage
    whole_ms, least_ms, greatest_ms : float
        Whole iterations without clocks in them: mean over their middle half, least and greatest.
    n_iterations : int
        Iterations of either kind.
    first_loss : float
        Loss of the first batch, at the first weights.
    n_rows : int or None
        Different rows of W_in and W_out that the last batch touched; None for dense gradients, which touch all.
    calls : tuple of tuple of Call
        The calls of the last clocked iterations.
    quartiles_ms : tuple of float
        First and third, of whole iterations.
    waited_percent : float or None
        Share of the time that threads with work to do waited for a core; None where the system does not tell.
    """

    variant: str
    case: Case
    optimizer: str
    stages: tuple[Stage, ...]
    whole_ms: float
    least_ms: float
    greatest_ms: float
    n_iterations: int
    first_loss: float
    n_rows: int | None
    calls: tuple[tuple[Call, ...], ...] = field(repr=False)
    quartiles_ms: tuple[float, float]
    waited_percent: float | None = None

    @property
    def is_disturbed(self) -> bool:
        """Whether other programs had the cores for so long that the times are unreliable."""
        return self.waited_percent is not None and self.waited_percent > GREATEST_WAIT

    @property
    def stages_ms(self) -> float:
        """Sum of the stages."""
        return sum(stage.ms for stage in self.stages)

    @property
    def gap(self) -> float:
        """By how many percent the sum of the stages is more than a whole iteration."""
        return 100 * (self.stages_ms / self.whole_ms - 1)

    def ms_of(self, stage: str) -> float | None:
        """Time of a stage, or of all that a fused one is made of; None where this variant has none of its own."""
        wanted, times = stages_in(stage), {name.name: name.ms for name in self.stages}
        if stage in times:
            return times[stage]
        found = [times[part] for part in wanted if part in times]
        return sum(found) if found else None


@dataclass(frozen=True)
class LeftOut:
    """A variant that did not fit into memory."""

    variant: str
    case: Case
    needed_bytes: int
    usable_bytes: int

    def __str__(self) -> str:
        return (
            f"{self.variant}, {self.case.model}, V = {self.case.vocab_size:,} needs "
            f"{self.needed_bytes / 1e9:.1f} GB and may have {self.usable_bytes / 1e9:.1f} GB, nine tenths of what is "
            "free: left out; free memory, or lower the vocabulary, the window or the batch"
        )


@dataclass(frozen=True)
class Profile:
    """All runs.

    Attributes
    ----------
    corpus : str
        What was trained on.
    threads : dict
        Threads of NumPy's BLAS (None: not known), and of the kernels at most.
    runs : tuple of Run
    left_out : tuple of LeftOut
    """

    corpus: str
    threads: dict[str, int | None]
    runs: tuple[Run, ...]
    left_out: tuple[LeftOut, ...]

    def run(self, variant: str, model: str, vocab_size: int) -> Run | None:
        """Return one run, None where it was left out."""
        wanted = variant, model, vocab_size
        return next((run for run in self.runs if (run.variant, run.case.model, run.case.vocab_size) == wanted), None)

    def speedup(self, run: Run, stage: str | None = None, *, over: str = "softmax") -> float | None:
        """How many times faster a run, or one of its stages, is than another variant's; None where there is none."""
        other = self.run(over, run.case.model, run.case.vocab_size)
        if other is None:
            return None
        slow, fast = (one.whole_ms if stage is None else one.ms_of(stage) for one in (other, run))
        return slow / fast if slow and fast else None

    def warnings(self) -> list[str]:
        """What to doubt: runs under load, and runs whose stages do not add up to a whole iteration."""
        cure = "measure again with more seconds, on a machine that does nothing else"
        disturbed = [f"{_name(run)} ({run.waited_percent:.0f} %)" for run in self.runs if run.is_disturbed]
        found = [
            f"{_name(run)}: the stages add up to {rounded(run.stages_ms)} ms, a whole iteration takes "
            f"{rounded(run.whole_ms)} ms ({run.gap:+.0f} %): {cure}"
            for run in self.runs
            if abs(run.gap) > GREATEST_GAP
        ]
        if disturbed:
            what = "unreliable, measured under load; threads waited for a core, by the share of the time:"
            found.insert(0, f"{what} {'; '.join(disturbed)}: {cure}")
        return found

    def to_dict(self) -> dict[str, Any]:
        """All figures, as JSON has them."""
        return {
            "corpus": self.corpus,
            "threads": self.threads,
            "runs": [self._run_figures(run) for run in self.runs],
            "left_out": [asdict(left_out) for left_out in self.left_out],
            "warnings": self.warnings(),
        }

    def _run_figures(self, run: Run) -> dict[str, Any]:
        figures = {name: value for name, value in asdict(run).items() if name != "calls"}
        speedups = {f"times_{other}": self.speedup(run, over=other) for other in ("softmax", "reference")}
        stages = [
            asdict(stage)
            | {"gb_per_s": stage.gb_per_s}
            | {f"times_{other}": self.speedup(run, stage.name, over=other) for other in ("softmax", "reference")}
            for stage in run.stages
        ]
        return figures | {"stages_ms": run.stages_ms, "gap_percent": run.gap} | speedups | {"stages": stages}


def _name(run: Run) -> str:
    return f"{run.variant}, {run.case.model}, V = {run.case.vocab_size:,}"

"""A profile as text, for people: a table for each run, and the answers to the chapter's two questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

from fastw2v.profile.case import MODELS, Case
from fastw2v.profile.clock import STAGES, stages_in
from fastw2v.profile.records import Profile, Run, Stage, rounded
from fastw2v.profile.variants import VARIANTS

_COLUMNS = f"  {'stage':<22}{'ms':>11}{'share':>9}{'MB moved':>11}{'GB/s':>8}{'x softmax':>12}{'x reference':>13}"
_ABSENT = f"  {{:<22}}{'-':>11}{'-':>9}{'-':>11}{'-':>8}{'-':>12}{'-':>13}"
_ABOUT = (
    "ms: mean over the middle half of the iterations. MB moved: what the stage reads and writes at the least, by its",
    "shapes. GB/s: their ratio, above the speed of memory where caches serve. x: times faster than that variant.",
    "a + b: stages that one kernel does. softmax's one-hot arrays are float32, and made outside of the iterations. The",
    "optimiser also merges the gradients of shared weights. SparseAdam updates touched rows, Adam all rows.",
)
# What is said of a cost that grows as V ** e, by the least e.
_VERDICTS = ((1.2, "more than in proportion"), (0.7, "in proportion"), (0.2, "in part"), (-np.inf, "hardly"))


def text(profile: Profile) -> Iterator[str]:
    """Yield the lines of the report."""
    blas = profile.threads["blas"]
    yield f"Corpus: {profile.corpus}."
    yield f"Threads: NumPy's BLAS {blas or 'not known'}, kernels up to {profile.threads['kernels']}."
    yield from _ABOUT
    for case in _cases(profile):
        runs = [run for run in profile.runs if run.case == case]
        yield ""
        yield _title(case)
        for run in runs:
            yield from _table(profile, run)
    yield ""
    yield from _costs(profile)
    yield ""
    yield from answers(profile)


def _cases(profile: Profile) -> Iterable[Case]:
    return dict.fromkeys(run.case for run in profile.runs)


def _title(case: Case) -> str:
    return (
        f"{MODELS[case.model]}, V = {case.vocab_size:,}, hidden {case.hidden_size}, window {case.window_size}, "
        f"batch {case.batch_size}, {case.sample_size} negatives"
    )


def _table(profile: Profile, run: Run) -> Iterator[str]:
    yield f"  {run.variant}: {VARIANTS[run.variant]}, {run.optimizer}"
    yield _COLUMNS
    shown = {stages_in(stage.name)[0]: stage for stage in run.stages}
    hidden = {part for stage in run.stages for part in stages_in(stage.name)[1:]}
    for name in STAGES:
        if name in shown:
            yield _row(profile, run, shown[name])
        elif name not in hidden:
            yield _ABSENT.format(name)
    share, moved = (sum(column) for column in zip(*((stage.share, stage.bytes_moved) for stage in run.stages)))
    yield f"  {'sum of stages':<22}{run.stages_ms:>11.3f}{share:>8.1f}%{moved / 1e6:>11.2f}"
    whole = f"  {'whole iteration':<22}{run.whole_ms:>11.3f}{'':>28}"
    yield whole + _speedups(profile, run, None)
    spread = f"{run.least_ms:.3f} to {run.greatest_ms:.3f} ms in {run.n_iterations} iterations"
    rows = "" if run.n_rows is None else f"; a batch touches {run.n_rows:,} different rows"
    yield f"  (whole: {spread}; the sum of stages differs by {run.gap:+.1f} %{rows})"
    if run.is_disturbed:
        yield f"  UNRELIABLE: other programs had the cores; threads waited for {run.waited_percent:.0f} % of the time"


def _row(profile: Profile, run: Run, stage: Stage) -> str:
    return (
        f"  {stage.name:<22}{stage.ms:>11.3f}{stage.share:>8.1f}%{stage.bytes_moved / 1e6:>11.2f}{stage.gb_per_s:>8.1f}"
        + _speedups(profile, run, stage.name)
    )


def _speedups(profile: Profile, run: Run, stage: str | None) -> str:
    """Cells of the speed-up over softmax and over the reference, each for the variants that come after it."""
    earlier = list(VARIANTS)[: list(VARIANTS).index(run.variant)]
    factors = (profile.speedup(run, stage, over=over) if over in earlier else None for over in ("softmax", "reference"))
    cells = ("-" if factor is None else rounded(factor) for factor in factors)
    return "".join(f"{cell:>{width}}" for cell, width in zip(cells, (12, 13)))


def _costs(profile: Profile) -> Iterator[str]:
    """Whole iterations of all runs, a line for each case."""
    yield "A whole iteration in ms:"
    yield f"  {'model':<10}{'V':>11}" + "".join(f"{variant:>13}" for variant in VARIANTS)
    for case in _cases(profile):
        runs = [profile.run(variant, case.model, case.vocab_size) for variant in VARIANTS]
        cells = (f"{run.whole_ms:>13,.3f}" if run else f"{'left out':>13}" for run in runs)
        yield f"  {MODELS[case.model]:<10}{case.vocab_size:>11,}" + "".join(cells)


def answers(profile: Profile) -> Iterator[str]:
    """Yield the answers, computed from what was measured: where the time goes, and whether it grows with V."""
    for model in dict.fromkeys(case.model for case in _cases(profile)):
        largest = max(case.vocab_size for case in _cases(profile) if case.model == model)
        runs = [run for run in profile.runs if (run.case.model, run.case.vocab_size) == (model, largest)]
        shares = "; ".join(f"{run.variant}: {_greatest(run)}" for run in runs)
        yield f"Where does the time go ({MODELS[model]}, V = {largest:,})? {shares}."
        yield f"Does it grow with the vocabulary ({MODELS[model]})? {_growth(profile, model)}."


def _greatest(run: Run) -> str:
    first = sorted(run.stages, key=lambda stage: -stage.share)[:3]
    return ", ".join(f"{stage.name} {stage.share:.0f} %" for stage in first)


def _growth(profile: Profile, model: str) -> str:
    found = {variant: growth(profile, variant, model) for variant in VARIANTS}
    if not any(found.values()):
        return "One vocabulary cannot tell; measure several (--sweep 1000..1000000)"
    return "; ".join(f"{variant}: {sentence}" for variant, sentence in found.items() if sentence)


def growth(profile: Profile, variant: str, model: str) -> str | None:
    """Say how the cost of a variant grows, by a line through the logarithms; None for a single vocabulary."""
    runs = [run for run in profile.runs if (run.variant, run.case.model) == (variant, model)]
    runs.sort(key=lambda run: run.case.vocab_size)
    if len(runs) < 2:
        return None
    if any(run.is_disturbed for run in runs):
        waited = max(run.waited_percent or 0 for run in runs)
        return f"unreliable, no verdict (measured under load: threads waited for a core for {waited:.0f} % of the time)"
    sizes, times = [run.case.vocab_size for run in runs], [run.whole_ms for run in runs]
    slope, bounds = slope_of(sizes, times), slope_bounds(sizes, [run.quartiles_ms for run in runs])
    verdicts = dict.fromkeys(next(word for least, word in _VERDICTS if bound > least) for bound in bounds)
    verdict = " or ".join(verdicts) + (", the spread does not tell" if len(verdicts) > 1 else "")
    factors = f"{rounded(sizes[-1] / sizes[0])} times the words, {rounded(times[-1] / times[0])} times the time"
    power = f"V^{slope:.2f}, by the quartiles {bounds[0]:.2f} to {bounds[1]:.2f}"
    rows = [run.n_rows for run in (runs[0], runs[-1]) if run.n_rows is not None]
    touched = "; a batch touches {:,} different rows, then {:,}".format(*rows) if len(rows) == 2 else ""
    return f"{verdict} ({sizes[0]:,} to {sizes[-1]:,}: {factors}, as {power}{touched})"


def slope_of(sizes: list[int], times: list[float]) -> float:
    """Exponent e of the power law ``time ~ size ** e`` that fits best."""
    return float(_weights(sizes) @ np.log(times))


def slope_bounds(sizes: list[int], bounds: list[tuple[float, float]]) -> tuple[float, float]:
    """Least and greatest exponent of the power laws through any times within their bounds."""
    weights, (low, high) = _weights(sizes), np.log(np.transpose(bounds))
    return float(weights @ np.where(weights > 0, low, high)), float(weights @ np.where(weights > 0, high, low))


def _weights(sizes: list[int]) -> npt.NDArray[np.float64]:
    """What each logarithm of a time counts for in the slope of the line of least squares."""
    from_mean = np.log(sizes) - np.log(sizes).mean()
    weights: npt.NDArray[np.float64] = from_mean / (from_mean @ from_mean)
    return weights

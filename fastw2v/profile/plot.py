"""A profile as a picture: cost against V, and the shares of the stages."""

from __future__ import annotations

from os import PathLike
from pathlib import Path
from typing import Any

from fastw2v.profile.case import MODELS
from fastw2v.profile.clock import STAGES, stages_in
from fastw2v.profile.records import Profile, Run, rounded
from fastw2v.profile.report import slope_of
from fastw2v.profile.variants import VARIANTS
from fastw2v.runtime.files import atomic_write

_NAMES = {"softmax": "softmax (NumPy)", "reference": "negative sampling (NumPy)", "cpu": "negative sampling (compiled)"}
_MARKERS = {"softmax": "o", "reference": "s", "cpu": "D"}
_LEAST_LABELLED = 4  # percent: narrower pieces of a bar have no room for a number


def check_target(path: Path) -> None:
    """Raise, before the work is done, ImportError without matplotlib, ValueError where it draws no such file."""
    try:
        from matplotlib.backend_bases import FigureCanvasBase
    except ImportError as error:
        raise ImportError("--plot needs matplotlib; install it with: pip install '.[plot]'") from error
    if path.suffix.lstrip(".") not in FigureCanvasBase.get_supported_filetypes():
        raise ValueError(f"{path}: the ending {path.suffix!r} names no kind of picture; use .png, .svg or .pdf")


def write_plot(profile: Profile, path: str | PathLike[str]) -> None:
    """Write the picture, a row for each model, in the format of the path's ending."""
    check_target(Path(path))
    from matplotlib.figure import Figure

    models = list(dict.fromkeys(run.case.model for run in profile.runs))
    figure = Figure(figsize=(14, 5.2 * len(models)), layout="constrained")
    for (left, right), model in zip(figure.subplots(len(models), 2, squeeze=False), models):
        runs = [run for run in profile.runs if run.case.model == model]
        _draw_costs(left, runs)
        _draw_stages(right, runs)
    with atomic_write(path) as draft:
        figure.savefig(draft, format=Path(path).suffix[1:], dpi=120)


def _draw_costs(axes: Any, runs: list[Run]) -> None:  # noqa: ANN401 - matplotlib is optional
    for variant in VARIANTS:
        points = sorted((run.case.vocab_size, run.whole_ms) for run in runs if run.variant == variant)
        if points:
            sizes, times = (list(column) for column in zip(*points))
            slope = f", V^{slope_of(sizes, times):.2f}" if len(points) > 1 else ""
            axes.loglog(sizes, times, marker=_MARKERS[variant], label=_NAMES[variant] + slope)
    axes.set(xlabel="vocabulary V (words)", ylabel="one iteration (ms)")
    axes.set_title(f"{MODELS[runs[0].case.model]}: cost against vocabulary")
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12))


def _draw_stages(axes: Any, runs: list[Run]) -> None:  # noqa: ANN401
    """Shares at the largest vocabulary at which the most variants were measured."""
    sizes = [run.case.vocab_size for run in runs]
    size = max(sizes, key=lambda size: (sizes.count(size), size))
    shown = [run for run in runs if run.case.vocab_size == size]
    for row, run in enumerate(shown):
        _draw_bar(axes, row, run)
    axes.set_yticks(range(len(shown)), [f"{_NAMES[run.variant]}\n{rounded(run.whole_ms)} ms" for run in shown])
    axes.invert_yaxis()
    axes.set(xlabel="share of an iteration (%)", xlim=(0, 100))
    axes.set_title(f"{MODELS[runs[0].case.model]}, V = {size:,}: stages")
    handles, labels = axes.get_legend_handles_labels()
    pieces = dict(zip(labels, handles))
    names = sorted(pieces, key=lambda name: (STAGES.index(stages_in(name)[0]), len(stages_in(name))))
    axes.legend([pieces[name] for name in names], names, ncols=3, loc="upper center", bbox_to_anchor=(0.45, -0.12))


def _draw_bar(axes: Any, row: int, run: Run) -> None:  # noqa: ANN401
    """Draw a bar; a piece that is several stages in one is hatched, in the colour of the first."""
    left = 0.0
    for stage in run.stages:
        first, *others = stages_in(stage.name)
        look = {"color": f"C{STAGES.index(first)}", "hatch": "//" if others else None, "edgecolor": "white"}
        axes.barh(row, stage.share, left=left, label=stage.name, **look)
        if stage.share >= _LEAST_LABELLED:
            place = {"ha": "center", "va": "center", "bbox": {"color": "white", "alpha": 0.6, "pad": 1}}
            axes.text(left + stage.share / 2, row, f"{stage.share:.0f}", fontsize=9, **place)
        left += stage.share

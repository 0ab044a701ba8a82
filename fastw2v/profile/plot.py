"""A profile as a picture: cost against V, and the stages of an iteration, in milliseconds and as shares."""

from __future__ import annotations

from os import PathLike
from typing import Any

from fastw2v.profile.case import MODELS
from fastw2v.profile.clock import STAGES, stages_in
from fastw2v.profile.records import Profile, Run, Stage, rounded
from fastw2v.profile.report import slope_of
from fastw2v.profile.variants import VARIANTS
from fastw2v.runtime.pictures import check_picture, figure_class, write_picture

_NAMES = {"softmax": "softmax (NumPy)", "reference": "negative sampling (NumPy)", "cpu": "negative sampling (compiled)"}
_MARKERS = {"softmax": "o", "reference": "s", "cpu": "D"}
_COLOURS = {"softmax": "C3", "reference": "C0", "cpu": "C2"}
_LEAST_LABELLED = 4  # percent of the width: narrower pieces of a bar have no room for a number
_FEWEST_POINTS = 3  # of a curve: two points are a line whatever was measured, so they are bars


def check_target(path: str | PathLike[str]) -> None:
    """Raise, before the work is done, ImportError without matplotlib, ValueError where it draws no such file."""
    check_picture(path, "--plot")


def write_plot(profile: Profile, path: str | PathLike[str]) -> None:
    """Write the picture, a row for each model, in the format of the path's ending."""
    check_target(path)
    models = list(dict.fromkeys(run.case.model for run in profile.runs))
    figure = figure_class("--plot")(figsize=(19, 5.4 * len(models)), layout="constrained")
    rows = figure.subplots(len(models), 3, squeeze=False, width_ratios=(1, 1.15, 1))
    for (left, middle, right), model in zip(rows, models):
        runs = [run for run in profile.runs if run.case.model == model]
        _draw_costs(left, runs)
        shown = _shown(runs)
        _draw_stages(middle, shown, is_share=False)
        _draw_stages(right, shown, is_share=True)
        _draw_legend(middle)
    write_picture(figure, path)


def _draw_costs(axes: Any, runs: list[Run]) -> None:  # noqa: ANN401 - matplotlib is optional
    """Cost against V: curves, or bars where there are few vocabularies."""
    sizes = sorted({run.case.vocab_size for run in runs})
    draw = _draw_cost_bars if len(sizes) < _FEWEST_POINTS else _draw_cost_curves
    draw(axes, {variant: [run for run in runs if run.variant == variant] for variant in VARIANTS}, sizes)
    axes.set(xlabel="vocabulary V (words)", ylabel="one iteration (ms)")
    load = "\nUNRELIABLE: measured under load" if any(run.is_disturbed for run in runs) else ""
    axes.set_title(f"{MODELS[runs[0].case.model]}: cost against vocabulary{load}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.12))


def _draw_cost_curves(axes: Any, by_variant: dict[str, list[Run]], _sizes: list[int]) -> None:  # noqa: ANN401
    for variant, runs in by_variant.items():
        points = sorted((run.case.vocab_size, run.whole_ms) for run in runs)
        if points:
            sizes, times = (list(column) for column in zip(*points))
            slope = f", V^{slope_of(sizes, times):.2f}" if len(points) > 1 else ""
            look = {"marker": _MARKERS[variant], "color": _COLOURS[variant]}
            axes.loglog(sizes, times, label=_NAMES[variant] + slope, **look)
    axes.grid(alpha=0.3, which="both")


def _draw_cost_bars(axes: Any, by_variant: dict[str, list[Run]], sizes: list[int]) -> None:  # noqa: ANN401
    """Bars from zero in groups by V; their lengths can be compared, since the axis is not logarithmic."""
    width = 0.8 / len(by_variant)
    for number, (variant, runs) in enumerate(by_variant.items()):
        places = [sizes.index(run.case.vocab_size) + (number - (len(by_variant) - 1) / 2) * width for run in runs]
        bars = axes.bar(places, [run.whole_ms for run in runs], width, label=_NAMES[variant], color=_COLOURS[variant])
        axes.bar_label(bars, [rounded(run.whole_ms) for run in runs], fontsize=9, padding=2)
    axes.set_xticks(range(len(sizes)), [f"{size:,}" for size in sizes])
    axes.margins(y=0.12)
    axes.grid(alpha=0.3, axis="y")
    axes.set_axisbelow(True)


def _shown(runs: list[Run]) -> list[Run]:
    """Return the runs at the largest vocabulary at which the most variants were measured."""
    sizes = [run.case.vocab_size for run in runs]
    size = max(sizes, key=lambda size: (sizes.count(size), size))
    return [run for run in runs if run.case.vocab_size == size]


def _draw_stages(axes: Any, runs: list[Run], *, is_share: bool) -> None:  # noqa: ANN401
    """Bars of stages: in milliseconds, or as shares of 100 %."""
    longest = 100.0 if is_share else max(run.stages_ms for run in runs)
    for row, run in enumerate(runs):
        left = 0.0
        for stage in run.stages:
            left = _draw_piece(axes, row, stage, left=left, longest=longest, is_share=is_share)
        if not is_share:
            axes.text(left + 0.01 * longest, row, f"whole: {rounded(run.whole_ms)} ms", va="center", fontsize=9)
    names = [_NAMES[run.variant].replace(" (", "\n(") for run in runs]
    axes.set_yticks(range(len(runs)), [""] * len(runs) if is_share else names)
    axes.invert_yaxis()
    axes.set(xlabel="share of an iteration (%)" if is_share else "one iteration (ms)")
    axes.set_xlim(0, 100 if is_share else 1.25 * longest)
    what = "shares" if is_share else "milliseconds"
    axes.set_title(f"{MODELS[runs[0].case.model]}, V = {runs[0].case.vocab_size:,}: {what} of the stages")


def _draw_piece(
    axes: Any,  # noqa: ANN401
    row: int,
    stage: Stage,
    *,
    left: float,
    longest: float,
    is_share: bool,
) -> float:
    """Draw a piece and return where it ends; one that is several stages is hatched, in the colour of the first."""
    first, *others = stages_in(stage.name)
    width, hatch = (stage.share if is_share else stage.ms), "//" if others else None
    colour = f"C{STAGES.index(first)}"
    axes.barh(row, width, left=left, label=stage.name, color=colour, hatch=hatch, edgecolor="white")
    if 100 * width >= _LEAST_LABELLED * longest:
        place = {"ha": "center", "va": "center", "bbox": {"color": "white", "alpha": 0.6, "pad": 1}}
        number = f"{width:.0f}" if is_share else rounded(width)
        axes.text(left + width / 2, row, number, fontsize=9, **place)
    return left + width


def _draw_legend(axes: Any) -> None:  # noqa: ANN401
    """Name the pieces, in the order of an iteration, for both kinds of bars."""
    handles, labels = axes.get_legend_handles_labels()
    pieces = dict(zip(labels, handles))
    names = sorted(pieces, key=lambda name: (STAGES.index(stages_in(name)[0]), len(stages_in(name))))
    axes.legend([pieces[name] for name in names], names, ncols=3, loc="upper center", bbox_to_anchor=(0.45, -0.12))

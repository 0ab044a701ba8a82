"""Charts as SVG, drawn by hand, so that a report needs no library: curves, and points."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from fastw2v.report.history import Points
from fastw2v.report.labels import place_labels, shortened
from fastw2v.runtime.arrays import Array

_WIDTH, _HEIGHT = 360.0, 230.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 46.0, 12.0, 14.0, 38.0
_FONT = 11.0
_N_TICKS = 5


@dataclass(frozen=True)
class Axis:
    """An axis: what it shows, and where on the chart its ends are.

    Attributes
    ----------
    label : str
    low, high : float
        Ends, of the logarithms on a logarithmic axis.
    begin, end : float
        Their places on the chart.
    is_log : bool
    """

    label: str
    low: float
    high: float
    begin: float
    end: float
    is_log: bool = False

    def place(self, values: object) -> Array:
        """Return the places of values."""
        given = np.asarray(values, np.float64)
        scaled = np.log10(given) if self.is_log else given
        return self.begin + (scaled - self.low) / ((self.high - self.low) or 1.0) * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """Return round values between the ends."""
        if self.is_log:
            first, last = math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9)
            step = max(1, (last - first) // _N_TICKS + 1)
            return [10.0**power for power in range(first, last + 1, step)]
        return round_values(self.low, self.high)


def round_values(low: float, high: float) -> list[float]:
    """Return about five multiples of 1, 2 or 5 times a power of ten, from low to high."""
    if high <= low:
        return [low]
    raw = (high - low) / _N_TICKS
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(number * step, 12) for number in range(first, last + 1)]


def text_of(value: float) -> str:
    """Return a number as an axis shows it: 1.5 M, 20 k, 0.25."""
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if abs(value) >= factor:
            return f"{value / factor:.4g}{unit}"
    return f"{value:.4g}"


def curve_chart(curves: dict[str, Points], x_label: str, y_label: str, *, from_zero: bool = False) -> str:
    """Return an SVG of curves; the first is in the colour of the page, the others are dashed.

    Parameters
    ----------
    curves : dict of str to list of (float, float)
        Names, fit to be shown, and points; one curve at least.
    x_label, y_label : str
    from_zero : bool
        Whether the vertical axis begins at 0.
    """
    xs, ys = (np.array([point[i] for points in curves.values() for point in points]) for i in (0, 1))
    low, high = _widened(0.0 if from_zero else float(ys.min()), float(ys.max()))
    x_axis = Axis(x_label, *_widened(float(xs.min()), float(xs.max()), 0.02), _LEFT, _WIDTH - _RIGHT)
    y_axis = Axis(y_label, 0.0 if from_zero else low, high, _HEIGHT - _BOTTOM, _TOP)
    parts = _frame(x_axis, y_axis, is_whole=x_label == "epoch")
    for number, points in enumerate(curves.values()):
        places = list(zip(x_axis.place([x for x, _ in points]), y_axis.place([y for _, y in points])))
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline class="curve c{min(number, 3)}" points="{line}"/>')
        if len(places) <= 60:
            parts.append(_dots(np.array(places), f"points c{min(number, 3)}"))
    names = ", ".join(curves)
    return _svg(parts, f"{names}: {y_label} against {x_label}")


def point_chart(
    xs: Array, ys: Array, axes: tuple[str, str], *, names: Sequence[str] = (), marked: Sequence[int] = ()
) -> str:
    """Return an SVG of points over a logarithmic axis; some are marked and, where there is room, labelled.

    Parameters
    ----------
    xs, ys : float64[n]
        Points; x is above 0.
    axes : (str, str)
        What the axes show.
    names : sequence of str
        Of all points.
    marked : sequence of int
        Numbers of points.
    """
    low, high = (math.log10(float(end)) for end in (xs.min(), xs.max()))
    x_axis = Axis(axes[0], *_widened(low, high, 0.02), _LEFT, _WIDTH - _RIGHT, is_log=True)
    y_axis = Axis(axes[1], *_widened(float(ys.min()), float(ys.max())), _HEIGHT - _BOTTOM, _TOP)
    places = np.stack([x_axis.place(xs), y_axis.place(ys)], axis=1)
    parts = [*_frame(x_axis, y_axis), _dots(places, "cloud")]
    if len(marked):
        parts.append(_dots(places[list(marked)], "points c0"))
        texts = [shortened(name) for name in names]
        area = (_WIDTH - _LEFT, _HEIGHT - _BOTTOM)
        labelled = place_labels(places - (_LEFT, 3), texts, marked, font_size=_FONT, size=area)
        parts += [_text(texts[i], (places[i][0], places[i][1] - 5), "label middle") for i in labelled]
    return _svg(parts, f"{axes[1]} against {axes[0]}")


def _widened(low: float, high: float, by: float = 0.06) -> tuple[float, float]:
    space = (high - low) * by or max(abs(high) * by, 1e-3)
    return low - space, high + space


def _frame(x_axis: Axis, y_axis: Axis, *, is_whole: bool = False) -> list[str]:
    """Lines and numbers of the axes."""
    parts = []
    for value in y_axis.ticks():
        y = float(y_axis.place(value))
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(_text(text_of(value), (_LEFT - 6, y + 4), "tick end"))
    for value in x_axis.ticks():
        if not is_whole or value == int(value):
            parts.append(_text(text_of(value), (float(x_axis.place(value)), _HEIGHT - _BOTTOM + 16), "tick middle"))
    base = _HEIGHT - _BOTTOM
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{base}" y2="{base}"/>')
    parts.append(_text(x_axis.label, ((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 5), "tick middle"))
    return parts


def _dots(places: Array, kind: str) -> str:
    return f'<path class="{kind}" d="{dots_path(places)}"/>'


def dots_path(places: Array) -> str:
    """Return the data of one SVG path that is a dot at each place: lines of no length with round ends."""
    return "".join(f"M{x:.1f} {y:.1f}h0" for x, y in places)


def _text(text: str, place: tuple[float, float], kind: str) -> str:
    x, y = place
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{html.escape(text)}</text>'


def _svg(parts: list[str], label: str) -> str:
    view = f"0 0 {_WIDTH:.0f} {_HEIGHT:.0f}"
    return f'<svg class="chart" viewBox="{view}" role="img" aria-label="{html.escape(label)}">{"".join(parts)}</svg>'

"""Draw the figures of the READMEs from the recorded results.

Usage: python -m benchmarks.report.plot      (needs matplotlib: pip install '.[plot]')

results/speed.svg, of the root README: words/s against gensim, and the cost of a batch against the vocabulary.
results/scaling.svg, of fastw2v/nn/README.md: the same cost for every variant.
results/replicas.svg, of benchmarks/studies/replicas/README.md: scores of replicas that are merged by the chosen rule.
Equal results give equal files.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from benchmarks.report import replicas
from benchmarks.report.chapter4 import COMPILED, SOFTMAX
from benchmarks.report.markdown import rounded
from benchmarks.report.results import FOLDER, Row, latest, ratio

FITTED_FROM = 10_000  # smaller vocabularies: the time has a share that does not depend on V
BARS = {  # pairs, and their labels in the figure
    "skip-gram": "skip-gram, vector_size 100",
    "CBOW": "CBOW, vector_size 100",
    "skip-gram, D 300": "skip-gram, vector_size 300",
    "CBOW, D 300": "CBOW, vector_size 300",
}
OURS, THEIRS, GREY_TEXT = "#1b5e9e", "#9a9a9a", "#555555"
SMALL_SCREEN = {  # 360 pixels wide; text stays text, set by the reader's fonts
    "figure.figsize": (3.75, 6.2),
    "font.size": 9,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "Arial"],
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.fonttype": "none",
}


def main() -> None:
    try:
        import matplotlib
    except ImportError:
        sys.exit("the figures need matplotlib: pip install '.[plot]'")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "fastw2v"  # equal figures have equal bytes
    write(scaling(), "scaling.svg")
    write(replicas.figure("quarter", "skip-gram", replicas.CHOSEN), "replicas.svg")
    with matplotlib.rc_context(SMALL_SCREEN):
        write(speed(), "speed.svg")


def write(figure: Any, name: str) -> None:  # noqa: ANN401 - matplotlib has no types
    """Write a figure, and close it, so that nothing drawn later goes into it."""
    from matplotlib import pyplot

    figure.savefig(FOLDER / name, metadata={"Date": None})
    pyplot.close(figure)


def speed() -> Any:  # noqa: ANN401 - matplotlib has no types
    """The figure of the root README: two panels, one above the other."""
    from matplotlib import pyplot

    figure, (bars, lines) = pyplot.subplots(2, layout="constrained", height_ratios=(1.15, 1))
    draw_bars(bars, latest("pairs", lambda row: row["pair"], has="x"))
    draw_lines(lines, latest("scaling", lambda row: (row["series"], row["V"])))
    return figure


def draw_bars(axes: Any, rows: dict[str, Row]) -> None:  # noqa: ANN401
    """Words per second of both tools, two bars for each model, with the ratio in the longer one."""
    shown = [name for name in BARS if name in rows]
    for n, name in enumerate(shown):
        row = rows[name]
        ours, theirs = (row[side]["words_per_s"][0] / 1e6 for side in ("ours", "base"))
        axes.text(0, 3 * n, BARS[name], va="center")
        axes.barh([3 * n + 0.85, 3 * n + 1.65], [ours, theirs], height=0.75, color=[OURS, THEIRS])
        times = f"{row['x']['words_per_s'][0]:.2g} x"
        axes.text(0.1, 3 * n + 0.88, times, va="center", color="white", weight="bold")
        axes.text(ours + 0.1, 3 * n + 0.88, f"fastw2v {ours:.1f} M", va="center", color=OURS)
        axes.text(theirs + 0.1, 3 * n + 1.68, f"gensim {theirs:.2f} M", va="center", color=GREY_TEXT)
    most = max(rows[name]["ours"]["words_per_s"][0] for name in shown) / 1e6
    axes.set(xlim=(0, 1.42 * most), ylim=(3 * len(shown) - 0.7, -0.7), title="Words per second, one thread")
    axes.axis("off")


def draw_lines(axes: Any, rows: dict[tuple[str, int], Row]) -> None:  # noqa: ANN401
    """Cost of a batch against the vocabulary: the softmax, and what replaces it."""
    labels = {SOFTMAX: ("softmax, NumPy", THEIRS), COMPILED: ("negative sampling,\ncompiled", OURS)}
    for series, (label, color) in labels.items():
        sizes = sorted(n_words for name, n_words in rows if name == series)
        times = [1e3 * rows[series, n_words]["seconds"][0] for n_words in sizes]
        axes.plot(sizes, times, marker="o", color=color)
        place, text_color = ((1_200, 80), GREY_TEXT) if series == SOFTMAX else ((sizes[1], 2.2 * times[1]), color)
        axes.text(*place, label, color=text_color, va="bottom", weight="bold")
    large = sizes[-1]
    both = [rows[series, large]["seconds"] for series in labels]
    axes.annotate(
        "", (large, 1e3 * both[0][0] / 1.6), (large, 1e3 * both[1][0] * 1.6), arrowprops={"arrowstyle": "<->"}
    )
    middle = 1e3 * float(np.sqrt(both[0][0] * both[1][0]))
    axes.text(large / 1.25, middle, f"{rounded(ratio(*both)[0], 2)} x", ha="right", va="center", weight="bold")
    axes.set(
        xscale="log", yscale="log", xlabel="words in the vocabulary", title="Milliseconds for a batch of 100, CBOW"
    )
    axes.set_xticks([10**n for n in range(3, 7)], ["1,000", "10,000", "100,000", "1 million"])
    axes.set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.grid(visible=True, alpha=0.3)


def scaling() -> Any:  # noqa: ANN401
    """The figure of fastw2v/nn: cost of a batch against the vocabulary for every variant, with the slope of each."""
    from matplotlib import pyplot

    rows = latest("scaling", lambda row: (row["series"], row["V"]))
    figure, axes = pyplot.subplots(figsize=(8, 5), layout="constrained")
    for series in dict.fromkeys(series for series, _ in rows):
        sizes = sorted(n_words for name, n_words in rows if name == series)
        times = np.array([rows[series, n_words]["seconds"] for n_words in sizes]).T * 1e3
        label = f"{series}: slope {slope(sizes, times[0]):.2f}"
        axes.errorbar(sizes, times[0], yerr=abs(times[1:] - times[0]), marker="o", capsize=3, label=label)
    axes.set(xscale="log", yscale="log", xlabel="words in the vocabulary", ylabel="ms for a batch (median, quartiles)")
    axes.set_title("CBOW, window 1, hidden 100, batch 100, 5 negatives: forward, backward, optimiser")
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(title=f"slope of log time over log V from {FITTED_FROM:,}")
    return figure


def slope(sizes: list[int], times: np.ndarray) -> float:
    """Exponent of V in the time, by a line through the logarithms; NaN for fewer than two vocabularies."""
    chosen = np.array(sizes) >= FITTED_FROM
    if chosen.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log10(np.array(sizes)[chosen]), np.log10(times[chosen]), 1)[0])


if __name__ == "__main__":
    main()

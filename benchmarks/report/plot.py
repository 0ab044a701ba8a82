"""Draw the README's figure from the recorded results: results/scaling.svg, cost of a batch against the vocabulary.

Usage: python -m benchmarks.report.plot      (needs matplotlib: pip install 'fastw2v[plot]')
"""

from __future__ import annotations

import sys

import numpy as np

from benchmarks.report.results import FOLDER, latest

FITTED_FROM = 10_000  # below, what does not depend on V has a part in the time


def main() -> None:
    try:
        import matplotlib
    except ImportError:
        sys.exit("plot.py needs matplotlib: pip install 'fastw2v[plot]'")
    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "fastw2v"  # the same file from the same figures
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
    figure.savefig(FOLDER / "scaling.svg", metadata={"Date": None})


def slope(sizes: list[int], times: np.ndarray) -> float:
    """By how many powers of ten the time grows with one of the vocabulary; NaN of fewer than two sizes."""
    chosen = np.array(sizes) >= FITTED_FROM
    if chosen.sum() < 2:
        return float("nan")
    return float(np.polyfit(np.log10(np.array(sizes)[chosen]), np.log10(times[chosen]), 1)[0])


if __name__ == "__main__":
    main()

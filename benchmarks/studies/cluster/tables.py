"""The tables of the README, from the latest lines of the study network."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.report.results import Row, latest
from benchmarks.studies.cluster.network import SLOW_MEGABITS


def tables(folder: Path | None) -> str:
    """Return exchanges by size of blocks, trainings by link, and the fit, as three tables."""
    kinds: dict[str, list[Row]] = {"exchange": [], "training": [], "fit": []}
    names = ("what", "link_mbit", "nodes", "vocab", "block_mb")
    for row in latest(
        "cluster", lambda row: tuple(row.get(name) for name in names), has="what", folder=folder
    ).values():
        kinds[row["what"]].append(row)
    return "\n\n".join([_exchanges(kinds["exchange"]), _trainings(kinds["training"]), *map(_fit, kinds["fit"])])


def _exchanges(rows: Iterable[Row]) -> str:
    of_two = [row for row in rows if row["link_mbit"] != SLOW_MEGABITS]
    links, sizes = (list(dict.fromkeys(row[name] for row in of_two)) for name in ("link_mbit", "block_mb"))
    speed = {(row["link_mbit"], row["block_mb"]): f"{row['mb_per_s']:.0f} MB/s" for row in of_two}
    lines = [[_link(link), *(speed[link, size] for size in sizes)] for link in links]
    return _table(["link", *(f"blocks of {size} MB" for size in sizes)], lines)


def _trainings(rows: Iterable[Row]) -> str:
    lines = []
    for row in rows:
        times = [f"{row[name]:.2f} s" for name in ("round_train_s", "round_exchange_s")]
        share = row["round_train_s"] / (row["round_train_s"] + row["round_exchange_s"])
        lines.append(
            [_link(row["link_mbit"]), *times, f"{100 * share:.0f} %", f"{row['words_per_s'] / 1e6:.2f} million"]
        )
    return _table(["link", "trains a round in", "exchanges in", "share of training", "words/s"], lines)


def _fit(row: Row) -> str:
    head = f"fitted: {row['piece_ms']:.1f} ms a piece, {row['mb_per_s']:.1f} MB/s, {100 * row['link_share']:.0f} %\n\n"
    lines = []
    for one in row["predictions"]:
        times = [f"{one[name]:.1f} s" for name in ("predicted_s", "measured_s")]
        lines.append([f"{one['vocab']:,}", f"{one['block_mb']} MB", *times, f"{one['error_percent']:+.0f} %"])
    return head + _table(["V", "blocks of", "predicted", "measured", "error"], lines)


def _link(megabits: float | None) -> str:
    return "not limited" if megabits is None else f"{megabits / 1000:g} Gb/s"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (head, ["---"] * len(head), *lines))

"""The table and the figure of the replicas that are merged by rules: what they lose against one worker."""

from __future__ import annotations

import statistics
from collections.abc import Iterable
from typing import Any, NamedTuple

from benchmarks.report.markdown import Lines, missing, origin
from benchmarks.report.results import Row, latest

WORDS = "analogies", "WordSim-353", "SimLex-999"
SCORES = {"reviews": WORDS, "quarter": WORDS, "walks": ("AUC",)}
TITLES = {"reviews": "film reviews", "quarter": "a quarter of the film reviews", "walks": "walks"}
N_SEEDS = 2  # of one machine, at least, for a spread
CHOSEN, OWN = "in turn", "a cluster's"  # rule, and rounds
GROUPS = {"most frequent": 0, "middle": 4, "rarest": 9}  # of ten, by frequency


class Setting(NamedTuple):
    """What was trained, but for the seed."""

    corpus: str
    model: str
    n_workers: int
    rounds: int
    rule: str


class Spread(NamedTuple):
    """Mean, least and greatest over the seeds."""

    mean: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{self.mean:.1f}" if self.least == self.most else f"{self.mean:.1f} ({self.least:.1f}-{self.most:.1f})"


def settings() -> dict[Setting, list[Row]]:
    """Return the recorded lines of each setting, one worker first and the rules in their order of quality."""
    rows = latest("replicas", lambda row: (*(row.get(name, 0) for name in Setting._fields), row["seed"]))
    found: dict[Setting, list[Row]] = {}
    for key, row in rows.items():
        found.setdefault(Setting(*key[:-1]), []).append(row)
    return dict(sorted(found.items(), key=lambda item: item[0]))


def spread(rows: Iterable[Row], score: str) -> Spread:
    """Return mean, least and greatest of a score."""
    values = [row[score] for row in rows]
    return Spread(statistics.mean(values), min(values), max(values))


def is_inside(rows: list[Row], one_worker: list[Row], score: str) -> bool:
    """Whether the mean of a score is no worse than the worst seed of one worker."""
    return spread(rows, score).mean >= spread(one_worker, score).least


def replicas() -> Lines:
    """A row for each setting: losses of held-out text by frequency, scores, and those inside one worker's spread."""
    yield ["corpus", "model", "machines", "rounds an epoch", "rule", "seeds", *_loss_heads(), "scores", "inside"]
    found = settings()
    if not found:
        yield missing("python -m benchmarks.studies.replicas")
        return
    for setting, rows in found.items():
        one = found.get(setting._replace(n_workers=1, rounds=1, rule="none"), [])
        yield _line(setting, rows, one)
    yield origin(row for rows in found.values() for row in rows)


def _loss_heads() -> list[str]:
    return ["loss", *(f"of the {name} tenth" for name in GROUPS)]


def _line(setting: Setting, rows: list[Row], one: list[Row]) -> list[str]:
    names = SCORES[setting.corpus]
    first = [TITLES[setting.corpus], setting.model, str(setting.n_workers)]
    first += [str(setting.rounds or OWN), setting.rule] if setting.n_workers > 1 else ["-", "-"]
    first += [str(len(rows))]
    if any("diverged" in row for row in rows):
        return [*first, *["-"] * (1 + len(GROUPS)), "diverged", "none"]
    scores = ", ".join(f"{name} {spread(rows, name)}" for name in names)
    return [*first, *_losses(rows), scores, "-" if setting.n_workers == 1 else _inside(rows, one, names)]


def _inside(rows: list[Row], one: list[Row], names: tuple[str, ...]) -> str:
    """Name the scores that are inside the spread of one machine; "-" where it has too few seeds for a spread."""
    if len(one) < N_SEEDS:
        return "-"
    inside = [name for name in names if is_inside(rows, one, name)]
    return "all" if len(inside) == len(names) else ", ".join(inside) or "none"


def _losses(rows: list[Row]) -> list[str]:
    if "loss" not in rows[0]:
        return ["-"] * (1 + len(GROUPS))
    groups = (statistics.mean(row["losses"][number] for row in rows) for number in GROUPS.values())
    return [f"{loss:.3f}" for loss in (statistics.mean(row["loss"] for row in rows), *groups)]


def figure(corpus: str, model: str, rule: str) -> Any:  # noqa: ANN401 - matplotlib has no types
    """Draw each score against the rounds of an epoch, a line for each number of machines over the band of one."""
    from matplotlib import pyplot

    found = {s: rows for s, rows in settings().items() if (s.corpus, s.model) == (corpus, model)}
    chosen = {s: rows for s, rows in found.items() if s.rule in (rule, "none") and "diverged" not in rows[0]}
    how = rule if rule == CHOSEN else f"by {rule}"
    scores, rounds = SCORES[corpus], sorted({s.rounds for s in chosen if s.n_workers > 1}, key=lambda n: (not n, n))
    names = [str(number or OWN) for number in rounds]
    drawn, panels = pyplot.subplots(1, len(scores), squeeze=False, layout="constrained", figsize=(9, 3.2))
    for axes, score in zip(panels[0], scores):
        _draw(axes, chosen, score, places=rounds)
        axes.set(xlabel="rounds an epoch", title=score)
        axes.set_xticks(range(len(names)), names)
        axes.grid(visible=True, alpha=0.3)
    panels[0][0].legend(fontsize=8, loc="lower right")
    drawn.suptitle(f"{model}, {TITLES[corpus]}, merged {how}; grey: the spread of one machine", fontsize=10)
    return drawn


def _draw(axes: Any, found: dict[Setting, list[Row]], score: str, *, places: list[int]) -> None:  # noqa: ANN401
    """Draw a line for each number of machines, with the least and greatest seeds, over the band of one."""
    for n_workers in sorted({setting.n_workers for setting in found}):
        of_this = {s.rounds: rows for s, rows in found.items() if s.n_workers == n_workers}
        spreads = {n: spread(of_this[n], score) for n in (*places, 1) if n in of_this}
        if n_workers == 1:
            for known in spreads.values():
                axes.axhspan(known.least, known.most, alpha=0.3, color="grey", label="one machine")
            continue
        means, least, most = zip(*spreads.values())
        errors = [[m - low for m, low in zip(means, least)], [high - m for m, high in zip(means, most)]]
        axes.errorbar(
            [places.index(number) for number in spreads],
            means,
            yerr=errors,
            marker="o",
            capsize=3,
            label=f"{n_workers} machines",
        )

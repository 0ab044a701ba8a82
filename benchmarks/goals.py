"""What the project has set itself for the pairs, the queries and the start: figures beside the latest recorded ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from results import Row, cell, latest


class Goal(NamedTuple):
    """A figure of a recorded row, what it must reach, and what it is to reach; below, if `at_most`."""

    suite: str
    row: str
    figure: tuple[str, ...]
    floor: float
    goal: float | None = None
    at_most: bool = False


TRAINED, TOTAL, ENCODED = ("x", "words_per_s"), ("x", "total_s"), ("x", "mb_per_s")
BOUND = ("ours", "share_of_bound")
LARGE, MANY_WORDS = "skip-gram, V 1,000,000, D 300", "encode, 5,000,000 words to reviews"
GOALS = [
    Goal("pairs", "skip-gram", TRAINED, 12, 18),
    Goal("pairs", "skip-gram, D 300", TRAINED, 8, 11),
    Goal("pairs", "skip-gram, 2 workers", TOTAL, 7, 9),
    Goal("pairs", "CBOW", TRAINED, 5, 8),
    Goal("pairs", "CBOW, D 300", TRAINED, 3.5, 5),
    Goal("pairs", "CBOW, 2 workers", TOTAL, 3.5, 4.5),
    *(Goal("pairs", f"{model}, 2 workers to 1", TRAINED, 1.85) for model in ("skip-gram", "CBOW")),
    *(Goal("pairs", f"{model}, sessions, 2 workers to 1", TRAINED, 1.85) for model in ("skip-gram", "CBOW")),
    *(Goal("pairs", f"{model}, sessions to reviews", TRAINED, 0.7) for model in ("skip-gram", "CBOW")),
    Goal("pairs", LARGE, TRAINED, 4),
    Goal("pairs", LARGE, BOUND, 1, at_most=True),
    Goal("pairs", "encode, 2 cores to 1", ("base", "mb_per_s"), 150),
    Goal("pairs", "encode, 2 cores to 1", ENCODED, 1.7),
    Goal("pairs", MANY_WORDS, ("ours", "objects_per_word"), 0.01, at_most=True),
    Goal("nearest", "most_similar", ("x", "queries_per_s"), 20),
    Goal("start", "test_import", ("seconds",), 0.3, at_most=True),
    Goal("start", "test_first_training_compiles[SkipGram]", ("seconds",), 4, at_most=True),
    Goal("start", "test_next_training_finds_them_cached[SkipGram]", ("seconds",), 1.5, at_most=True),
]


def missed() -> int:
    """Print every goal beside the latest figure; return how many floors are missed."""
    n_missed = 0
    for goal in GOALS:
        rows = latest(goal.suite, _name, has=goal.figure[0])
        found = _figure(rows.get(goal.row), goal.figure)
        is_reached = found is not None and (
            _median(found) <= goal.floor if goal.at_most else _median(found) >= goal.floor
        )
        n_missed += not is_reached
        print(" ".join(_line(goal, found)))
    return n_missed


def _line(goal: Goal, found: Any) -> Iterator[str]:  # noqa: ANN401 - a spread or a number
    yield f"{goal.row + ': ' + ' '.join(goal.figure):64} at {'most' if goal.at_most else 'least'} {goal.floor:5g}"
    yield f"(goal {goal.goal:g}):" if goal.goal else ":"
    yield cell(found) if found is not None else "not measured"


def _name(row: Row) -> str:
    return str(row.get("pair", row["name"]))


def _figure(row: Row | None, path: tuple[str, ...]) -> Any:  # noqa: ANN401
    found: Any = row
    for name in path:
        found = (found or {}).get(name)
    return found


def _median(found: list[float] | float) -> float:
    return found[0] if isinstance(found, list) else found

"""The goals that the project has set itself, compared with the latest recorded figures.

Usage: python -m benchmarks.report.goals      prints them; fails if a floor is missed or has no recorded figure
"""

from __future__ import annotations

import math
import statistics
import sys
from collections.abc import Callable
from typing import NamedTuple

from benchmarks.peers import SCORES
from benchmarks.report.chapter4 import COMPILED, SOFTMAX
from benchmarks.report.markdown import Lines
from benchmarks.report.results import Row, Spread, cell, digits, latest, ratio

Seen = Spread | float | None  # None: not recorded


class Goal(NamedTuple):
    """A figure: how to find it in the results, the floor it must reach, the goal to aim at; `at_most`: upper bounds."""

    what: str
    seen: Callable[[], Seen]
    floor: float
    goal: float | None = None
    at_most: bool = False


def recorded(
    suite: str,
    row: str,
    *figure: str,
    floor: float,
    goal: float | None = None,
    at_most: bool = False,
    make: str = "",
) -> Goal:
    """A figure of the latest line of a pair, or of a benchmark, that has it; of processors of one `make`, if given."""

    def key(line: Row) -> tuple[str, bool]:
        return line.get("pair", line["name"]), make in line["machine"]

    def seen() -> Seen:
        found = latest(suite, key, has=figure[0]).get((row, True))
        for name in figure:
            found = (found or {}).get(name)
        return found  # type: ignore[return-value]

    on = f" on {make}" if make else ""
    return Goal(f"{row}{on}: {' '.join(figure)}", seen, floor, goal, at_most)


def at_par(pair: str) -> Goal:
    """By how much our vectors score better than gensim's: the mean of the tests, and the worst and best of them."""

    def seen() -> Seen:
        line = latest("pairs", lambda line: line["pair"], has="scores").get(pair)
        if line is None:
            return None
        ours, theirs = (line["scores"][side] for side in ("ours", "base"))
        better = [ours[name] - theirs[name] for name in ours if name.endswith("_mean")]
        return [digits(x) for x in (statistics.mean(better), min(better), max(better))]

    return Goal(f"{pair}: points scored above gensim's", seen, AT_PAR)


def in_spread(pair: str) -> Goal:
    """By how much the mean of each test lies above gensim's mean less half the spread of its seeds: the worst test."""

    def seen() -> Seen:
        line = latest("pairs", lambda line: line["pair"], has="scores").get(pair)
        if line is None:
            return None
        ours, theirs = (line["scores"][side] for side in ("ours", "base"))
        return digits(min(ours[f"{test}_mean"] - _least(theirs, test) for test in SCORES))

    return Goal(f"{pair}: least points above gensim's spread", seen, 0)


def _least(scores: Row, test: str) -> float:
    _, least, greatest = scores[test]
    return float(scores[f"{test}_mean"] - (greatest - least) / 2)


def faster(kind: str, name: str, n_vocab: int, *, optimizer: str | None, floor: float) -> Goal:
    """By how much "cpu" is faster than "reference" (with Adam, for an iteration)."""

    def seen() -> Seen:
        rows = latest("models", lambda row: (row.get(kind), row["V"], row.get("optimizer"), row["device"]))
        slow = rows.get((name, n_vocab, optimizer and "Adam", "reference"))
        fast = rows.get((name, n_vocab, optimizer, "cpu"))
        return ratio(slow["seconds"], fast["seconds"]) if slow and fast else None

    return Goal(f"{name}, {f'{optimizer}, ' if optimizer else ''}V {n_vocab:,}: x the book's NumPy", seen, floor)


def growth(small: int, large: int) -> Seen:
    """Cost of a compiled batch at the larger vocabulary, divided by that at the smaller."""
    rows = scaling(COMPILED)
    return ratio(rows[large], rows[small]) if {small, large} <= rows.keys() else None


def slope(smallest: int) -> Seen:
    """Exponent by which the softmax grows with the vocabulary: a line through the logarithms, by least squares."""
    rows = {math.log(n_words): seconds for n_words, seconds in scaling(SOFTMAX).items() if n_words >= smallest}
    if len(rows) < 3:
        return None
    mean = statistics.mean(rows)
    pulls = {x: (x - mean) / sum((other - mean) ** 2 for other in rows) for x in rows}

    def fitted(below: int, above: int) -> float:
        """The slope through one bound of the times of vocabularies below the mean, and one of those above it."""
        return digits(sum(pull * math.log(rows[x][above if pull > 0 else below]) for x, pull in pulls.items()))

    return [fitted(0, 0), fitted(2, 1), fitted(1, 2)]


def scaling(series: str) -> dict[int, Spread]:
    """Seconds of a batch by size of the vocabulary."""
    rows = latest("scaling", lambda row: (row["series"], row["V"]))
    return {n_words: row["seconds"] for (name, n_words), row in rows.items() if name == series}


MODELS = ("skip-gram", "CBOW")
AT_PAR = -0.5  # points; a chosen margin: a single score differs by one or two from seed to seed
TRAINED, TOTAL, ENCODED = ("x", "words_per_s"), ("x", "total_s"), ("x", "mb_per_s")
LARGE, MANY_WORDS = "skip-gram, V 1,000,000, D 300", "encode, 5,000,000 words to reviews"
COMPILES, CACHED = "test_first_training_compiles", "test_next_training_finds_them_cached"
SLOPE = "softmax: exponent of its growth with V, from 10,000"
GOALS = [
    faster("layer", "sampler distinct", 10_000, optimizer=None, floor=300),
    faster("layer", "embedding backward", 10_000, optimizer=None, floor=20),
    faster("layer", "embedding backward", 1_000_000, optimizer=None, floor=1000),
    faster("layer", "loss forward and backward", 10_000, optimizer=None, floor=10),
    faster("model", "CBOW", 10_000, optimizer="Adam", floor=12),
    faster("model", "CBOW", 10_000, optimizer="SparseAdam", floor=100),
    faster("model", "SkipGram", 10_000, optimizer="Adam", floor=25),
    faster("model", "SkipGram", 10_000, optimizer="SparseAdam", floor=150),
    Goal(SLOPE, lambda: slope(10_000), 0.9),
    Goal(SLOPE, lambda: slope(10_000), 1.25, at_most=True),
    Goal("SparseAdam: V 1,000,000 to V 10,000", lambda: growth(10_000, 1_000_000), 2, at_most=True),
    recorded("roofline", "skip-gram, D 100", "gflops_share", floor=0.35, goal=0.5),
    recorded("pairs", "skip-gram", *TRAINED, floor=12, goal=18),
    recorded("pairs", "skip-gram, D 300", *TRAINED, floor=8, goal=11),
    recorded("pairs", "skip-gram, 2 workers", *TOTAL, floor=7, goal=9),
    recorded("pairs", "CBOW", *TRAINED, floor=5, goal=8),
    recorded("pairs", "CBOW, D 300", *TRAINED, floor=3.5, goal=5),
    recorded("pairs", "CBOW, 2 workers", *TOTAL, floor=3.5, goal=4.5),
    *(recorded("pairs", f"{model}, 2 workers to 1", *TRAINED, floor=1.85) for model in MODELS),
    *(recorded("pairs", f"{model}, sessions, 2 workers to 1", *TRAINED, floor=1.85) for model in MODELS),
    *(recorded("pairs", f"{model}, sessions to reviews", *TRAINED, floor=0.7) for model in MODELS),
    recorded("pairs", "skip-gram", *TRAINED, floor=21, goal=25, make="AMD"),
    recorded("pairs", "CBOW", *TRAINED, floor=9, goal=11, make="AMD"),
    recorded("pairs", "skip-gram", *TRAINED, floor=17, goal=20, make="Intel"),
    recorded("pairs", "CBOW", *TRAINED, floor=7, goal=10, make="Intel"),
    recorded("pairs", "skip-gram, AVX2", *TRAINED, floor=12, goal=15),
    recorded("pairs", "CBOW, AVX2", *TRAINED, floor=6, goal=8),
    recorded("pairs", "skip-gram, pair", *TRAINED, floor=9, goal=11),
    *(recorded("pairs", f"{model}, window 10, negative 15", *TRAINED, floor=1) for model in MODELS),
    *(at_par(f"{model}{size}") for model in MODELS for size in ("", ", D 300", ", window 10, negative 15")),
    at_par("skip-gram, pair"),
    *(in_spread(f"skip-gram{size}{window}") for size in ("", ", D 300") for window in ("", ", window 10")),
    *(recorded("pairs", f"skip-gram hs{size}", *TRAINED, floor=12, goal=18) for size in ("", ", D 300")),
    *(recorded("pairs", f"CBOW hs{size}", *TRAINED, floor=6, goal=9) for size in ("", ", D 300")),
    *(in_spread(f"{model} hs{size}") for model in MODELS for size in ("", ", D 300")),
    *(recorded("pairs", f"FastText {model}", *TRAINED, floor=15) for model in MODELS),
    *(recorded("pairs", f"FastText {model}, fastText", *TRAINED, floor=6) for model in MODELS),
    *(in_spread(f"FastText {model}") for model in MODELS),
    recorded("pairs", LARGE, *TRAINED, floor=4),
    recorded("pairs", LARGE, "ours", "share_of_bound", floor=1, at_most=True),
    recorded("pairs", "encode, 2 cores to 1", "base", "mb_per_s", floor=150),
    recorded("pairs", "encode, 2 cores to 1", *ENCODED, floor=1.7),
    recorded("pairs", MANY_WORDS, "ours", "mb_per_s", floor=60, goal=100),
    recorded("pairs", MANY_WORDS, "ours", "objects_per_word", floor=0.01, at_most=True),
    recorded("nearest", "most_similar", "x", "queries_per_s", floor=20),
    recorded("start", "test_import", "seconds", floor=0.3, at_most=True),
    *(recorded("start", f"{COMPILES}[{model}]", "seconds", floor=4, at_most=True) for model in ("SkipGram", "CBOW")),
    *(recorded("start", f"{CACHED}[{model}]", "seconds", floor=1.5, at_most=True) for model in ("SkipGram", "CBOW")),
]


def missed() -> int:
    """Print every goal with its latest figure; return how many floors are missed or have no figure."""
    for goal in GOALS:
        print(f"{goal.what:62} {_bounds(goal):23} {_figure(goal):24} {_verdict(goal)}")
    return sum(_verdict(goal) != "met" for goal in GOALS)


def floors() -> Lines:
    """Table of the floors that are not met."""
    unmet = [goal for goal in GOALS if _verdict(goal) != "met"]
    if unmet:
        yield ["figure", "floor", "seen", ""]
    yield from ([goal.what, _bounds(goal), _figure(goal), _verdict(goal)] for goal in unmet)
    yield f"{len(GOALS) - len(unmet)} of {len(GOALS)} floors are met{'; the table has the others' if unmet else ''}."


def _bounds(goal: Goal) -> str:
    return f"at {'most' if goal.at_most else 'least'} {goal.floor:g}{f' (goal {goal.goal:g})' if goal.goal else ''}"


def _figure(goal: Goal) -> str:
    seen = goal.seen()
    return "" if seen is None else cell(seen)


def _verdict(goal: Goal) -> str:
    seen = goal.seen()
    if seen is None:
        return "not recorded"
    figure = seen[0] if isinstance(seen, list) else seen
    return "met" if (figure <= goal.floor if goal.at_most else figure >= goal.floor) else "MISSED"


if __name__ == "__main__":
    sys.exit(min(missed(), 1))

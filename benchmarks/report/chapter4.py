"""Tables of the book's chapter 4: its models, its layers, whole trainings, and cost against the vocabulary."""

from __future__ import annotations

import re

from benchmarks.cases import QUERIES
from benchmarks.peers import SCORES
from benchmarks.report.markdown import Lines, microseconds, milliseconds, missing, origin, rounded, times
from benchmarks.report.results import Row, latest, ratio

COMPILED = "negative sampling, compiled, SparseAdam"
SOFTMAX = "softmax, NumPy, Adam"


def iteration() -> Lines:
    """An iteration of the book's models."""
    yield ["model", "the book's NumPy, Adam", "compiled, Adam", "x NumPy", "compiled, SparseAdam", "x NumPy"]
    rows = latest("models", lambda row: (row.get("model"), row["device"], row.get("optimizer")))
    shown = []
    for model in ("CBOW", "SkipGram"):
        shown.append(rows[model, "reference", "Adam"])
        slow = shown[-1]["seconds"]
        cells = [model, milliseconds(slow)]
        for optimizer in ("Adam", "SparseAdam"):
            shown.append(rows[model, "cpu", optimizer])
            fast = shown[-1]["seconds"]
            cells += [milliseconds(fast), "{:.0f} x ({:.0f}-{:.0f})".format(*ratio(slow, fast))]
        yield cells
    yield origin(shown)


def layers() -> Lines:
    """A layer of the book, compiled and not."""
    rows = latest("models", lambda row: (row.get("layer"), row["V"], row["device"]))
    yield ["a batch of 100", "V", "the book's NumPy", "compiled", "x NumPy"]
    for layer, n_words in dict.fromkeys((layer, n_words) for layer, n_words, _ in rows if layer):
        slow, fast = (rows[layer, n_words, device]["seconds"] for device in ("reference", "cpu"))
        times = [f"{rounded(1e6 * seconds[0], 3)} us" for seconds in (slow, fast)]
        bounds = (rounded(x, 2) for x in ratio(slow, fast))
        yield [layer, f"{n_words:,}", *times, "{} x ({}-{})".format(*bounds)]
    yield origin(row for (layer, _, _), row in rows.items() if layer)


def training() -> Lines:
    """Whole runs on the Penn Treebank, and the vectors that the book's author published."""
    yield ["vectors", "epochs", "time", "loss: first", "mid epoch 1", "epochs 1, 2, 5, 8, 10", *SCORES, *QUERIES]
    rows = latest("book", lambda row: (row["model"], row.get("optimizer"), row.get("seed", row.get("seeds"))))
    for (model, optimizer, seed), row in rows.items():
        marks = [f"{row[score][0]:.1f}" if isinstance(row[score], list) else f"{row[score]:.1f}" for score in SCORES]
        near = [", ".join(re.sub(r" [\d.]+", "", row.get(query, "-")).split(", ")[:3]) for query in QUERIES]
        if optimizer is None:
            yield [model, "10", "-", *["-"] * 3, *marks, *near]
        elif "seeds" in row:
            yield [f"{model}, {optimizer}, mean of {seed} seeds", *["-"] * 5, *marks, *near]
        elif seed == 0:
            losses = [row["loss per epoch"][n - 1] for n in (1, 2, 5, 8, 10) if n <= row["epochs"]]
            known = [f"{row['epochs']}", f"{row['seconds']:.0f} s", f"{row['first loss']}", f"{row['mid epoch 1']}"]
            yield [f"{model}, {optimizer}", *known, ", ".join(map(str, losses)), *marks, *near]
    yield origin(row for row in rows.values() if "optimizer" in row)


def epochs() -> Lines:
    """Scores after each epoch, and from which on all are at least those of the book's own vectors."""
    rows = latest("book", lambda row: (row["model"], row.get("optimizer")), has="analogies per epoch")
    if not rows:
        yield "Not yet recorded: `python -m benchmarks.studies.book --skipgram-epochs 5`."
        return
    (book,) = (row for row in latest("book", lambda row: row["model"]).values() if "optimizer" not in row)
    n_epochs = max(row["epochs"] for row in rows.values())
    yield ["analogies / ws353 / simlex", "the book's from", *(f"epoch {n}" for n in range(1, n_epochs + 1))]
    for (model, optimizer), row in rows.items():
        found = list(zip(*(row[f"{score} per epoch"] for score in SCORES)))
        reached = [n for n, marks in enumerate(found, 1) if all(m >= book[s][0] for m, s in zip(marks, SCORES))]
        cells = [" / ".join(f"{mark:.1f}" for mark in marks) for marks in found]
        first = f"epoch {reached[0]}" if reached else "-"
        yield [f"{model}, {optimizer}, seed {row['seed']}", first, *cells, *["-"] * (n_epochs - len(cells))]
    yield origin(rows.values())


def scaling() -> Lines:
    """Cost of a batch by the size of the vocabulary."""
    rows = latest("scaling", lambda row: (row["series"], row["V"]))
    sizes = sorted({n_words for _, n_words in rows})
    yield ["a batch of 100", *(f"V = {n_words:,}" for n_words in sizes)]
    for series in dict.fromkeys(series for series, _ in rows):
        cells = [rows.get((series, n_words)) for n_words in sizes]
        yield [series, *(milliseconds(row["seconds"]) if row else "-" for row in cells)]
    yield origin(rows.values())


def claim() -> Lines:
    """Cost of a batch at the largest vocabulary, compared with the softmax and with V = 10,000."""
    rows = latest("scaling", lambda row: (row["series"], row["V"]))
    large, small = max(n_words for _, n_words in rows), 10_000
    costs = {name: rows[name, large]["seconds"] for name in (COMPILED, SOFTMAX)}
    faster = ratio(costs[SOFTMAX], costs[COMPILED])
    growth = ratio(costs[COMPILED], rows[COMPILED, small]["seconds"])
    yield (
        f"With `SparseAdam` a batch costs what its rows cost: {times(faster)} times less than the softmax at V = "
        f"{large:,}, and {times(growth)} times what it costs at V = {small:,}."
    )


def misses() -> Lines:
    """A step compared with its memory accesses alone, by vocabulary."""
    rows = latest("misses", lambda row: (row["what"], row["V"]))
    sizes = sorted({n_words for _, n_words in rows})
    if not sizes:
        yield missing("pytest benchmarks/test_misses.py --benchmark-json=FILE.json")
        return
    yield ["V", "rows of a batch", "their cache lines", "accesses", "an access", "accesses alone", "whole step"]
    for n_words in sizes:
        lines, step = rows["lines", n_words], rows["step", n_words]
        visit = f"{rounded(1e9 * lines['seconds'][0] / lines['visits'], 2)} ns"
        counts = [f"{number:,}" for number in (n_words, lines["rows"], lines["lines"], lines["visits"])]
        yield [*counts, visit, microseconds(lines["seconds"]), microseconds(step["seconds"])]
    yield growth_of_misses(rows, sizes[0], sizes[-1])
    yield origin(rows.values())


def growth_of_misses(rows: dict[tuple[str, int], Row], small: int, large: int) -> str:
    """How much memory accesses explain of the growth of a step with the vocabulary."""
    visits, step = ([1e6 * rows[what, n]["seconds"][0] for n in (small, large)] for what in ("lines", "step"))
    n_more = rows["lines", large]["rows"] - rows["lines", small]["rows"]
    of_rows = n_more * (step[0] - visits[0]) / rows["lines", small]["rows"]
    grown, measured = visits[1] - visits[0], step[1] - step[0]
    share = 100 * (grown + of_rows) / measured
    return (
        f"From V = {small:,} to {large:,} the step takes {measured:.0f} us more. Two causes explain {share:.0f} % of "
        f"that. The memory accesses, timed alone by a loop that changes one number in each cache line, take "
        f"{grown:.0f} us more. The batch has {n_more} rows more; their arithmetic takes {of_rows:.0f} us, by the cost "
        f"of a row at V = {small:,}. More than 100 % means that arithmetic hides some of the memory accesses."
    )

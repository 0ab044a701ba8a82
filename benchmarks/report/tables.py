"""What README's tables are made of: cells, where figures come from, and the tables about memory, start and operations.

A table is its rows of cells, the first of them the heads, and then lines of text below it.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from benchmarks.report.results import Row, Spread, latest, ratio

Lines = Iterator[list[str] | str]
COMPILED = "negative sampling, compiled, SparseAdam"
SOFTMAX = "softmax, NumPy, Adam"


def markdown(lines: Iterable[list[str] | str]) -> str:
    """The text of a table and of what is below it."""
    known = list(lines)
    rows = [f"| {' | '.join(line)} |\n" for line in known if isinstance(line, list)]
    texts = [textwrap.fill(line, 120, break_long_words=False) + "\n" for line in known if isinstance(line, str)]
    rule = ["|" + "---|" * len(known[0]) + "\n"] if rows else []
    return "".join([*rows[:1], *rule, *rows[1:], *(["\n"] if rows and texts else []), "\n".join(texts)])


def origin(rows: Iterable[Row], what: str = "Measured on") -> str:
    """Machines of figures, with the revisions and days of each."""
    places = dict[str, dict[str, None]]()
    for row in rows:
        machine = places.setdefault(row.get("gpu") or f"{row['machine']}, {row['cores']} cores", {})
        machine[f"{row['revision']} ({row['date']})"] = None
    told = [f"{machine}: revision {', '.join(found)}" for machine, found in places.items()]
    return f"{what} {'; '.join(told)}."


def missing(command: str) -> str:
    """What stands where nothing has been recorded."""
    return f"Not yet recorded: `{command}`, then `python -m benchmarks.report.results add FILE.json`."


def rounded(x: float, n_digits: int) -> str:
    """A number to some digits: 0.86, 8.2, 1,100."""
    value = float(f"{x:.{n_digits}g}")
    return f"{value:,.0f}" if value >= 10**n_digits else f"{value:g}"


def milliseconds(seconds: Spread) -> str:
    """The median, to three digits."""
    return f"{rounded(1e3 * seconds[0], 3)} ms"


def microseconds(seconds: Spread) -> str:
    """The median with its bounds, to three digits."""
    return "{} us ({}-{})".format(*(rounded(1e6 * x, 3) for x in seconds))


def times(found: Spread, n_digits: int = 2) -> str:
    """A ratio with its bounds."""
    return "{} ({}-{})".format(*(rounded(x, n_digits) for x in found))


def claim() -> Lines:
    """What the largest vocabulary costs, beside the softmax and beside V = 10,000."""
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
    """A step beside its memory alone, by vocabulary."""
    rows = latest("misses", lambda row: (row["what"], row["V"]))
    sizes = sorted({n_words for _, n_words in rows})
    if not sizes:
        yield missing("pytest benchmarks/test_misses.py --benchmark-json=FILE.json")
        return
    yield ["V", "rows of a batch", "their cache lines", "visits to these", "a visit", "visits alone", "the whole step"]
    for n_words in sizes:
        lines, step = rows["lines", n_words], rows["step", n_words]
        visit = f"{rounded(1e9 * lines['seconds'][0] / lines['visits'], 2)} ns"
        counts = [f"{number:,}" for number in (n_words, lines["rows"], lines["lines"], lines["visits"])]
        yield [*counts, visit, microseconds(lines["seconds"]), microseconds(step["seconds"])]
    yield growth_of_misses(rows, sizes[0], sizes[-1])
    yield origin(rows.values())


def growth_of_misses(rows: dict[tuple[str, int], Row], small: int, large: int) -> str:
    """What memory alone predicts of the growth of a step, and what was measured."""
    visits, step = ([1e6 * rows[what, n]["seconds"][0] for n in (small, large)] for what in ("lines", "step"))
    n_more = rows["lines", large]["rows"] - rows["lines", small]["rows"]
    of_rows = n_more * (step[0] - visits[0]) / rows["lines", small]["rows"]
    grown, measured = visits[1] - visits[0], step[1] - step[0]
    share = 100 * (grown + of_rows) / measured
    return (
        f"From V = {small:,} to {large:,} the step takes {measured:.0f} us more. The visits alone, a loop that "
        f"changes one number in each line, take {grown:.0f} us more; {n_more} rows more, at what a row of the step "
        f"takes beside its visits at V = {small:,}, {of_rows:.0f} us: together {share:.0f} % of what "
        "was measured; above 100, arithmetic hides some of the visits."
    )


def start() -> Lines:
    """The time before the first result."""
    rows = latest("start", lambda row: row["name"])
    if not rows:
        yield missing("pytest benchmarks/test_start.py --benchmark-json=FILE.json")
        return
    yield ["a new process", "seconds (quartiles)"]
    for name, row in rows.items():
        what = name.removeprefix("test_").replace("_", " ").replace("[", ", ").rstrip("]")
        yield [what, "{:.2f} ({:.2f}-{:.2f})".format(*row["seconds"])]
    yield origin(rows.values())


def nearest() -> Lines:
    """Neighbours of many words at once."""
    rows = latest("nearest", lambda row: row["pair"])
    if not rows:
        yield missing("pytest benchmarks/test_nearest.py --benchmark-json=FILE.json")
        return
    yield ["queries", "among", "gensim's single calls", "`most_similar_batch`", "x"]
    for row in rows.values():
        rates = [f"{rounded(row[side]['queries_per_s'][0], 3)} /s" for side in ("base", "ours")]
        sizes = [f"{row['n_queries']:,}", f"{row['n_rows']:,} x {row['dim']}"]
        yield [*sizes, *rates, times(row["x"]["queries_per_s"], 3)]
    yield origin(rows.values())


def roofline() -> Lines:
    """What a kept word costs the CPU trainer, in ns."""
    rows = latest("roofline", lambda row: row["name"])
    if not rows:
        yield "Not yet recorded: `python -m benchmarks.studies.roofline`."
        return
    yield [
        *("model", "vector_size", "a kept word", "share of the peak", "multiply-adds at peak"),
        *("a vector costs, of peak", "besides vectors", "cache misses"),
    ]
    for row in rows.values():
        shares = [f"{row['gflops_share'][0]:.0%}", f"{row['ns_at_peak']:.0f}", f"{row['vector_share']:.0%}"]
        word = "{:.0f} ({:.0f}-{:.0f})".format(*row["ns_kept_word"])
        yield [row["model"], f"{row['D']}", word, *shares, f"{row['ns_besides']:.0f}", f"{row['ns_misses']:.0f}"]
    peaks = sorted({row["gflops_peak"] for row in rows.values()})
    yield origin(rows.values()) + f" Peak: {', '.join(f'{peak:.0f}' for peak in peaks)} GFLOP/s."


def operations() -> Lines:
    """Every operation of the registry, on one thread of the CPU, beside its reference."""
    rows = latest("ops", lambda row: (row["op"], row["device"], row["threads"]))
    names = [op for op in dict.fromkeys(op for op, _, _ in rows) if (op, "cpu", 1) in rows]
    if not names:
        yield missing("pytest benchmarks/test_ops.py --benchmark-json=FILE.json")
        return
    yield ["operation", "reference", "compiled, one thread", "", "GFLOP/s", "of peak", "GB/s", "of main memory's"]
    for op in names:
        slow, fast = rows[op, "reference", 1], rows[op, "cpu", 1]
        rates = [
            cell
            for name in ("gflops", "gb_per_s")
            for cell in (
                [rounded(fast[name], 3), f"{100 * fast[f'{name}_share']:.3g} %"] if name in fast else ["-", "-"]
            )
        ]
        speeds = [microseconds(row["seconds"]) for row in (slow, fast)]
        yield [f"`{op}`", *speeds, f"{times(ratio(slow['seconds'], fast['seconds']))} x", *rates]
    yield origin(rows[op, "cpu", 1] for op in names)

"""Write the README's tables from the recorded results, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`.

Usage: python benchmarks/readme.py [--check]      --check writes nothing, and fails if the README differs
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cases import QUERIES
from peers import KNOBS, SCORES
from results import Row, Spread, latest, ratio

README = Path(__file__).parents[1] / "README.md"
Table = list[list[str]]


def main() -> None:
    text = README.read_text(encoding="utf-8")
    new = with_tables(text)
    if sys.argv[1:] == ["--check"]:
        sys.exit("README.md differs from the results: run python benchmarks/readme.py" if new != text else 0)
    README.write_text(new, encoding="utf-8")


def with_tables(text: str) -> str:
    """The text with every marked table made anew."""
    for name, make in TABLES.items():
        marks = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not marks.search(text):
            sys.exit(f"README.md has no table {name!r}; expected <!-- begin: {name} --> and <!-- end: {name} -->")
        table = markdown(list(make()))
        text = marks.sub(lambda found, table=table: found[1] + table + found[2], text)
    return text


def markdown(table: Table) -> str:
    """Lines of a table, the first row its heads."""
    head, *rows = (f"| {' | '.join(row)} |\n" for row in table)
    return "".join([head, "|" + "---|" * len(table[0]) + "\n", *rows])


def peers() -> Iterator[list[str]]:
    """fastw2v beside gensim on the film reviews; the ratios are to gensim's row before."""
    yield ["model", "tool", "words/s", "x gensim", "file to vectors", "x gensim", "peak MB (bound)", *SCORES]
    rows = latest("end_to_end", lambda row: json.dumps([row["corpus"], row["tool"], row["knobs"]], sort_keys=True))
    peer: Row = {}
    for row in rows.values():
        if row["corpus"] != "film reviews":
            continue
        knobs = row["knobs"]
        own = ", ".join(f"{k} {v}" for k, v in knobs.items() if k not in KNOBS and k != "sg")
        tool = f"{row['tool']} ({own})" if own else row["tool"]
        peer = row if row["tool"] == "gensim" else peer
        yield ["skip-gram" if knobs["sg"] else "CBOW", tool, *speed(row, peer), *(quality(row, s) for s in SCORES)]


def speed(row: Row, peer: Row) -> list[str]:
    """Speed, its ratio to gensim's, seconds from file to vectors, their ratio, memory."""
    if "words_per_s" not in row:
        return ["-"] * 5
    ratios = ratio(row["words_per_s"], peer["words_per_s"]), ratio(peer["total_s"], row["total_s"])
    trained, total = ("{:.1f} ({:.1f}-{:.1f})".format(*r) if row is not peer else "1" for r in ratios)
    memory = f"{row['peak_rss_mb']:.0f} ({row['rss_bound_mb']:.0f})"
    return [f"{row['words_per_s'][0] / 1e6:.2f} M", trained, f"{row['total_s'][0]:.1f} s", total, memory]


def quality(row: Row, score: str) -> str:
    """Mean over the seeds, with least and greatest."""
    return "{:.1f} ({:.1f}-{:.1f})".format(row[f"{score}_mean"], *row[score][1:]) if score in row else "-"


def pairs() -> Iterator[list[str]]:
    """Issue 5's pairs, each run in turn: ours, what it is compared with, the ratios."""
    yield ["pair", "against", "ours", "theirs", "x", "file to vectors", "x", "peak MB (bound)", *SCORES]
    for name, row in latest("pairs", lambda row: row["pair"]).items():
        ours, base = row["ours"], row["base"]
        (field, ratios), *others = row["x"].items()
        unit, scale = ("MB/s", 1.0) if field == "mb_per_s" else ("M words/s", 1e-6)
        rates = [f"{rounded(scale * side[field][0], 3)} {unit}" for side in (ours, base)]
        total = [f"{ours['total_s'][0]:.1f} s", times(row["x"]["total_s"])] if others else ["-", "-"]
        bound = f" ({ours['rss_bound_mb']:.0f})" if "rss_bound_mb" in ours else ""
        marks = [f"{quality(ours, s)}, {quality(base, s)}" if f"{s}_mean" in ours else "-" for s in SCORES]
        yield [name, row["base_tool"], *rates, times(ratios), *total, f"{ours['peak_rss_mb']:.0f}{bound}", *marks]


def times(ratios: Spread) -> str:
    """A ratio with its bounds."""
    return "{} ({}-{})".format(*(rounded(x, 3) for x in ratios))


def iteration() -> Iterator[list[str]]:
    """An iteration of the book's models."""
    yield ["model", "the book's NumPy, Adam", "compiled, Adam", "", "compiled, SparseAdam", ""]
    rows = latest("models", lambda row: (row.get("model"), row["device"], row.get("optimizer")))
    for model in ("CBOW", "SkipGram"):
        slow = rows[model, "reference", "Adam"]["seconds"]
        cells = [model, milliseconds(slow)]
        for optimizer in ("Adam", "SparseAdam"):
            fast = rows[model, "cpu", optimizer]["seconds"]
            cells += [milliseconds(fast), "{:.0f} x ({:.0f}-{:.0f})".format(*ratio(slow, fast))]
        yield cells


def layers() -> Iterator[list[str]]:
    """A layer of the book, compiled and not."""
    rows = latest("models", lambda row: (row.get("layer"), row["V"], row["device"]))
    yield ["a batch of 100", "V", "the book's NumPy", "compiled", ""]
    for layer, n_words in dict.fromkeys((layer, n_words) for layer, n_words, _ in rows if layer):
        slow, fast = (rows[layer, n_words, device]["seconds"] for device in ("reference", "cpu"))
        times = [f"{rounded(1e6 * seconds[0], 3)} us" for seconds in (slow, fast)]
        bounds = (rounded(x, 2) for x in ratio(slow, fast))
        yield [layer, f"{n_words:,}", *times, "{} x ({}-{})".format(*bounds)]


def rounded(x: float, n_digits: int) -> str:
    """A number to some digits: 0.86, 8.2, 1,100."""
    value = float(f"{x:.{n_digits}g}")
    return f"{value:,.0f}" if value >= 10**n_digits else f"{value:g}"


def training() -> Iterator[list[str]]:
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


def scaling() -> Iterator[list[str]]:
    """Cost of a batch by the size of the vocabulary."""
    rows = latest("scaling", lambda row: (row["series"], row["V"]))
    sizes = sorted({n_words for _, n_words in rows})
    yield ["a batch of 100", *(f"V = {n_words:,}" for n_words in sizes)]
    for series in dict.fromkeys(series for series, _ in rows):
        cells = [rows.get((series, n_words)) for n_words in sizes]
        yield [series, *(milliseconds(row["seconds"]) if row else "-" for row in cells)]


def milliseconds(seconds: Spread) -> str:
    """The median, to three digits."""
    return f"{rounded(1e3 * seconds[0], 3)} ms"


TABLES = {
    "peers": peers,
    "pairs": pairs,
    "iteration": iteration,
    "layers": layers,
    "training": training,
    "scaling": scaling,
}

if __name__ == "__main__":
    main()

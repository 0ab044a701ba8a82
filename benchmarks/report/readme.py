"""Write the README's tables from the recorded results, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`.

Usage: python -m benchmarks.report.readme [--check]      --check writes nothing, and fails if the README differs
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

from benchmarks.cases import QUERIES
from benchmarks.peers import KNOBS, ROWS, SCORES
from benchmarks.report.goals import floors
from benchmarks.report.results import Row, latest, ratio
from benchmarks.report.tables import (
    Lines,
    claim,
    markdown,
    milliseconds,
    misses,
    nearest,
    operations,
    origin,
    roofline,
    rounded,
    start,
    times,
)

README = Path(__file__).parents[2] / "README.md"
CORPUS = "film reviews"


def main() -> None:
    text = README.read_text(encoding="utf-8")
    new = with_tables(text)
    if sys.argv[1:] == ["--check"]:
        sys.exit("README.md differs from the results: run python -m benchmarks.report.readme" if new != text else 0)
    README.write_text(new, encoding="utf-8")


def with_tables(text: str) -> str:
    """The text with every marked table made anew."""
    for name, make in TABLES.items():
        marks = re.compile(rf"(<!-- begin: {name} -->\n).*?(<!-- end: {name} -->)", re.DOTALL)
        if not marks.search(text):
            sys.exit(f"README.md has no table {name!r}; expected <!-- begin: {name} --> and <!-- end: {name} -->")
        table = markdown(make())
        text = marks.sub(lambda found, table=table: found[1] + table + found[2], text)
    return text


def peers() -> Lines:
    """fastw2v beside gensim on the film reviews; the ratios are to gensim's row before."""
    yield ["model", "tool", "words/s", "x gensim", "file to vectors", "x gensim", "peak MB (bound)", *SCORES]

    def key(row: Row) -> str:
        return json.dumps([row["corpus"], row["tool"], row["knobs"]], sort_keys=True)

    order = [key({"corpus": CORPUS, "tool": row.tool, "knobs": KNOBS | row.knobs}) for row in ROWS.values()]
    known = {name: row for name, row in latest("end_to_end", key).items() if row["corpus"] == CORPUS}
    rows = {name: known[name] for name in dict.fromkeys([*order, *known]) if name in known}
    timed, scored = (latest("end_to_end", key, has=field) for field in ("words_per_s", "analogies"))
    peer: Row = {}
    notes: dict[str, str] = {}
    for name, row in rows.items():
        knobs, fast, good = row["knobs"], timed.get(name, {}), scored.get(name, {})
        own = ", ".join(f"{k} {v}" for k, v in knobs.items() if k not in KNOBS and k != "sg")
        tool = f"{row['tool']} ({own})" if own else row["tool"]
        peer = fast if row["tool"] == "gensim" else peer
        marks = [quality(good, score) for score in SCORES]
        if good and good["revision"] != fast.get("revision"):
            note = origin([good], "quality measured on")
            marks[0] += f" <sup>{notes.setdefault(note, 'abcdefgh'[len(notes)])}</sup>"
        yield ["skip-gram" if knobs["sg"] else "CBOW", tool, *speed(fast, peer), *marks]
    yield origin((timed[name] for name in rows if name in timed), "Speed measured on")
    for note, letter in notes.items():
        yield f"<sup>{letter}</sup> {note}"


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


def pairs() -> Lines:
    """Runs in turn: ours, what it is compared with, the ratios."""
    yield ["pair", "against", "ours", "theirs", "x", "file to vectors", "x", "peak MB (bound)", *SCORES]
    known, scored = (latest("pairs", lambda row: row["pair"], has=field) for field in ("x", "scores"))
    for name, row in sorted(known.items(), key=lambda item: (item[1]["base_tool"] != "gensim", item[0])):
        ours, base = row["ours"], row["base"]
        scores = scored[name]["scores"] if name in scored else {}
        (field, ratios), *others = row["x"].items()
        unit, scale = ("MB/s", 1.0) if field == "mb_per_s" else ("M words/s", 1e-6)
        rates = [f"{rounded(scale * side[field][0], 3)} {unit}" for side in (ours, base)]
        total = [f"{ours['total_s'][0]:.1f} s", times(row["x"]["total_s"], 3)] if others else ["-", "-"]
        bound = f" ({ours['rss_bound_mb']:.0f})" if "rss_bound_mb" in ours else ""
        marks = [", ".join(quality(scores[side], s) for side in ("ours", "base")) if scores else "-" for s in SCORES]
        yield [name, row["base_tool"], *rates, times(ratios, 3), *total, f"{ours['peak_rss_mb']:.0f}{bound}", *marks]
    if known:
        yield origin(known.values(), "Speed measured on")
    if scored:
        yield origin(scored.values(), "Quality, ours and theirs, measured on")


def iteration() -> Lines:
    """An iteration of the book's models."""
    yield ["model", "the book's NumPy, Adam", "compiled, Adam", "", "compiled, SparseAdam", ""]
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
    yield ["a batch of 100", "V", "the book's NumPy", "compiled", ""]
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


TABLES = {
    "peers": peers,
    "pairs": pairs,
    "nearest": nearest,
    "floors": floors,
    "iteration": iteration,
    "layers": layers,
    "training": training,
    "epochs": epochs,
    "claim": claim,
    "misses": misses,
    "scaling": scaling,
    "operations": operations,
    "start": start,
    "roofline": roofline,
}

if __name__ == "__main__":
    main()

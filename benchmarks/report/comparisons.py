"""Tables that compare fastw2v with gensim, and fastw2v with itself under other conditions."""

from __future__ import annotations

import json
from collections.abc import Iterable

from benchmarks.peers import OPTIONS, ROWS, SCORES
from benchmarks.report.markdown import Lines, machine_of, missing, origin, rounded, times
from benchmarks.report.results import Row, latest, ratio

CORPUS = "film reviews"
N_WORDS = {CORPUS: "11.5 million words"}
SUMMARY = {  # pairs, and what the root README calls them
    "skip-gram": "skip-gram",
    "CBOW": "CBOW",
    "skip-gram, D 300": "skip-gram, D 300",
    "CBOW, D 300": "CBOW, D 300",
    "skip-gram, pair": "skip-gram, pair",
}


def summary() -> Lines:
    """Speed and quality against gensim, a row for each model."""
    yield ["model", "words/s", "x gensim", "analogies", "WordSim", "SimLex"]
    timed, scored = (latest("pairs", lambda row: row["pair"], has=field) for field in ("x", "scores"))
    if not timed.keys() & scored.keys() & set(SUMMARY):
        yield missing("pytest benchmarks/test_pairs.py --benchmark-json=FILE.json")
        return
    shown = [name for name in SUMMARY if name in timed and name in scored]
    for name in shown:
        scores = scored[name]["scores"]
        marks = [" / ".join(f"{scores[side][f'{score}_mean']:.1f}" for side in ("ours", "base")) for score in SCORES]
        rate = f"{rounded(timed[name]['ours']['words_per_s'][0] / 1e6, 3)} M"
        yield [SUMMARY[name], rate, times(timed[name]["x"]["words_per_s"], 3), *marks]
    first = scored[shown[0]]
    yield (
        f"Scores are fastw2v / gensim {first['versions']['gensim']}, the mean of {first['scores']['ours']['seeds']} "
        f"seeds. Corpus: {first['corpus']}, {N_WORDS[first['corpus']]}. {places(timed[name] for name in shown)}"
    )
    yield "Command: `pytest benchmarks/test_pairs.py --seeds 3`."


def places(rows: Iterable[Row]) -> str:
    """The machines on which speed was measured, and the days."""
    days = dict[str, set[str]]()
    for row in rows:
        days.setdefault(machine_of(row), set()).add(row["date"])
    known = "; ".join(f"{machine} ({' to '.join(sorted({min(of), max(of)}))})" for machine, of in days.items())
    return f"Speed on {known}."


def peers() -> Lines:
    """Speed and quality of fastw2v and gensim on the film reviews; a ratio compares with the gensim row above."""
    yield ["model", "tool", "words/s", "x gensim", "file to vectors", "x gensim", "peak MB (bound)", *SCORES]

    def key(row: Row) -> str:
        return json.dumps([row["corpus"], row["tool"], row["knobs"]], sort_keys=True)

    order = [key({"corpus": CORPUS, "tool": row.tool, "knobs": OPTIONS | row.options}) for row in ROWS.values()]
    known = {name: row for name, row in latest("end_to_end", key).items() if row["corpus"] == CORPUS}
    rows = {name: known[name] for name in dict.fromkeys([*order, *known]) if name in known}
    timed, scored = (latest("end_to_end", key, has=field) for field in ("words_per_s", "analogies"))
    peer: Row = {}
    notes: dict[str, str] = {}
    for name, row in rows.items():
        options, fast, good = row["knobs"], timed.get(name, {}), scored.get(name, {})
        own = ", ".join(f"{k} {v}" for k, v in options.items() if k not in OPTIONS and k != "sg")
        tool = f"{row['tool']} ({own})" if own else row["tool"]
        peer = fast if row["tool"] == "gensim" else peer
        marks = [quality(good, score) for score in SCORES]
        if good and good["revision"] != fast.get("revision"):
            note = origin([good], "quality measured on")
            marks[0] += f" <sup>{notes.setdefault(note, 'abcdefgh'[len(notes)])}</sup>"
        yield ["skip-gram" if options["sg"] else "CBOW", tool, *speed(fast, peer), *marks]
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
    """Two kinds of run in alternation: ours, what it is compared with, and their ratios."""
    yield ["pair", "against", "first", "second", "first / second", "file to vectors", "x", "peak MB (bound)", *SCORES]
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
        yield origin(scored.values(), "Quality, first and second, measured on")


def nearest() -> Lines:
    """Nearest neighbours of many words in one call."""
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

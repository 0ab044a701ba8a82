"""The table of FastText's vectors for words that the training never saw."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.report.markdown import Lines, origin
from benchmarks.report.replicas import spread
from benchmarks.report.results import Row, latest

COMMAND = "python -m benchmarks.studies.unseen"
TITLES = {"simlex": "simlex, all unseen", "ws353": "ws353", "ws353_seen": "ws353, both seen"}
MODELS = {1: "skip-gram", 0: "CBOW"}
TOOLS = {"fastw2v": "fastw2v", "gensim": "gensim", "fasttext": "fastText"}


def unseen() -> Lines:
    """A row for each model and tool: the scores of all seeds, times 100."""
    rows = list(latest("unseen", lambda row: (row["tool"], row["sg"], row["seed"], row["parts"])).values())
    yield ["model", "tool", "seeds", *(_with_pairs(name, rows) for name in TITLES)]
    if not rows:
        yield f"Not yet recorded: `{COMMAND}`."
        return
    yield from _lines(rows)
    yield origin(rows)


def _lines(rows: list[Row]) -> Iterator[list[str]]:
    for sg, model in MODELS.items():
        for tool, title in TOOLS.items():
            if found := [row for row in rows if (row["sg"], row["tool"]) == (sg, tool)]:
                scaled = [{name: 100 * row[name] for name in TITLES} for row in found]
                yield [model, title, str(len(found)), *(str(spread(scaled, name)) for name in TITLES)]


def _with_pairs(name: str, rows: list[Row]) -> str:
    """The title of a score, with the number of pairs, which all rows share."""
    numbers = {row[f"{name}_pairs"] for row in rows}
    return f"{TITLES[name]} ({', '.join(map(str, sorted(numbers)))} pairs)" if numbers else TITLES[name]

"""Write the tables of the READMEs from the recorded results.

Usage: python -m benchmarks.report.readme [--check]

A table stands in one README, between `<!-- begin: NAME -->` and `<!-- end: NAME -->`. The text around a
table is not changed. `--check` writes nothing; it fails if a README differs from the results.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from benchmarks.report.chapter4 import claim, epochs, iteration, layers, misses, scaling, training
from benchmarks.report.comparisons import nearest, pairs, peers, summary
from benchmarks.report.goals import floors
from benchmarks.report.hardware import operations, roofline, start
from benchmarks.report.markdown import markdown
from benchmarks.report.replicas import replicas
from benchmarks.report.unseen import unseen

ROOT = Path(__file__).parents[2]
FOLDERS = "", "fastw2v", "fastw2v/nn", "kernels", "benchmarks", "benchmarks/studies/replicas"
READMES = [ROOT / folder / "README.md" for folder in FOLDERS]
TABLES = {
    make.__name__: make
    for make in (
        *(summary, peers, pairs, nearest, floors),
        *(iteration, layers, training, epochs, claim, scaling, misses),
        *(operations, start, roofline, replicas, unseen),
    )
}
MARKED = re.compile(r"(^<!-- begin: (\w+) -->\n)(.*?)(^<!-- end: \2 -->$)", re.DOTALL | re.MULTILINE)


def main() -> None:
    texts = {path: path.read_text(encoding="utf-8") for path in READMES if path.exists()}
    check_places(texts)
    changed = {path: new for path, text in texts.items() if (new := with_tables(text)) != text}
    if sys.argv[1:] == ["--check"]:
        names = ", ".join(map(short, changed))
        sys.exit(f"{names}: differs from the results; run python -m benchmarks.report.readme" if changed else 0)
    for path, text in changed.items():
        path.write_text(text, encoding="utf-8")
        print(f"{short(path)}: tables written")


def check_places(texts: dict[Path, str]) -> None:
    """Check that every table has its place in one README.

    Raises
    ------
    SystemExit
        A table is in no README or has several places, or a mark has a name that no table has.
    """
    places = {name: list[str]() for name in TABLES}
    for path, text in texts.items():
        for mark in MARKED.finditer(text):
            if mark[2] not in places:
                sys.exit(f"{short(path)} has a mark {mark[2]!r}; expected one of {', '.join(TABLES)}")
            places[mark[2]].append(short(path))
    for name, found in places.items():
        if len(found) != 1:
            where = " and ".join(found) or "no README"
            sys.exit(
                f"the table {name!r} is in {where}; expected it in one README, as the lines "
                f"<!-- begin: {name} --> and <!-- end: {name} -->"
            )


def with_tables(text: str) -> str:
    """The text with new tables between its marks."""
    return MARKED.sub(lambda mark: mark[1] + markdown(TABLES[mark[2]]()) + mark[4], text)


def short(path: Path) -> str:
    """The path from the root of the repository, or the whole path of a file elsewhere."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


if __name__ == "__main__":
    main()

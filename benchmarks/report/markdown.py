"""Format tables: Markdown, rounded numbers with their spread, the machines on which figures were measured.

A table is an iterator: the first list is the head, the other lists are rows of cells, strings are text below the table.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from benchmarks.report.results import Row, Spread

Lines = Iterator[list[str] | str]


def markdown(lines: Iterable[list[str] | str]) -> str:
    """Markdown of a table and of the text below it."""
    known = list(lines)
    rows = [f"| {' | '.join(line)} |\n" for line in known if isinstance(line, list)]
    texts = [textwrap.fill(line, 120, break_long_words=False) + "\n" for line in known if isinstance(line, str)]
    rule = ["|" + "---|" * len(known[0]) + "\n"] if rows else []
    return "".join([*rows[:1], *rule, *rows[1:], *(["\n"] if rows and texts else []), "\n".join(texts)])


def origin(rows: Iterable[Row], what: str = "Measured on") -> str:
    """Say on which machines figures were measured, with the revisions and days of each."""
    places = dict[str, dict[str, None]]()
    for row in rows:
        places.setdefault(machine_of(row), {})[f"{row['revision']} ({row['date']})"] = None
    texts = [f"{machine}: revision {', '.join(found)}" for machine, found in places.items()]
    return f"{what} {'; '.join(texts)}."


def machine_of(row: Row) -> str:
    """The machine on which a figure was measured."""
    cores = f"{row['cores']} core{'s' * (row['cores'] != 1)}"
    return row.get("gpu") or f"{row['machine']}, {cores}"


def missing(command: str) -> str:
    """Text for a table of which nothing has been recorded."""
    return f"Not yet recorded: `{command}`, then `python -m benchmarks.report.results add FILE.json`."


def rounded(x: float, n_digits: int) -> str:
    """A number with so many significant digits: 0.86, 8.2, 1,100."""
    value = float(f"{x:.{n_digits}g}")
    return f"{value:,.0f}" if value >= 10**n_digits else f"{value:g}"


def milliseconds(seconds: Spread) -> str:
    """The median, with three digits."""
    return f"{rounded(1e3 * seconds[0], 3)} ms"


def microseconds(seconds: Spread) -> str:
    """The median with its spread, with three digits."""
    return "{} us ({}-{})".format(*(rounded(1e6 * x, 3) for x in seconds))


def times(found: Spread, n_digits: int = 2) -> str:
    """A ratio with its spread."""
    return "{} ({}-{})".format(*(rounded(x, n_digits) for x in found))

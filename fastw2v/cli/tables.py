"""Tables for a terminal, by rich; where the output goes to a file or a pipe, commands print plain lines instead."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterable, Sequence

from fastw2v.runtime.streams import write_line
from fastw2v.runtime.word_bytes import printable


def is_wanted() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def say_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, n_left: int = 1) -> None:
    """Print a table on stdout.

    Parameters
    ----------
    title : str
        Line above it; none if empty.
    columns : sequence of str
    rows : iterable of sequences of str
        What would command the terminal is printed as numbers, and nothing is taken for rich's markup.
    n_left : int
        How many columns begin at the left; the others, with numbers, end at the right.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for number, name in enumerate(columns):
        table.add_column(name, justify="left" if number < n_left else "right", overflow="fold")
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    written = io.StringIO()
    width = shutil.get_terminal_size().columns
    terminal = Console(file=written, force_terminal=True, width=width, highlight=False)
    if title:
        terminal.print(Text(printable(title), style="bold"))
    terminal.print(table)
    write_line("\n".join(line.rstrip() for line in written.getvalue().splitlines()).strip("\n"), sys.stdout)

"""Read the files that vectors are evaluated with: word pairs with scores, and analogy questions in sections."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Iterator
from os import PathLike
from typing import TypeAlias

from fastw2v.runtime.files import existing_file
from fastw2v.runtime.word_bytes import escaped

logger = logging.getLogger(__name__)

Question: TypeAlias = tuple[str, str, str, str]


def read_pairs(path: str | PathLike[str], delimiter: str, encoding: str) -> Iterator[tuple[str, str, float]]:
    """Yield (word, word, score) of each line; lines of another form are skipped, with a warning in the log.

    Raises
    ------
    ValueError
        A score is not finite.
    """
    skipped: list[int] = []
    with open(existing_file(path), encoding=encoding, errors="surrogateescape") as file:
        for line_no, line in enumerate(_without_mark(file), start=1):
            if line.startswith("#") or not line.strip():
                continue
            try:
                a, b, score = line.split(delimiter)
                value = float(score)
            except ValueError:
                skipped.append(line_no)
                continue
            if not math.isfinite(value):
                raise ValueError(
                    f"{path}, line {line_no}: the score is {value}; write a finite number or drop the line"
                )
            yield a, b, value
    _warn_skipped(path, skipped, f"word{delimiter!r}word{delimiter!r}score")


def read_questions(path: str | PathLike[str]) -> list[tuple[str, list[Question]]]:
    """Read the questions of each section; lines that are not four words are skipped, with a warning in the log.

    Raises
    ------
    ValueError
        A question comes before the first section.
    """
    sections: list[tuple[str, list[Question]]] = []
    skipped: list[int] = []
    with open(existing_file(path), encoding="utf8", errors="surrogateescape") as file:
        for line_no, line in enumerate(_without_mark(file), start=1):
            words = line.split()
            if line.startswith(": "):
                sections.append((line.lstrip(": ").strip(), []))
            elif words and not sections:
                raise ValueError(
                    f"{path}, line {line_no}: no section yet; put a line ': name' before the first question"
                )
            elif len(words) == 4:
                sections[-1][1].append((words[0], words[1], words[2], words[3]))
            elif words:
                skipped.append(line_no)
    _warn_skipped(path, skipped, "four words")
    return sections


def _without_mark(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a file without the byte order mark at its beginning; their words are as those of vectors."""
    for line_no, line in enumerate(map(escaped, lines)):
        yield line if line_no else line.removeprefix("\ufeff")


def _warn_skipped(path: str | PathLike[str], skipped: list[int], expected: str) -> None:
    if skipped:
        logger.warning(
            "%s: skipped %d lines that are not %s, the first is line %d", path, len(skipped), expected, skipped[0]
        )

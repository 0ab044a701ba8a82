"""Corpora on which the pairs of `pairs.py` train: text files, always the same for the same name.

Usage: python -m benchmarks.corpora NAME FILE [--quick]      writes one of them, by the names in CORPORA
"""

from __future__ import annotations

import lzma
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmarks.cases import zipf_ids
from fastw2v import datasets

REVIEWS = "imdb-unsup.txt.xz"
QUICK_BYTES = 1_000_000
ZIPF_WORDS, ZIPF_TOKENS = 1_000_000, 5_000_000
DISTINCT_WORDS = 5_000_000
_PER_LINE = 20
_BLOCK = 1_000_000  # words written at once


def reviews(path: Path, *, quick: bool) -> str:
    """Write the film reviews, or without FASTW2V_DATA_DIR the text of Python's standard library. Return which."""
    packed = Path(os.environ.get("FASTW2V_DATA_DIR", ""), REVIEWS)
    if packed.exists() and not quick:
        with lzma.open(packed) as source, open(path, "wb") as plain:
            shutil.copyfileobj(source, plain, 1 << 24)
        return "film reviews"
    (content,) = datasets.default_corpus().sources
    path.write_bytes(content[: QUICK_BYTES if quick else None])
    return "Python's standard library"


def sessions(path: Path, *, quick: bool) -> str:
    """Write the same words in the same order, in sentences of 3 to 8."""
    name = reviews(path, quick=quick)
    words = path.read_bytes().split()
    ends = np.cumsum(np.random.default_rng(1).integers(3, 9, len(words)))
    bounds = [0, *ends[ends < len(words)].tolist(), len(words)]
    with open(path, "wb") as lines:
        lines.writelines(b" ".join(words[a:b]) + b"\n" for a, b in pairwise(bounds))
    return f"{name}, sentences of 3-8 words"


def zipf(path: Path, *, quick: bool) -> str:
    """Write words by Zipf's law, and each word of the vocabulary once at least."""
    n_words, n_tokens = (20_000, 200_000) if quick else (ZIPF_WORDS, ZIPF_TOKENS)
    rng = np.random.default_rng(1)
    ids = np.concatenate([np.arange(n_words), zipf_ids(rng, n_tokens - n_words, n_words)])
    _write(path, rng.permutation(ids))
    return f"Zipf, {n_words:,} words"


def distinct(path: Path, *, quick: bool) -> str:
    """Write words that all differ."""
    n_words = 50_000 if quick else DISTINCT_WORDS
    _write(path, np.random.default_rng(1).permutation(n_words))
    return f"{n_words:,} distinct words"


def _write(path: Path, ids: np.ndarray) -> None:
    with open(path, "w", encoding="ascii") as text:
        for start in range(0, len(ids), _BLOCK):
            text.writelines(_lines(ids[start : start + _BLOCK].tolist()))


def _lines(ids: list[int]) -> Iterator[str]:
    for start in range(0, len(ids), _PER_LINE):
        yield " ".join(f"w{i}" for i in ids[start : start + _PER_LINE]) + "\n"


CORPORA: dict[str, Callable[..., str]] = {make.__name__: make for make in (reviews, sessions, zipf, distinct)}


class Corpora:
    """Files in a folder, each made when it is first asked for."""

    def __init__(self, folder: Path, *, quick: bool) -> None:
        self.folder, self.quick = folder, quick
        self._titles: dict[str, str] = {}

    def __getitem__(self, name: str) -> tuple[str, Path]:
        """Title and file of a corpus."""
        path = self.folder / f"{name}.txt"
        if name not in self._titles:
            self._titles[name] = CORPORA[name](path, quick=self.quick)
        return self._titles[name], path


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--quick"]
    if len(arguments) != 2 or arguments[0] not in CORPORA:
        sys.exit(f"{__doc__}\nNAME: {', '.join(CORPORA)}")
    print(CORPORA[arguments[0]](Path(arguments[1]), quick="--quick" in sys.argv))

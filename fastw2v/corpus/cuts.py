"""Where sentences end in blocks of text: the first lines alone, and long lines cut after a number of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from fastw2v.corpus.blocks import Block
from fastw2v_kernels.encode import padded_size

_NEWLINE, _SPACE = ord("\n"), ord(" ")
_LEAST_STEP = 4096  # bytes: to look for line ends at shorter steps costs more than to look at each word


def first_lines(blocks: Iterable[Block], n_lines: int) -> Iterator[Block]:
    """Yield the first lines of a text and read no further."""
    if n_lines == 0:
        return
    for text, n_bytes in blocks:
        n_ends = int(np.count_nonzero(text[:n_bytes] == _NEWLINE))
        if n_ends >= n_lines:
            yield _beginning(text, int(np.flatnonzero(text[:n_bytes] == _NEWLINE)[n_lines - 1]) + 1)
            return
        n_lines -= n_ends
        yield text, n_bytes


def one_line(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield a text as one line."""
    for text, n_bytes in blocks:
        np.copyto(text, _SPACE, where=text == _NEWLINE)
        yield text, n_bytes
    yield _beginning(np.full(padded_size(1), _NEWLINE, np.uint8), 1)


def cut_lines(blocks: Iterable[Block], n_words: int) -> Iterator[Block]:
    """Yield a text in which a line ends, in place, after each `n_words` of its words."""
    cutter = _LineCutter(n_words)
    for text, n_bytes in blocks:
        cutter.cut(text[:n_bytes])
        yield text, n_bytes


def _beginning(text: np.ndarray, n_bytes: int) -> Block:
    """Return the first bytes of a block as a block."""
    text = text[: padded_size(n_bytes)]
    text[n_bytes:] = _SPACE
    return text, n_bytes


class _LineCutter:
    """Turns the whitespace after every `n_words`-th word of a line into a line end, from block to block.

    Each block ends after whitespace, so the whitespace after a word is in the same block.
    """

    def __init__(self, n_words: int) -> None:
        self._n_words = n_words
        self._n_before = 0  # words of the line that has begun in an earlier block

    def cut(self, text: np.ndarray) -> None:
        """Cut the long lines of a block, uint8[n_bytes], in place."""
        for start, end in self._stretches(text):
            self._cut_stretch(text[start:end])

    def _stretches(self, text: np.ndarray) -> Iterator[tuple[int, int]]:
        """Yield the parts of a block that may hold a long line, and the line that goes on in the next block.

        A line with a word too many has more than `step` bytes, so lines within so many bytes are passed over at once.
        """
        step = 2 * self._n_words
        if step < _LEAST_STEP:
            yield 0, text.size
            return
        start = 0
        if self._n_before:
            start = _after_line(text, 0)
            yield 0, start
        while start < text.size:
            last = text[start : start + step + 1].tobytes().rfind(b"\n")
            end = start + last + 1 if last >= 0 else _after_line(text, start)
            if last < 0:
                yield start, end
            start = end

    def _cut_stretch(self, text: np.ndarray) -> None:
        ends = _word_ends(text)
        line_ends = np.flatnonzero(text == _NEWLINE)
        first_words = np.searchsorted(ends, line_ends, side="right")  # of each line but the first
        before = np.concatenate([[-self._n_before], first_words])
        n_in_line = np.diff(np.concatenate([[0], first_words, [ends.size]]))
        number_in_line = np.arange(1, ends.size + 1) - np.repeat(before, n_in_line)
        text[ends[number_in_line % self._n_words == 0]] = _NEWLINE
        self._n_before = int(ends.size - before[-1]) % self._n_words


def _after_line(text: np.ndarray, start: int) -> int:
    """Return the position after the line that begins at `start`; the end of the block if it goes on."""
    window = 1 << 12
    while start < text.size:
        found = text[start : start + window].tobytes().find(b"\n")
        if found >= 0:
            return start + found + 1
        start, window = start + window, 4 * window
    return text.size


def _word_ends(text: np.ndarray) -> np.ndarray:
    """Return the position after each word, where whitespace stands."""
    separates = ((text - np.uint8(9)) < 5) | (text == _SPACE)
    return np.flatnonzero(separates[1:] > separates[:-1]) + 1

"""Where sentences end in blocks of text: the first lines alone, and long lines cut after a number of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from fastw2v.corpus.blocks import Block
from fastw2v_kernels.encode import padded_size

_NEWLINE, _SPACE = ord("\n"), ord(" ")
_CHUNK_BYTES = 1 << 15
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
        for at in range(0, text.size, _CHUNK_BYTES):
            chunk = text[at : at + _CHUNK_BYTES]
            np.copyto(chunk, _SPACE, where=chunk == _NEWLINE)
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
            end = _after_last_line(text[start : start + step + 1])
            if end == 0:
                end = _after_line(text, start) - start
                yield start, start + end
            start += end

    def _cut_stretch(self, text: np.ndarray) -> None:
        """Cut the lines of a stretch, a chunk at a time so that temporary arrays stay in the cache."""
        for at in range(0, text.size, _CHUNK_BYTES):
            first = max(at - 1, 0)  # the byte before tells whether whitespace ends a word
            chunk = text[first : at + _CHUNK_BYTES]
            is_line_end = chunk == _NEWLINE
            is_line_end[: at - first] = False
            is_word_end = _is_word_end(chunk)
            if is_line_end.any():
                self._cut_chunk(chunk, np.flatnonzero(is_word_end), np.flatnonzero(is_line_end))
                continue
            n_words = self._n_before + int(np.count_nonzero(is_word_end))
            if n_words >= self._n_words:
                chunk[np.flatnonzero(is_word_end)[self._n_words - 1 - self._n_before :: self._n_words]] = _NEWLINE
            self._n_before = n_words % self._n_words

    def _cut_chunk(self, chunk: np.ndarray, word_ends: np.ndarray, line_ends: np.ndarray) -> None:
        """Cut the lines of a chunk, given the positions at which words and lines end."""
        first_words = np.searchsorted(word_ends, line_ends, side="right")  # of each line but the first
        before = np.concatenate([[-self._n_before], first_words])
        n_in_line = np.diff(np.concatenate([[0], first_words, [word_ends.size]]))
        number_in_line = np.arange(1, word_ends.size + 1) - np.repeat(before, n_in_line)
        chunk[word_ends[number_in_line % self._n_words == 0]] = _NEWLINE
        self._n_before = int(word_ends.size - before[-1]) % self._n_words


def _after_line(text: np.ndarray, start: int) -> int:
    """Return the position after the line that begins at `start`; the end of the block if it goes on."""
    window = 1 << 12
    while start < text.size:
        found = text[start : start + window].tobytes().find(b"\n")
        if found >= 0:
            return start + found + 1
        start, window = start + window, 4 * window
    return text.size


def _after_last_line(text: np.ndarray) -> int:
    """Return the position after the last line end, 0 if there is none; searches from the end."""
    end, window = text.size, 1 << 11
    while end > 0:
        start = max(0, end - window)
        found = text[start:end].tobytes().rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end, window = start, 8 * window
    return 0


def _is_word_end(text: np.ndarray) -> np.ndarray:
    """Return where there is whitespace after a word, bool[n_bytes]."""
    separates = (text - np.uint8(9)) < 5
    separates |= text == _SPACE
    is_end = np.zeros(text.size, bool)
    np.greater(separates[1:], separates[:-1], out=is_end[1:])
    return is_end

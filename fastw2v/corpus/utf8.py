"""What is in the bytes of a text: whether they are UTF-8, and whether they hold whitespace beyond ASCII's."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from fastw2v.corpus.blocks import Block

_CHUNK_BYTES = 1 << 20
_CACHE_BYTES = 1 << 16
_LEAST_LETTER = 0xC2  # the least first byte of a character beyond ASCII
_PYTHON_SPACES = {  # what str.split separates at, beyond ASCII's whitespace, by first byte
    first: re.compile(pattern)
    for first, pattern in {
        0x1C: rb"\x1c",
        0x1D: rb"\x1d",
        0x1E: rb"\x1e",
        0x1F: rb"\x1f",
        0xC2: rb"\xc2[\x85\xa0]",  # U+0085, U+00A0
        0xE1: rb"\xe1\x9a\x80",  # U+1680
        0xE2: rb"\xe2(?:\x80[\x80-\x8a\xa8\xa9\xaf]|\x81\x9f)",  # U+2000 to U+200A, 2028, 2029, 202F, 205F
        0xE3: rb"\xe3\x80\x80",  # U+3000
    }.items()
}


def is_utf8(letters: np.ndarray) -> bool:
    """Whether bytes (uint8[n_bytes]) are valid UTF-8; they are not decoded whole."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for at in range(0, letters.size, _CHUNK_BYTES):
            decoder.decode(letters[at : at + _CHUNK_BYTES].tobytes())
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def has_python_space(letters: np.ndarray) -> bool:
    """Whether bytes (uint8[n_bytes]) hold whitespace at which str.split separates and the encoder does not."""
    overlap = 2  # the longest has 3 bytes
    starts = range(0, letters.size, _CHUNK_BYTES)
    chunks = (letters[at : at + _CHUNK_BYTES + overlap].tobytes() for at in starts)
    return any(next(_spaces_in(chunk), None) for chunk in chunks)


def _spaces_in(data: bytes) -> Iterator[re.Match[bytes]]:
    """Find whitespace of str.split beyond ASCII's; bytes.find is much faster than the search of a pattern."""
    found = (pattern.finditer(data) for first, pattern in _PYTHON_SPACES.items() if data.find(first) >= 0)
    return chain.from_iterable(found)


def with_ascii_spaces(blocks: Iterable[Block]) -> Iterator[Block]:
    """Yield a text in which whitespace beyond ASCII's is overwritten, in place, by spaces."""
    for text, n_bytes in blocks:
        if text.max() >= _LEAST_LETTER or _has_control_space(text):
            for match in _spaces_in(text.tobytes()):
                text[match.start() : match.end()] = ord(" ")
        yield text, n_bytes


def _has_control_space(text: np.ndarray) -> bool:
    """Whether one of the bytes 0x1C to 0x1F occurs; in chunks that stay in the cache."""
    return any((text[at : at + _CACHE_BYTES] - np.uint8(0x1C)).min() < 4 for at in range(0, text.size, _CACHE_BYTES))


def first_bad_line(blocks: Iterable[Block]) -> int | None:
    """Return the number of the first line that is not UTF-8, from 1; None if there is none."""
    n_lines = 0
    for text, n_bytes in blocks:
        data = text[:n_bytes].tobytes()
        try:
            data.decode()
        except UnicodeDecodeError as error:
            return n_lines + data.count(b"\n", 0, error.start) + 1
        n_lines += data.count(b"\n")
    return None


def not_utf8(name: str, line_no: int) -> str:
    """Return the warning for a text that is not UTF-8."""
    return (
        f"{name}, line {line_no} is not UTF-8, so words with letters beyond ASCII are wrong; convert the text, such as "
        "with iconv -f latin-1 -t UTF-8 (GBK, cp1252, ...: whatever wrote it)"
    )

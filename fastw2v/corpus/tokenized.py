"""Text in lower case, or split into tokens otherwise than at whitespace: by a pattern, or as `simple_preprocess` does.

A block is decoded, and Python's compiled functions of strings find its tokens.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from fastw2v.corpus.blocks import Block
from fastw2v.corpus.tokens import is_simple, runs_of_letters
from fastw2v_kernels.encode import padded_size

SIMPLE = "simple"


class Tokens(NamedTuple):
    """How text becomes tokens.

    Parameters
    ----------
    lower : bool
        In lower case.
    pattern : str, optional
        A regular expression, each match of which within a line is a token, with "_" for whitespace inside; or "simple"
        for the tokens of `simple_preprocess`, which are in lower case. None: what whitespace separates.
    """

    lower: bool
    pattern: str | None

    def of(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """Yield blocks with these tokens, separated by spaces, in the lines of the given blocks."""
        find = _finder(self.pattern)
        lower = self.lower or self.pattern == SIMPLE
        data: Iterator[bytes] = (text[:n_bytes].tobytes() for text, n_bytes in blocks)
        if self.pattern not in (None, SIMPLE):  # a match may span whitespace, at which blocks end
            data = _whole_lines(data)
        for text in data:
            decoded = text.decode("utf-8", "surrogateescape")
            yield _block(find(decoded.lower() if lower else decoded))


def checked_tokens(lower: bool, pattern: str | None) -> Tokens | None:
    """Return how text becomes tokens, None if whitespace separates them; ValueError for a pattern that is none."""
    if not isinstance(lower, bool):
        raise TypeError(f"lower is {lower!r}; expected True or False")
    if pattern is not None and pattern != SIMPLE:
        try:
            compiled = re.compile(pattern)
        except (re.error, TypeError) as error:
            raise ValueError(f'tokens is {pattern!r}; expected a regular expression, or "simple": {error}') from error
        if isinstance(pattern, str) and pattern.isalnum():
            cure = 'expected a pattern such as [a-z]+, or "simple"'
            raise ValueError(f"tokens is {pattern!r}, which matches this very word alone; {cure}")
        if compiled.match(""):
            raise ValueError(f"tokens is {pattern!r}, which matches the empty text; expected one such as [a-z]+")
    return Tokens(lower, pattern) if lower or pattern is not None else None


def _finder(pattern: str | None) -> Callable[[str], str]:
    """Return the function that writes the tokens of a text with spaces between them."""
    if pattern is None:
        return lambda text: text
    if pattern == SIMPLE:
        return lambda text: _in_lines(text, lambda line: filter(is_simple, runs_of_letters(line)))
    matches = re.compile(pattern).finditer
    return lambda text: _in_lines(text, lambda line: ("_".join(match.group().split()) for match in matches(line)))


def _whole_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a text in blocks that end with a line; the text ends with one."""
    begun: list[bytes] = []
    for block in blocks:
        end = block.rfind(b"\n") + 1
        if end:
            yield b"".join([*begun, block[:end]])
            begun = []
        begun.append(block[end:])


def _in_lines(text: str, tokens_of: Callable[[str], Iterable[str]]) -> str:
    lines = text.split("\n")
    found = "\n".join([" ".join(tokens_of(line)) for line in lines])
    return found if lines[-1] == "" else f"{found} "  # the line goes on in the next block


def _block(text: str) -> Block:
    data = text.encode("utf-8", "surrogateescape")
    block = np.full(padded_size(len(data)), ord(" "), np.uint8)
    block[: len(data)] = np.frombuffer(data, np.uint8)
    return block, len(data)

"""Whitespace text to word numbers and counts, in one pass over the bytes."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from fastw2v_kernels.encode.reference import UNIT_BYTES, most_tokens, padded_size
from fastw2v_kernels.registry import Op

__all__ = ["OP", "make_case", "most_tokens", "outputs", "padded_size", "random_text"]

_SEPARATORS = (b" ", b"  ", b"\t", b"\r\n", b"\n", b"\n\n \n", b"\v", b"\f")
_ODD_BYTES = np.frombuffer(b"\x00\x01\x1f!\x7f\x80\x85\xa0\xc3\xa9\xff", np.uint8)


def random_text(rng: np.random.Generator, n_tokens: int) -> bytes:
    """Return text of `n_tokens` words of 1 to 40 bytes, with blank lines, tabs, NUL bytes and invalid UTF-8."""
    letters = np.concatenate([np.frombuffer(b"etaoin" * 6, np.uint8), _ODD_BYTES])
    lengths = rng.integers(1, 12, n_tokens // 3 + 1) + 7 * rng.integers(0, 5, n_tokens // 3 + 1)
    words = [rng.choice(letters, n).tobytes() for n in lengths]
    chosen = rng.integers(0, len(words), n_tokens)
    gaps = rng.integers(0, len(_SEPARATORS), n_tokens)
    return b"".join(words[w] + _SEPARATORS[g] for w, g in zip(chosen, gaps))


def make_case(rng: np.random.Generator, size: int) -> dict[str, Any]:
    """Return the arguments of one call over about `size` tokens, with an empty table that is just large enough."""
    text = random_text(rng, size)
    words = set(text.split())
    n_words_max = max(1, len(words))
    return {
        "text": np.frombuffer(bytearray(text.ljust(padded_size(len(text)))), np.uint8),
        "n_bytes": len(text),
        "frozen": 0,
        "slots": np.zeros(1 << (2 * n_words_max).bit_length(), np.uint64),
        "arena": np.zeros(sum(len(word) // UNIT_BYTES + 1 for word in words) + 1, np.uint64),
        "word_starts": np.zeros(n_words_max + 1, np.int64),
        "counts": np.zeros(n_words_max, np.int64),
        "ids": np.zeros(most_tokens(len(text)), np.int32),
        "line_ends": np.zeros(most_tokens(len(text)) + 1, np.int64),
        "cursor_in": np.zeros(6, np.int64),
        "cursor_out": np.zeros(6, np.int64),
        "seed": size,
    }


def outputs(case: dict[str, Any]) -> dict[str, np.ndarray]:
    """Return the slices that a call must write. The slots are left out: the reference finds words with a dict."""
    text = case["text"][: case["n_bytes"]].tobytes()
    n_words = len(set(text.split()))
    line_ends = set(accumulate(len(line.split()) for line in text.split(b"\n")[:-1]))
    return {
        "arena": case["arena"][:-1],
        "word_starts": case["word_starts"][: n_words + 1],
        "counts": case["counts"][:n_words],
        "ids": case["ids"][: len(text.split())],
        "line_ends": case["line_ends"][: len(line_ends)],
        "cursor_out": case["cursor_out"],
    }


OP = Op("encode", make_case, outputs, devices=("cpu",))

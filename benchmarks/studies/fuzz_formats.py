"""What a format is to `fuzz.py`, and what its modules of formats share."""

from __future__ import annotations

import random
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from fastw2v import KeyedVectors

WORDS = ["the", "naïve", "日本", "caf\U0010fee9", "1.5", "New", "York"]
_SURROGATE = re.compile("[\ud800-\udfff]")
SENTENCES = [["the", "New", "York", "times"], ["New", "York", "is", "the", "naïve", "日本"]] * 4


class Input(NamedTuple):
    """A format: whole content, how it is packed, and `read(path, rng)`, which raises AssertionError for a wrong result.

    `names_file`: errors must name the file.
    """

    content: bytes
    read: Callable[[Path, random.Random], None]
    pack: Callable[[bytes], bytes] = bytes
    names_file: bool = True


def written(write: Callable[[str], object], name: str = "file") -> bytes:
    """Return what is written to a file of this name."""
    with tempfile.TemporaryDirectory() as folder:
        write(path := f"{folder}/{name}")
        return Path(path).read_bytes()


def check(kv: KeyedVectors, path: Path) -> None:
    """Look whether these are vectors, and whether they come back from a file."""
    keys, vectors = kv.index_to_key, kv.vectors
    assert vectors.ndim == 2
    assert 0 < len(keys) == len(vectors) == len(set(keys)) == len(kv.key_to_index)
    assert all(type(key) is type(keys[0]) for key in keys)
    kv.most_similar(keys[0], topn=1)
    if any(isinstance(key, str) and _SURROGATE.search(key) for key in keys):
        return  # NumPy's strings can hold half a character, and UTF-8 cannot: `save` refuses it by the key
    again = path.with_name("again")
    kv.save(again)
    loaded = KeyedVectors.load(again)
    assert loaded.index_to_key == keys
    assert loaded.vectors.tobytes() == vectors.tobytes()

"""Rows of the words of pairs and questions, and the error if too few words are known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike

import numpy as np

from fastw2v.runtime.arrays import RowArray
from fastw2v.vectors.key_table import KeyTable


def check_vectors(kv: object) -> None:
    """Raise TypeError unless these are vectors; a model, and arguments in another order, are named with the cure."""
    if not isinstance(kv, KeyTable):
        cure = "pass model.wv" if isinstance(getattr(kv, "wv", None), KeyTable) else "vectors come first"
        raise TypeError(f"got a {type(kv).__name__}; expected KeyedVectors: {cure}")


def rows_by_word(kv: KeyTable, restrict_vocab: int | None, fold: Callable[[str], str]) -> dict[str, int]:
    """Row of each folded word; of words that fold alike, the first row. TypeError if the keys are integers."""
    check_vectors(kv)
    if kv.is_integer:
        raise TypeError(f"{kv} is keyed by integers; word pairs and analogies need vectors keyed by words")
    words = kv.index_to_key[:restrict_vocab]
    return {fold(words[row]): row for row in range(len(words) - 1, -1, -1)}


def look_up(row_of: dict[str, int], groups: Sequence[tuple[str, ...]], width: int) -> RowArray:
    """Rows of the words of each group, intp[n_groups, width]; -1 for an unknown word."""
    rows = [[row_of.get(word, -1) for word in group] for group in groups]
    return np.array(rows, np.intp).reshape(-1, width)


def too_few(path: str | PathLike[str], things: str, *, n_used: int, n_total: int, n_needed: int) -> str:
    """Return the message of the error that too few pairs or questions of a file can be used."""
    return (
        f"{path}: {n_used} of its {n_total} {things} have vectors for all words, {n_needed} are needed; check that "
        "it is the right file, with the right delimiter, in the language and letter case of the vectors"
    )

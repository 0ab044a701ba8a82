"""The words of the encoder's table, in any order, one after the other without their padding."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.encode import random_text
from fastw2v_kernels.encode.reference import UNIT_BYTES, table_of_words, word_of
from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return the different words of a text of `size` tokens, most of them in random order."""
    words = list(dict.fromkeys(random_text(rng, size).split())) or [b"a"]
    _, arena, word_starts = table_of_words(words)
    order = rng.permutation(len(words))[: max(1, 4 * len(words) // 5)].astype(np.int64)
    n_bytes = sum(len(word_of(arena, word_starts, word_id)) for word_id in order)
    return {
        "arena": arena,
        "word_starts": word_starts,
        "order": order,
        "letters": np.zeros((n_bytes // UNIT_BYTES + 1) * UNIT_BYTES, np.uint8),
        "starts": np.zeros(len(order) + 1, np.int64),
    }


OP = Op("pack_words", make_case, outputs=lambda case: {"letters": case["letters"], "starts": case["starts"]})

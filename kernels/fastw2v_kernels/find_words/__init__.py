"""The words that two tables of the encoder share."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.encode import random_text
from fastw2v_kernels.encode.reference import table_of_words
from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return two tables of words from one text of `size` tokens; a few words are already found."""
    words = list(dict.fromkeys(random_text(rng, size).split())) or [b"a"]
    own = [word for word in words if rng.random() < 0.7] or words[:1]
    slots, arena, word_starts = table_of_words(own)
    known_slots, known_arena, known_starts = table_of_words([word for word in words if rng.random() < 0.7])
    return {
        "slots": slots,
        "arena": arena,
        "word_starts": word_starts,
        "known_slots": known_slots,
        "known_arena": known_arena,
        "known_starts": known_starts,
        "n_before": 1000,
        "found": np.where(rng.random(len(own)) < 0.1, 7, -1).astype(np.int64),
    }


OP = Op("find_words", make_case, updates=("found",))

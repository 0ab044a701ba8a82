"""gensim's arguments that have no counterpart here: refused with the cure, never dropped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from fastw2v.config import TrainConfig

# Value that means "not used" in gensim, and what to do instead.
_UNSUPPORTED: dict[str, tuple[Any, str]] = {
    "hs": (0, "there is no hierarchical softmax; use negative sampling, negative=5"),
    "trim_rule": (None, "filter the corpus before, or use min_count, max_vocab_size or max_final_vocab"),
    "hashfxn": (hash, "the first weights depend on seed and word alone"),
    "null_word": (0, "put a word of your own into the sentences"),
    "batch_words": (10_000, "the schedule cuts the corpus by itself"),
    "comment": (None, "keep notes beside the model"),
    "update": (False, "a vocabulary cannot grow; build a new model on both corpora"),
    "keep_raw_vocab": (False, "set min_count=1 and read vocab.counts"),
    "progress_per": (10_000, "pass progress= to Word2Vec"),
    "word_count": (0, "give start_alpha and end_alpha"),
    "queue_factor": (2, "there is no queue"),
    "report_delay": (1.0, "pass progress= to Word2Vec"),
}


def refuse_unsupported(arguments: dict[str, Any], known: Iterable[str] | None = None) -> None:
    """Remove what gensim would not use either; raise for what it would, and for what nobody knows.

    Raises
    ------
    ValueError
        An argument of gensim's that changes the result there and is not supported here.
    TypeError
        An unknown argument.
    """
    names = {field.name for field in fields(TrainConfig)} if known is None else set(known)
    for name in [name for name in arguments if name not in names]:
        if name not in _UNSUPPORTED:
            raise TypeError(f"unknown argument {name!r}; expected one of {', '.join(sorted(names)) or 'those documented'}")
        unused, cure = _UNSUPPORTED[name]
        if arguments.pop(name) != unused:
            raise ValueError(f"{name} is not supported: {cure}")

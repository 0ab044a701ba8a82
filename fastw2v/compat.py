"""Arguments of gensim that are not supported: a value that would change gensim's result raises an error with a cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# For each argument: gensim's default, with which gensim does not use it, and what to do instead.
_UNSUPPORTED: dict[str, tuple[Any, str]] = {
    "hs": (0, "there is no hierarchical softmax; use negative sampling, negative=5"),
    "trim_rule": (None, "filter the corpus before, or use min_count, max_vocab_size or max_final_vocab"),
    "hashfxn": (hash, "the first weights depend on seed and word alone"),
    "null_word": (0, "put your own null word into the sentences"),
    "batch_words": (10_000, "the corpus is cut into spans automatically"),
    "comment": (None, "keep notes in a file of your own"),
    "update": (False, "a vocabulary cannot grow; build a new model on both corpora"),
    "keep_raw_vocab": (False, "set min_count=1 and read vocab.counts"),
    "progress_per": (10_000, "pass progress= to Word2Vec"),
    "word_count": (0, "give start_alpha and end_alpha"),
    "queue_factor": (2, "there is no queue"),
    "report_delay": (1.0, "pass progress= to Word2Vec"),
    "mmap": (None, "the file is read whole"),
    "rethrow": (False, "there is no other format to fall back to"),
}
_RENAMED = {"size": "vector_size", "iter": "epochs"}


def refuse_unsupported(arguments: Mapping[str, Any]) -> None:
    """Raise ValueError, with the cure, if an argument that is not supported has another value than gensim's default."""
    for name in _UNSUPPORTED.keys() & arguments.keys():
        unused, cure = _UNSUPPORTED[name]
        if arguments[name] != unused:
            raise ValueError(f"{name} is not supported: {cure}")


def refuse_gensim3_names(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function raise ValueError with the new name when an argument has the name it had in gensim 3."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in _RENAMED.keys() & kwargs.keys():
            raise ValueError(f"{name} is not supported: gensim 4 and fastw2v call it {_RENAMED[name]}")
        return function(*args, **kwargs)

    return checked

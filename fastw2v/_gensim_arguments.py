"""gensim's arguments: those without a counterpart here are refused with the cure, never dropped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fastw2v.config import KNOBS
from fastw2v.corpus import text_corpus

CALLBACK_EVENTS = ("on_train_begin", "on_epoch_begin", "on_epoch_end", "on_train_end")

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
    "size": (None, "gensim 4 and fastw2v call it vector_size"),
    "iter": (None, "gensim 4 and fastw2v call it epochs"),
    "mmap": (None, "the file is read whole"),
    "rethrow": (False, "there is no other format to fall back to"),
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
    names = set(KNOBS if known is None else known)
    for name in [name for name in arguments if name not in names]:
        if name not in _UNSUPPORTED:
            raise TypeError(
                f"unknown argument {name!r}; expected one of {', '.join(sorted(names)) or 'those documented'}"
            )
        unused, cure = _UNSUPPORTED[name]
        if arguments.pop(name) != unused:
            raise ValueError(f"{name} is not supported: {cure}")


def one_corpus(sentences: Any, corpus_file: Any) -> Any:  # noqa: ANN401
    """Whichever of the two was given; TypeError for both or neither."""
    if (sentences is None) == (corpus_file is None):
        given = "neither" if sentences is None else "both"
        raise TypeError(f"expected a corpus either as sentences or as corpus_file, got {given}")
    return sentences if corpus_file is None else text_corpus(corpus_file)


def checked_callbacks(callbacks: Iterable[object] | None) -> tuple[object, ...]:
    """The callbacks as a tuple; TypeError for one that would never be called."""
    if callbacks is not None and not isinstance(callbacks, Iterable):
        raise TypeError(f"callbacks is a {type(callbacks).__name__}; expected a list: [callback]")
    checked = tuple(callbacks or ())
    for callback in checked:
        if not any(hasattr(callback, event) for event in CALLBACK_EVENTS):
            raise TypeError(f"callback {callback!r} has none of the methods {', '.join(CALLBACK_EVENTS)}")
    return checked

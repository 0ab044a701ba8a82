"""Phrase detectors in files: JSON, which runs nothing when it is read."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from itertools import islice
from reprlib import repr as shorten
from typing import Any

from fastw2v.phrases.scorers import Scorer, npmi_scorer, original_scorer
from fastw2v.runtime.files import atomic_write, existing_file

FORMAT = "fastw2v phrases 1"
_CONTAINER = re.compile(rb"[\[,:]\s*[\[{]")  # a list or object in another
_MOST_CONTAINERS = 100_000  # a file has three, and text that looks like one
_NAMES = {original_scorer: "default", npmi_scorer: "npmi"}

StrPath = str | os.PathLike[str]
State = dict[str, Any]


def save_state(path: StrPath, state: State) -> None:
    """Write a detector's state; the file is written whole or not at all.

    Raises
    ------
    OSError
        The folder does not exist or cannot be written to.
    """
    scoring: Scorer = state["scoring"]
    name = _NAMES.get(scoring) or f"{scoring.__module__}.{scoring.__qualname__}"
    fields = {"format": FORMAT, **state, "scoring": name, "connector_words": sorted(state["connector_words"])}
    with atomic_write(path) as draft, open(draft, "w", encoding="ascii") as file:
        json.dump(fields, file, indent=0)


def load_state(path: StrPath, scoring: Scorer | None) -> State:
    """Read a detector's state.

    Parameters
    ----------
    path : path
    scoring : callable, optional
        Needed if the file names a scoring function of the user's own, which is not looked for.

    Raises
    ------
    ValueError
        The file is no such file, or `scoring` is needed.
    OSError
        There is no file, or it cannot be read.
    """
    given = existing_file(path)  # ValueError of its own, for an empty file
    text = given.read_bytes()
    if sum(1 for _ in islice(_CONTAINER.finditer(text), _MOST_CONTAINERS + 1)) > _MOST_CONTAINERS:
        raise ValueError(f"{path} is JSON of more than {_MOST_CONTAINERS:,} lists and objects; {_EXPECTED}")
    try:
        state: State = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{path} is no JSON ({error}); {_EXPECTED}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is JSON of another kind; {_EXPECTED}")
    _check(path, state)
    built_in = {name: scorer for scorer, name in _NAMES.items()}
    if scoring is None and state["scoring"] not in built_in:
        raise ValueError(
            f"{path} was saved with the scoring function {state['scoring']}; pass it: load(path, scoring=...)"
        )
    return state | {
        "scoring": scoring or built_in[state["scoring"]],
        "connector_words": frozenset(state["connector_words"]),
    }


def _check(path: StrPath, state: State) -> None:
    """Raise ValueError if a field is missing, unknown, or of another type or range."""
    fields = _FIELDS.get(str(state.get("class")), {})
    if state.keys() != {"format", "class", *fields}:
        raise ValueError(f"{path} has other fields than {', '.join(fields) or 'those of a class'}; {_EXPECTED}")
    for name, is_right in fields.items():
        if not is_right(state[name]):
            raise ValueError(f"{path}: {name} is {shorten(state[name])}; {_EXPECTED}")


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and abs(value) < _MOST  # type: ignore[arg-type]  # so it is no NaN either


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value < _MOST


def _is_dict_of(is_right: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(map(is_right, value.values()))


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(word, str) for word in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_MOST = 1 << 62
_BOTH = {"threshold": _is_number, "min_count": _is_number, "delimiter": _is_text, "scoring": _is_text}
_BOTH |= {"connector_words": _is_words}
_COUNTED = ("max_vocab_size", "progress_per", "corpus_word_count", "min_reduce")
_FIELDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "Phrases": _BOTH | dict.fromkeys(_COUNTED, _is_number) | {"vocab": _is_dict_of(_is_count)},
    "FrozenPhrases": _BOTH | {"phrasegrams": _is_dict_of(_is_number)},
}
_EXPECTED = (
    "expected a file written by save() of fastw2v.phrases. A file of gensim is a pickle: load it with gensim, and pass "
    "the object to fastw2v.phrases.FrozenPhrases"
)

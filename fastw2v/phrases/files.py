"""Phrase detectors in files: JSON, which runs nothing when it is read."""

from __future__ import annotations

import json
import os
from typing import Any

from fastw2v.phrases.scorers import Scorer, npmi_scorer, original_scorer
from fastw2v.runtime.files import atomic_write, existing_file

FORMAT = "fastw2v phrases 1"
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
    try:
        state: State = json.loads(existing_file(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}); {_EXPECTED}") from error
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise ValueError(f"{path} is JSON of another kind; {_EXPECTED}")
    built_in = {name: scorer for scorer, name in _NAMES.items()}
    if scoring is None and state["scoring"] not in built_in:
        raise ValueError(
            f"{path} was saved with the scoring function {state['scoring']}; pass it: load(path, scoring=...)"
        )
    return state | {
        "scoring": scoring or built_in[state["scoring"]],
        "connector_words": frozenset(state["connector_words"]),
    }


_EXPECTED = (
    "expected a file written by save() of fastw2v.phrases. A file of gensim is a pickle: load it with gensim, and pass "
    "the object to fastw2v.phrases.FrozenPhrases"
)

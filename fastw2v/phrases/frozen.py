"""FrozenPhrases: the phrases that `Phrases` found, with their scores and nothing else."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from math import inf
from types import MappingProxyType
from typing import Any

from fastw2v.phrases.files import State, StrPath, load_state, save_state
from fastw2v.phrases.joining import PhraseJoiner, Places, followers_in

logger = logging.getLogger("fastw2v")


class FrozenPhrases(PhraseJoiner):
    """Join phrases that were found before; nothing is counted.

    Parameters
    ----------
    phrases_model : Phrases
        Whose phrases to take. An object of gensim's `Phrases` will do.

    Attributes
    ----------
    threshold, min_count, scoring
        Options of the model. Phrases whose score is not above `threshold` are not joined.

    Raises
    ------
    TypeError
        `phrases_model` is no such model.

    Examples
    --------
    >>> from fastw2v.phrases import FrozenPhrases, Phrases
    >>> found = Phrases([["new", "york"], ["new", "york", "city"], ["the", "city"]], min_count=1, threshold=1)
    >>> frozen = FrozenPhrases(found)
    >>> print(frozen)
    FrozenPhrases<1 phrases, min_count=1, threshold=1>
    >>> frozen[["to", "new", "york"]]
    ['to', 'new_york']
    """

    def __init__(self, phrases_model: Any) -> None:  # noqa: ANN401 - gensim's, or ours, which imports this module
        if not hasattr(phrases_model, "export_phrases"):
            raise TypeError(f"phrases_model is a {type(phrases_model).__name__}; expected Phrases")
        super().__init__(phrases_model.connector_words, phrases_model.delimiter)
        self.threshold, self.min_count = phrases_model.threshold, phrases_model.min_count
        self.scoring = phrases_model.scoring
        self.phrasegrams = phrases_model.export_phrases()
        logger.info("phrases: %d are above the threshold", len(self._phrasegrams))

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{len(self._phrasegrams)} phrases, min_count={self.min_count}, "
            f"threshold={self.threshold}>"
        )

    @property
    def phrasegrams(self) -> Mapping[str, float]:
        """Phrases with their scores, read-only; to change them, assign a new dict."""
        return MappingProxyType(self._phrasegrams)

    @phrasegrams.setter
    def phrasegrams(self, phrasegrams: Mapping[str, float]) -> None:
        self._phrasegrams = dict(phrasegrams)
        self._followers = followers_in(self._phrasegrams, self.delimiter)

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str, float] | tuple[None, None]:
        """Return the phrase of these words and its score, or ``(None, None)`` if it is none; see `Phrases`."""
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        score = self._phrasegrams.get(phrase, -inf)
        return (phrase, score) if score > self.threshold else (None, None)

    def _places(self) -> Places:
        return Places(self._followers.get, ())

    def save(self, path: StrPath) -> None:
        """Save to one JSON file.

        Parameters
        ----------
        path : path
            A file of this name is replaced.
        """
        names = ("threshold", "min_count", "delimiter", "scoring", "connector_words")
        state = {"class": "FrozenPhrases"} | {name: getattr(self, name) for name in names}
        save_state(path, state | {"phrasegrams": self._phrasegrams})

    @classmethod
    def load(cls, path: StrPath, *, scoring: Any = None) -> FrozenPhrases:  # noqa: ANN401
        """Load what `save` wrote.

        Parameters
        ----------
        path : path
        scoring : callable, optional
            The scoring function, if it was one of your own.

        Raises
        ------
        ValueError
            The file is no such file, it holds `Phrases`, or `scoring` is needed.
        """
        state = load_state(path, scoring)
        if state["class"] != "FrozenPhrases":
            raise ValueError(f"{path} holds {state['class']}; load it with Phrases.load, and call freeze()")
        return cls.from_state(state)

    @classmethod
    def from_state(cls, state: State) -> FrozenPhrases:
        """Return the phrases of a file, as `load_state` read it."""
        frozen = cls.__new__(cls)
        PhraseJoiner.__init__(frozen, state["connector_words"], state["delimiter"])
        frozen.threshold, frozen.min_count, frozen.scoring = (state[n] for n in ("threshold", "min_count", "scoring"))
        frozen.phrasegrams = state["phrasegrams"]
        return frozen


Phraser = FrozenPhrases  # gensim's former name

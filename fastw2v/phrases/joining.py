"""What finds phrases in sentences: common to `Phrases` and `FrozenPhrases`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple, cast

from fastw2v.runtime.lifecycle import Lifecycle

Sentence = Iterable[str]
_MOST_DELIMITERS = 256


class Everything:
    """A container that holds everything."""

    def __contains__(self, _: object) -> bool:
        return True


class Places(NamedTuple):
    """Where a phrase may be, so that most pairs of words need not be joined and looked up.

    Attributes
    ----------
    followers : callable
        ``followers(word, ())`` holds the words that may end a phrase which begins with `word`.
    last : container of str
        Words that may end a phrase whatever it begins with.
    """

    followers: Callable[[str, tuple[()]], Container[str]]
    last: Container[str]


class Followers(dict[str, Container[str]]):
    """For the beginning of a phrase, what may end it."""


class AnyFollowers(Followers):
    """Anything may follow anything: each pair of words is joined and looked up."""

    def get(self, *_: object) -> Everything:
        """Return what holds every word."""
        return Everything()


class JoinedSentences:
    """Sentences with their phrases joined, made as they are read.

    Each iteration reads the sentences anew, if they can be.

    Parameters
    ----------
    joiner : PhraseJoiner
    sentences : iterable of lists of str
    """

    def __init__(self, joiner: PhraseJoiner, sentences: Iterable[Sentence]) -> None:
        self._joiner, self._sentences = joiner, sentences

    def __iter__(self) -> Iterator[list[str]]:
        for sentence in self._sentences:
            yield self._joiner.join_phrases(sentence)[0]

    def __len__(self) -> int:
        return len(self._sentences)  # type: ignore[arg-type]


class PhraseJoiner(Lifecycle, ABC):
    """Joins the phrases of sentences; what a phrase is, a subclass decides."""

    def __init__(self, connector_words: frozenset[str], delimiter: str) -> None:
        self._connector_words, self._delimiter = connector_words, delimiter

    @property
    def connector_words(self) -> frozenset[str]:
        """Words that may stand inside a phrase, and begin and end none."""
        return self._connector_words

    @property
    def delimiter(self) -> str:
        """What joins the words of a phrase."""
        return self._delimiter

    @abstractmethod
    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str, float] | tuple[None, None]:
        """Return a phrase and its score, or ``(None, None)`` if these words are none."""

    @abstractmethod
    def _places(self) -> Places:
        """Return where phrases may be."""

    def join_phrases(self, sentence: Sentence) -> tuple[list[str], list[tuple[int, float]]]:
        """Join the phrases of a sentence, from left to right.

        Returns
        -------
        tokens : list of str
        phrases : list of (int, float)
            Position in `tokens` and score of each phrase.
        """
        connector_words, (followers, last) = self._connector_words, self._places()
        tokens: list[str] = []
        phrases: list[tuple[int, float]] = []
        start, between = "", list[str]()  # as in gensim, the token "" begins no phrase, and is left out
        for word in sentence:
            if word in connector_words:
                (between if start else tokens).append(word)
                continue
            if start:
                if word in followers(start, ()) or word in last:
                    phrase, score = self.score_candidate(start, word, between)
                    if phrase is not None and score is not None:
                        phrases.append((len(tokens), score))
                        tokens.append(phrase)
                        start, between = "", []
                        continue
                tokens.append(start)
                tokens += between
                between = []
            start = word
        if start:
            tokens.append(start)
            tokens += between
        return tokens, phrases

    def analyze_sentence(self, sentence: Sentence) -> Iterator[tuple[str, float | None]]:
        """Yield the tokens of a sentence with its phrases joined, each with the score of the phrase, or None.

        Parameters
        ----------
        sentence : iterable of str

        Yields
        ------
        (str, float or None)
        """
        tokens, phrases = self.join_phrases(sentence)
        scores = dict(phrases)
        for position, token in enumerate(tokens):
            yield token, scores.get(position)

    def __getitem__(self, sentence: Sentence | Iterable[Sentence]) -> list[str] | JoinedSentences:
        """Return a sentence with its phrases joined; of a corpus, an iterable that joins them as it is read."""
        if isinstance(sentence, str):
            raise TypeError(f"a sentence is the str {sentence[:40]!r}; expected a list of str: sentence.split()")
        begun = iter(sentence)
        first = next(begun, None)
        whole: Iterable[Any] = chain([first], begun) if begun is sentence and first is not None else sentence
        if first is None or isinstance(first, str):
            return self.join_phrases(cast(Sentence, whole))[0]
        return JoinedSentences(self, whole)

    def find_phrases(self, sentences: Iterable[Sentence]) -> dict[str, float]:
        """Return the phrases of a corpus with their scores.

        Parameters
        ----------
        sentences : iterable of lists of str

        Returns
        -------
        dict of str to float
        """
        found: dict[str, float] = {}
        for sentence in sentences:
            tokens, phrases = self.join_phrases(sentence)
            found.update((tokens[position], score) for position, score in phrases)
        return found


def followers_in(phrases: Iterable[str], delimiter: str) -> Followers:
    """Return what may follow what in these phrases: in "a_of_b", "b" and "of_b" follow "a", and "b" follows "a_of".

    Of a phrase with very many delimiters the parts would take its length squared: then anything may follow anything.
    """
    found = Followers()
    for phrase in phrases:
        if phrase.count(delimiter) > _MOST_DELIMITERS:
            return AnyFollowers()
        ends: set[str] = set()
        cut = phrase.rfind(delimiter)
        while cut >= 0:
            ends.add(phrase[cut + len(delimiter) :])
            known = found.setdefault(phrase[:cut], set())
            cast(set[str], known).update(ends)
            cut = phrase.rfind(delimiter, 0, cut + len(delimiter) - 1)
    return found

"""An iterable of sentences: check that it can be read again, and peek at its first sentence without losing it."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from types import FunctionType
from typing import Any

import numpy as np

from fastw2v.corpus.blocks import BLOCK_BYTES, Block
from fastw2v.corpus.integers import as_sentence, refuse_unordered
from fastw2v.corpus.joined import joined_blocks
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.vocab import EmptyVocabularyError


@dataclass(frozen=True)
class TokenCorpus:
    """Sentences of str tokens, made by `as_corpus`: any iterable, also one that can be read only once."""

    sentences: Iterable[Iterable[str]]

    def blocks(
        self, block_bytes: int = BLOCK_BYTES, progress: PhaseProgress | None = None
    ) -> Generator[Block, None, None]:
        """Yield the sentences as blocks of text, some words quoted; see `joined_blocks`."""
        return joined_blocks(self.sentences, block_bytes, progress)


class PeekedSentences:
    """Sentences whose first has been read: the first pass continues behind it, each later pass starts anew.

    So no sentence is lost if `__iter__` returns an iterator that can be read only once, or if a sentence is one.

    Parameters
    ----------
    sentences : iterable
        Also one that can be read only once, such as a generator; a second pass then raises TypeError.

    Attributes
    ----------
    first : sequence
        The first sentence that is not empty.

    Raises
    ------
    TypeError
        `sentences` is no iterable of sentences.
    EmptyVocabularyError
        No sentence has a token.
    """

    def __init__(self, sentences: Any) -> None:  # noqa: ANN401 - whatever a user passes
        _check_iterable(sentences)
        self._sentences: Iterable[Any] = sentences
        rest, seen = _from_here(iter(sentences)), list[Sequence[Any]]()
        while not seen or not len(seen[-1]):
            seen.append(_next_sentence(rest))
        self.first = seen[-1]
        self._begun: Iterator[Any] | None = chain(seen, rest)

    def __iter__(self) -> Iterator[Any]:
        begun, self._begun = self._begun, None
        return self._again() if begun is None else begun

    def _again(self) -> Iterator[Any]:
        """Yield the sentences of another pass; TypeError if there are none any more."""
        rest = _from_here(iter(self._sentences))
        for sentence in rest:
            yield sentence
            yield from rest
            return
        raise read_only_once(self._sentences)

    def check_starts_anew(self) -> None:
        """Raise TypeError if it is known that there can be no second pass."""
        sentences = self._sentences
        if iter(sentences) is iter(sentences) and not _can_start_anew(sentences):
            raise read_only_once(sentences)


def read_only_once(sentences: object) -> TypeError:
    """Return the error for a second pass over what can be read only once."""
    return TypeError(
        f"sentences is a {type(sentences).__name__} that can be read only once, and it is needed twice; pass "
        "list(sentences), or an object whose __iter__ starts anew each time"
    )


def _check_iterable(sentences: object) -> None:
    """Raise TypeError unless this is an iterable that can hold sentences."""
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"sentences is a {type(sentences).__name__}, {sentences[:40]!r}; expected lists of tokens: "
            "pass a file as corpus_file=..., or [text.split()] for one sentence"
        )
    if isinstance(sentences, Mapping):
        kind = type(sentences).__name__
        raise TypeError(
            f"sentences is a {kind}, whose keys would be read; pass its sentences: list(sentences.values())"
        )
    if type(sentences).__name__.endswith("GroupBy"):
        kind = type(sentences).__name__
        cure = 'groups["item"].agg(list), or table_corpus(frame, group=..., items=...)'
        raise TypeError(f"sentences is a {kind}, whose groups are frames; pass {cure}")
    if isinstance(sentences, Set):
        kind = type(sentences).__name__
        raise TypeError(f"sentences is a {kind}, whose order differs from run to run; pass sorted(sentences)")
    if hasattr(sentences, "read"):
        kind = type(sentences).__name__
        raise TypeError(f"sentences is an open file ({kind}); pass its path as corpus_file=..., or LineSentence(file)")
    if not isinstance(sentences, Iterable):
        cure = ": call it, sentences()" if callable(sentences) else ""
        raise TypeError(f"sentences is a {type(sentences).__name__}; expected an iterable of lists of tokens{cure}")


def _can_start_anew(sentences: Iterable[Any]) -> bool:
    """Whether this is its own iterator and defines an `__iter__` in Python, which may go back to the beginning."""
    begin: object = type(sentences).__iter__
    return iter(sentences) is sentences and isinstance(begin, FunctionType) and begin is not Iterator.__iter__


def _from_here(sentences: Iterator[Any]) -> Iterator[Any]:
    """Continue an iterator without calling its `__iter__`, which may go back to the beginning."""
    while True:
        try:
            sentence = next(sentences)
        except StopIteration:
            return
        yield sentence


def _next_sentence(sentences: Iterator[Any]) -> Sequence[Any]:
    """Return the next sentence as a sequence; str, bytes and arrays unchanged."""
    for position, sentence in enumerate(map(as_sentence, sentences)):
        refuse_unordered(sentence, position)
        if isinstance(sentence, str | bytes | np.ndarray):
            return sentence  # type: ignore[return-value]
        if isinstance(sentence, Iterable):
            return list(sentence)
        what = f"a sentence is a {type(sentence).__name__}, {sentence!r}"
        cure = "leave it out" if sentence is None else "[sentence] is a corpus of one"
        raise TypeError(f"{what}; expected a list of tokens ({cure})")
    raise EmptyVocabularyError(
        "the corpus is empty: no sentence has a token; was it a generator that was already used up? Pass "
        "list(sentences), or an object whose __iter__ starts anew each time"
    )


def check_words(sentence: Sequence[Any]) -> None:
    """Raise TypeError unless the first sentence begins with a str."""
    if isinstance(sentence, str | bytes):
        raise TypeError(
            f"a sentence is the {type(sentence).__name__} {sentence[:40]!r}, which would be split into characters; "
            "expected a list of tokens: [sentence.split() for sentence in sentences] (paths go to corpus_file=...)"
        )
    if not isinstance(sentence[0], str):
        cure = ", or int for every token"
        if isinstance(sentence[0], bytes):
            cure = ": decode it, token.decode()"
        elif isinstance(sentence[0], list | tuple | np.ndarray):
            cure = ": lists are nested too deep, pass [sentence for document in documents for sentence in document]"
        raise TypeError(f"a token is a {type(sentence[0]).__name__}, {sentence[0]!r}; expected str{cure}")

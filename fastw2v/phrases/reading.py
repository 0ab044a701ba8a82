"""Sentences of any supported form to words and word ids, read once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from fastw2v.corpus import BLOCK_BYTES, IntegerCorpus, TextCorpus, TokenCorpus, WeightedCorpus, as_corpus
from fastw2v.encode.text import encode_text
from fastw2v.encode.token_files import write_tokens
from fastw2v.runtime.arrays import Array
from fastw2v_kernels.shared.threads import available_cores

logger = logging.getLogger("fastw2v")


class ReadSentences(NamedTuple):
    """A corpus as word ids.

    Attributes
    ----------
    words : list of str
        Different tokens, by first occurrence.
    counts : int64[n_words]
        Occurrences of each.
    ids : int32[n_tokens]
        Number of each token's word.
    starts : int64[n_sentences + 1]
        Sentence s is ``ids[starts[s]:starts[s + 1]]``; none is empty.
    empty : list of int
        For each empty sentence, how many others come before it.
    """

    words: list[str]
    counts: Array
    ids: Array
    starts: Array
    empty: list[int]

    def sentences(self) -> Iterator[list[str]]:
        """Yield all sentences as lists of tokens, the empty ones too."""
        n_empty = np.bincount(np.array(self.empty, np.int64), minlength=len(self.starts))
        for n, start, end in zip(n_empty, self.starts, self.starts[1:]):
            for _ in range(n):
                yield []
            yield [self.words[word] for word in self.ids[start:end].tolist()]
        for _ in range(n_empty[-1]):
            yield []


class _Sentences:
    """Sentences on their way to the encoder: empty ones are noted, and a line is logged now and then."""

    def __init__(self, sentences: Iterator[Iterable[str]], progress_per: int) -> None:
        self.empty: list[int] = []
        self._sentences, self._progress_per = sentences, progress_per

    def __iter__(self) -> Iterator[list[str]]:
        n_tokens = 0
        for number, sentence in enumerate(self._sentences):
            if number % self._progress_per == 0:
                logger.info("phrases: at sentence %d, read %d words", number, n_tokens)
            if isinstance(sentence, str | bytes) or not isinstance(sentence, Iterable):
                raise TypeError(f"sentence {number} is {sentence!r:.60}; expected a list of str: sentence.split()")
            tokens = sentence if isinstance(sentence, list | tuple) else list(sentence)
            if tokens:
                n_tokens += len(tokens)
                yield tokens  # type: ignore[misc]
            else:
                self.empty.append(number - len(self.empty))


def read_sentences(sentences: Any, *, progress_per: int) -> ReadSentences:  # noqa: ANN401 - whatever a user passes
    """Read a corpus once: text by the byte encoder, anything else by a dict.

    Parameters
    ----------
    sentences
        Whatever `fastw2v.corpus.as_corpus` takes, apart from integers; an iterator that can be read only once as well.
    progress_per : int
        Log a line every so many sentences of an iterable. Blocks of text are not logged.

    Raises
    ------
    TypeError
        A str, or tokens that are not str.
    """
    corpus = _corpus_of(sentences)
    if isinstance(corpus, TextCorpus):
        return _read(corpus, [])
    given = _Sentences(corpus, progress_per)
    rest = iter(given)
    first = next(rest, None)
    if first is None:
        return ReadSentences([], np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(1, np.int64), given.empty)
    tokens = TokenCorpus(chain([first], rest))
    return _read(tokens, given.empty)


def _corpus_of(sentences: Any) -> TextCorpus | Iterator[Iterable[str]]:  # noqa: ANN401
    """Return text, or an iterator of sentences."""
    if isinstance(sentences, str | bytes):
        raise TypeError(
            f"sentences is a {type(sentences).__name__}, {sentences[:40]!r}; expected lists of str: "
            "pass pathlib.Path(...) for a text file, or [text.split()] for one sentence"
        )
    if isinstance(sentences, Iterator):
        return sentences
    try:
        corpus = as_corpus(sentences)
    except ValueError:
        if not isinstance(sentences, Iterable) or any(map(_holds_something, sentences)):
            raise
        return iter(sentences)  # no sentence has a token: gensim counts nothing
    if isinstance(corpus, WeightedCorpus):
        raise TypeError("sentences have weights, or are pairs; phrases are counted without: pass the sentences alone")
    if isinstance(corpus, IntegerCorpus):
        raise TypeError("sentences holds integers; expected lists of str: phrases are joined as text")
    return corpus if isinstance(corpus, TextCorpus) else iter(corpus.sentences)


def _holds_something(sentence: object) -> bool:
    return not hasattr(sentence, "__len__") or len(sentence) > 0


def _read(corpus: TextCorpus | TokenCorpus, empty: list[int]) -> ReadSentences:
    workers = available_cores()
    encoded = encode_text(corpus, workers=workers, block_bytes=BLOCK_BYTES, progress=None)
    try:
        order, words = np.arange(len(encoded.counts)), list[str]()
        make_words = [lambda: words.extend(encoded.vocab(order).keys)] if order.size else []  # type: ignore[arg-type]
        ids, starts = write_tokens(encoded.blocks(order.astype(np.int32)), workers, make_words)
        return ReadSentences(words, encoded.counts, ids, starts, empty)
    finally:
        encoded.close()

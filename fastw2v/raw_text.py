"""Hints where a text seems not to be what was meant: raw text, so that "dog" and "dog," are two words; no pairs."""

from __future__ import annotations

import logging

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.corpus.tokenized import Tokens as Tokenizing
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")
_MARKS = ".,;:!?"
_LEAST_SHARE = 0.04  # of raw English about 0.1; of the Penn Treebank 0.006, for "corp." and the like
_LEAST_WORDS = 10
_N_LOOKED_AT = 20_000  # words, the most frequent


def warn_of_raw_text(vocab: Vocab, how: Tokenizing | None) -> None:
    """Warn in the log if many tokens are a word of the vocabulary with a punctuation mark at its end.

    Of text that was split by a pattern of the caller's, as `how` tells, nothing is said.
    """
    if vocab.is_integer or not len(vocab):
        return
    if how is not None and how.pattern is not None:
        return
    rows = _most_frequent(vocab.counts)
    counts: dict[str, int] = dict(zip(map(str, vocab.take(rows).keys), vocab.counts[rows].tolist()))
    marked = [word for word in counts if word[-1:] in _MARKS and _bare(word).isalpha() and _bare(word) in counts]
    share = sum(map(counts.__getitem__, marked)) / max(vocab.n_tokens, 1)
    if share < _LEAST_SHARE or len(marked) < _LEAST_WORDS:
        return
    example = max(marked, key=lambda word: min(counts[word], counts[_bare(word)]))
    logger.warning(
        "this seems to be raw text: %.0f %% of the tokens are a word with punctuation at its end, so %r (%d times) "
        'and %r (%d times) are two words; pass text_corpus(path, tokens="simple"), or --tokens simple on the command '
        "line, or simple_preprocess(text) for each sentence",
        *(100 * share, example, counts[example], _bare(example), counts[_bare(example)]),
    )


def warn_of_no_pair(config: TrainConfig, vocab: Vocab, *, n_tokens: int, n_sentences: int) -> None:
    """Warn in the log that a corpus of so many tokens and sentences had no pair to train, with why and the cure."""
    logger.warning(
        "no pair of words was trained: %s", _why_no_pair(config, vocab, is_single_words=n_tokens == n_sentences)
    )


def _why_no_pair(config: TrainConfig, vocab: Vocab, *, is_single_words: bool) -> str:
    if not is_single_words:
        return f"subsampling dropped too many words; raise sample (it is {config.sample:g}), or pass 0, which keeps all"
    longest = max(map(str, vocab.take(np.arange(min(len(vocab), 100))).keys), key=len)
    if longest.count(" ") > 1:
        return f"each sentence is one word, such as {longest[:60]!r}; split them: [text.split() for text in texts]"
    return (
        "each sentence has one word of the vocabulary; put words that belong together into one sentence, or "
        f"lower min_count (it is {config.min_count})"
    )


def _bare(word: str) -> str:
    return word.rstrip(_MARKS)


def _most_frequent(counts: np.ndarray) -> np.ndarray:
    """Return the rows of the most frequent words, in any order."""
    if len(counts) <= _N_LOOKED_AT:
        return np.arange(len(counts))
    return np.argpartition(-counts, _N_LOOKED_AT)[:_N_LOOKED_AT]

"""A hint where raw text seems to have gone in, so that "dog" and "dog," are two words."""

from __future__ import annotations

import logging

import numpy as np

from fastw2v.corpus import Corpus, TextCorpus
from fastw2v.vocab import Vocab

logger = logging.getLogger("fastw2v")
_MARKS = ".,;:!?"
_LEAST_SHARE = 0.04  # of raw English about 0.1; of the Penn Treebank 0.006, for "corp." and the like
_LEAST_WORDS = 10
_N_LOOKED_AT = 20_000  # words, the most frequent


def warn_of_raw_text(vocab: Vocab, corpus: Corpus) -> None:
    """Warn in the log if many tokens are a word of the vocabulary with a punctuation mark at its end.

    Of text that was split by a pattern of the caller's, nothing is said.
    """
    if vocab.is_integer or not len(vocab):
        return
    if isinstance(corpus, TextCorpus) and corpus.tokens is not None and corpus.tokens.pattern is not None:
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


def _bare(word: str) -> str:
    return word.rstrip(_MARKS)


def _most_frequent(counts: np.ndarray) -> np.ndarray:
    """Return the rows of the most frequent words, in any order."""
    if len(counts) <= _N_LOOKED_AT:
        return np.arange(len(counts))
    return np.argpartition(-counts, _N_LOOKED_AT)[:_N_LOOKED_AT]

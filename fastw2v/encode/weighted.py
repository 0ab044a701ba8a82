"""Tokens of a corpus with weights, or of explicit pairs: every sentence is first kept, so that its weight is found."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.corpus import WeightedCorpus
from fastw2v.encode.text import EncodedText
from fastw2v.encode.tokens import Tokens
from fastw2v.vocab import Vocab


def weighted_tokens(whole: Tokens, row_of: np.ndarray, corpus: WeightedCorpus) -> Tokens:
    """Drop the words without a row, and give each token its weight.

    Parameters
    ----------
    whole : Tokens
        All sentences, as ids of words that have a row or none.
    row_of : int32[n_words]
        The row of each word, -1 for none.
    corpus : WeightedCorpus
        A pair of which one word has no row is left out.

    Returns
    -------
    Tokens
        In memory.

    Raises
    ------
    ValueError
        The corpus has more or fewer sentences than weights.
    """
    n_sentences, weights = whole.n_sentences, corpus.weights
    if weights is not None and len(weights) != n_sentences:
        raise ValueError(
            f"there are {len(weights):,} weights, and {n_sentences:,} sentences that have a word; expected one for "
            "each, and none for a line or row without a word; of a table, name their column: table_corpus(..., weight=)"
        )
    rows = row_of[whole.ids]
    has_row = rows >= 0
    if corpus.are_pairs:
        has_row = np.repeat(has_row.reshape(-1, 2).all(axis=1), 2)
    n_left = np.add.reduceat(has_row, whole.starts[:-1], dtype=np.int64) if n_sentences else np.zeros(0, np.int64)
    starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(n_left[n_left > 0])])
    by_token = np.repeat(np.ones(n_sentences, np.float32) if weights is None else weights, n_left)
    if corpus.are_pairs:
        by_token[::2] = 0
    return Tokens(rows[has_row], starts, whole.n_raw, weights=by_token, are_pairs=corpus.are_pairs)


def rows_of_words(encoded: EncodedText, vocab: Vocab) -> np.ndarray:
    """Return the row of each word of a text in a given vocabulary, -1 for none: int32[n_words]."""
    row_of: dict[Any, int] = dict(vocab.key_to_index)
    n_words = len(encoded.counts)
    words = encoded.vocab(np.arange(n_words)).keys if n_words else []
    return np.array([row_of.get(word, -1) for word in words], np.int32)


def no_sentence_left(corpus: WeightedCorpus) -> str:
    """Return the message of the error that no sentence, or no pair, is left."""
    if corpus.are_pairs:
        return "no pair is left: none has both its keys in the vocabulary; lower min_count, or pass more pairs"
    return "no sentence has a word of the vocabulary; lower min_count"

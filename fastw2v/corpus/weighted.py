"""Sentences with weights."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from fastw2v.corpus.inputs import as_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.tables import ColumnCorpus
from fastw2v.corpus.weights import WeightedCorpus, checked_weights
from fastw2v.runtime.devices import TO_HOST, is_on_gpu


def weighted_corpus(sentences: Any, weights: Any) -> WeightedCorpus:  # noqa: ANN401 - whatever `as_corpus` takes
    """Give each sentence a weight: a factor of the learning rate at which its words are trained.

    A weight of 2 makes each step of the sentence twice as long, as if its gradient were added twice; 0 leaves the
    sentence out of training. Counts, and with them vocabulary, subsampling and negatives, do not depend on weights.
    Only their ratios should be chosen freely: a mean far from 1 acts as another `alpha`, so divide by it:
    ``weights / weights.mean()``. A weight that is very large makes steps too long, and training may diverge.

    Parameters
    ----------
    sentences
        Whatever `Word2Vec` takes, except for arrays on a GPU. A file is named by ``text_corpus(path)``.
    weights : array-like of float[n_sentences]
        At least 0, and not all 0. A text has as many sentences as lines with a word: blank lines have no weight.

    Returns
    -------
    WeightedCorpus
        For `Word2Vec(sentences=...)`, `build_vocab` and `train`.

    Raises
    ------
    TypeError
        The weights are no numbers, or the sentences are weighted already, or lie on a GPU.
    ValueError
        There are more or fewer weights than sentences; of a text, this is found when it is read. Or one is negative,
        NaN or infinite, or all are 0.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> from fastw2v.corpus import weighted_corpus
    >>> sessions = [["tea", "pot", "mug"], ["tea", "cup"]]
    >>> model = Word2Vec(weighted_corpus(sessions, [1.5, 0.5]), min_count=1, sample=0, workers=1)
    """
    corpus = as_corpus(sentences)
    if isinstance(corpus, WeightedCorpus):
        what = "pairs, which have their own weights" if corpus.are_pairs else "sentences that have weights"
        raise TypeError(f"sentences are {what}; pass the weights once")
    if isinstance(corpus, IntegerCorpus):
        if is_on_gpu(corpus.ids):
            raise TypeError(f"sentences lie on the GPU; expected them on the host: {TO_HOST}")
        n_tokens = np.diff(np.asarray(corpus.starts))
        return WeightedCorpus(corpus, checked_weights(weights, len(n_tokens), "sentence")[n_tokens > 0])
    if isinstance(corpus, TokenCorpus) and not isinstance(corpus, ColumnCorpus):
        has_word = np.array([not isinstance(sentence, Sized) or len(sentence) > 0 for sentence in corpus.sentences])
        return WeightedCorpus(corpus, checked_weights(weights, len(has_word), "sentence")[has_word])
    return WeightedCorpus(corpus, checked_weights(weights, None, "sentence"))

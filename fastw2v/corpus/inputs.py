"""Which kind of corpus a caller has passed: files, lists of words, or integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastw2v.corpus import integers
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import Sentences, TokenCorpus, check_words
from fastw2v.corpus.text import TextCorpus, text_corpus

Corpus = TextCorpus | TokenCorpus | IntegerCorpus


def as_corpus(sentences: Any) -> Corpus:  # noqa: ANN401 - this is the boundary that finds out what was passed
    """Take sentences in any supported form, and check it.

    Parameters
    ----------
    sentences : iterable of lists of str, or of int; int[n, length]; (ids, starts); Path or list of Path
        An iterable must start anew at each ``iter()``. A 2-D integer array holds a sentence (a walk) per row. A tuple
        of two 1-D integer arrays is ragged: sentence s is ``ids[starts[s]:starts[s + 1]]``, ``starts[0] == 0`` and
        ``starts[-1] == len(ids)``. Arrays may be of any library that shares its memory (CuPy, PyTorch); device="cuda"
        trains those of a GPU where they lie. Only a path given as `pathlib.Path` is opened: `text_corpus` takes str.

    Raises
    ------
    TypeError
        A str, bytes, a list of str, a one-shot iterator, tokens that are neither str nor int.
    ValueError
        Negative ids, an array of the wrong shape, starts that are not increasing, nothing in it.
    """
    if isinstance(sentences, TextCorpus | TokenCorpus | IntegerCorpus):
        return sentences
    if isinstance(sentences, Path) or _is_path_list(sentences):
        return text_corpus(sentences)
    sentences = integers.with_shared_arrays(sentences)
    if integers.is_array(sentences) and sentences.dtype != object and sentences.dtype.kind not in "US":
        return integers.from_matrix(sentences)
    if isinstance(sentences, tuple) and len(sentences) == 2 and all(map(integers.is_flat_number_array, sentences)):
        return integers.from_ragged(*sentences)
    looked_at = Sentences(sentences)
    if integers.is_number_sentence(looked_at.first):
        return integers.from_number_lists(looked_at)
    check_words(looked_at.first)
    return TokenCorpus(looked_at)


def one_corpus(sentences: Any, corpus_file: Any) -> Any:  # noqa: ANN401
    """Whichever of the two was given; TypeError for both or neither."""
    if (sentences is None) == (corpus_file is None):
        given = "neither" if sentences is None else "both"
        raise TypeError(f"expected a corpus either as sentences or as corpus_file, got {given}")
    return sentences if corpus_file is None else text_corpus(corpus_file)


def _is_path_list(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and isinstance(value[0], Path)

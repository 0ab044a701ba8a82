"""Find out what kind of corpus a caller passed: files, lists of words, or integers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastw2v.corpus import integers
from fastw2v.corpus.arrow import is_arrow, is_dataset, is_pandas_series
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.line_sentences import as_text
from fastw2v.corpus.sentences import PeekedSentences, TokenCorpus, check_words
from fastw2v.corpus.tables import table_corpus
from fastw2v.corpus.text import TextCorpus, text_corpus
from fastw2v.corpus.weights import WeightedCorpus

Corpus = TextCorpus | TokenCorpus | IntegerCorpus | WeightedCorpus


def as_corpus(sentences: Any) -> Corpus:  # noqa: ANN401 - this is the boundary that finds out what was passed
    """Check sentences of any supported form, and return them as a corpus.

    Parameters
    ----------
    sentences
        One of:

        - an iterable of lists of str, or of lists of int. A generator too: a corpus of words can then be read once;
        - an integer array [n_sentences, length], a sentence (a walk) per row;
        - a tuple of two 1-D integer arrays ``(ids, starts)``, such as columns of pandas: sentence s is
          ``ids[starts[s]:starts[s + 1]]``, with ``starts[0] == 0`` and ``starts[-1] == len(ids)``;
        - a `pathlib.Path`, or a list of them, of text files. A path given as str is for `text_corpus`;
        - a table or column with Arrow's interface, whose rows are sentences; see `table_corpus`;
        - a `LineSentence`, `PathLineSentences` or `Text8Corpus` of files, which the compiled reader then reads;
        - what `text_corpus`, `table_corpus`, `weighted_corpus`, `pair_corpus` or `read_pairs` made.

        Arrays may come from any library that shares its memory (CuPy, PyTorch). Arrays on a GPU stay there;
        device="cuda" trains them without a copy.

    Returns
    -------
    TextCorpus, TokenCorpus, IntegerCorpus or WeightedCorpus

    Raises
    ------
    TypeError
        A str, bytes, a list of str, or tokens that are neither str nor int.
    ValueError
        There is no token, an id is negative, an array has the wrong shape, or `starts` falls.
    OSError
        A file does not exist or cannot be read.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.corpus import as_corpus
    >>> as_corpus(np.array([[1, 2, 3], [3, 2, 1]])).starts.tolist()
    [0, 3, 6]
    """
    if isinstance(sentences, Corpus):
        return sentences
    text = as_text(sentences)
    if text is not None:
        return text
    if isinstance(sentences, Path) or _is_path_list(sentences):
        return text_corpus(sentences)
    if (is_arrow(sentences) or is_dataset(sentences)) and not is_pandas_series(sentences):
        return table_corpus(sentences)
    sentences = integers.with_shared_arrays(sentences)
    if integers.is_array(sentences) and sentences.dtype != object and sentences.dtype.kind not in "US":
        return integers.from_matrix(sentences)
    ragged = integers.as_ragged(sentences)
    if ragged is not None:
        return integers.from_ragged(*ragged)
    peeked = PeekedSentences(sentences)
    if integers.is_number_sentence(peeked.first):
        return integers.from_number_lists(peeked)
    check_words(peeked.first)
    return TokenCorpus(peeked)


def one_corpus(sentences: Any, corpus_file: Any) -> Any:  # noqa: ANN401
    """Return whichever of the two was given, a file as `TextCorpus`; TypeError for both or neither."""
    if (sentences is None) == (corpus_file is None):
        given = "neither" if sentences is None else "both"
        raise TypeError(f"expected a corpus either as sentences or as corpus_file, got {given}{_cure(corpus_file)}")
    return sentences if corpus_file is None else text_corpus(corpus_file)


def _cure(second: object) -> str:
    """Return what to do about a second argument that is no path, and was meant as another one."""
    if isinstance(second, int | float):
        return f"; {second!r} was given for corpus_file: name options, such as vector_size={second!r}"
    if hasattr(second, "__array__") or (isinstance(second, list) and isinstance(second[0] if second else None, int)):
        return "; ids and starts go in one pair: Word2Vec((ids, starts))"
    return ""


def _is_path_list(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) > 0 and isinstance(value[0], Path)

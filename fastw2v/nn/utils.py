"""The book's helpers: corpus, contexts, one-hot, similarity and analogy."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.nn import _checks
from fastw2v.nn._arrays import to_cpu, to_gpu
from fastw2v.nn._ranking import best_rows

__all__ = ["analogy", "convert_one_hot", "cos_similarity", "create_contexts_target", "most_similar", "preprocess"]
__all__ += ["to_cpu", "to_gpu"]

Array = npt.NDArray[Any]
Neighbours = list[tuple[str, float]]


def preprocess(text: str) -> tuple[Array, dict[str, int], dict[int, str]]:
    """Split a text into words, lower-cased, a full stop a word; ids in the order of first occurrence.

    Returns
    -------
    corpus : int64[n_tokens]
    word_to_id, id_to_word : dict
    """
    return number_words(text.lower().replace(".", " .").split(" "))


def number_words(words: list[str]) -> tuple[Array, dict[str, int], dict[int, str]]:
    """Return corpus, word_to_id and id_to_word of a list of words."""
    id_to_word = dict(enumerate(dict.fromkeys(words)))
    word_to_id = {word: word_id for word_id, word in id_to_word.items()}
    return np.fromiter(map(word_to_id.__getitem__, words), np.int64, len(words)), word_to_id, id_to_word


def create_contexts_target(corpus: npt.ArrayLike, window_size: int = 1) -> tuple[Array, Array]:
    """Return every word that has a whole window, and its neighbours.

    Parameters
    ----------
    corpus : int[n_tokens]
    window_size : int

    Returns
    -------
    contexts : int[max(n_tokens - 2 window_size, 0), 2 window_size]
        Neighbours at -window_size, ..., -1, 1, ..., window_size.
    target : int[max(n_tokens - 2 window_size, 0)]
    """
    window_size, ids = _checks.window_size(window_size), _checks.corpus(corpus)
    n = max(len(ids) - 2 * window_size, 0)
    offsets = [offset for offset in range(2 * window_size + 1) if offset != window_size]
    contexts = np.empty((n, 2 * window_size), ids.dtype)
    for column, offset in enumerate(offsets):
        contexts[:, column] = ids[offset : offset + n]
    return contexts, ids[window_size : window_size + n].copy()


def convert_one_hot(corpus: npt.ArrayLike, vocab_size: int) -> Array:
    """Return int32[*shape, vocab_size]: ones at the ids of the corpus, of one or two dimensions, zeros elsewhere."""
    vocab_size = _checks.whole("vocab_size", vocab_size)
    ids = _checks.row_ids(corpus, vocab_size, "corpus")
    if ids.ndim not in (1, 2):
        raise ValueError(f"corpus has shape {ids.shape}; expected one dimension (targets) or two (contexts)")
    one_hot = np.zeros((*ids.shape, vocab_size), dtype=np.int32)
    np.put_along_axis(one_hot, ids[..., None], 1, axis=-1)
    return one_hot


def cos_similarity(x: Array, y: Array, eps: float = 1e-8) -> float:
    """Cosine of two vectors; `eps` is added to their lengths, against division by 0."""
    x, y = _wide(x, "x"), _wide(y, "y")
    _checks.shape(y, x.shape, "y", "as x")
    return float(np.dot(x / (np.sqrt(np.sum(x**2)) + eps), y / (np.sqrt(np.sum(y**2)) + eps)))


def _wide(array: npt.ArrayLike, what: str) -> Array:
    """Return the array with at least float32: sums of float16 would keep three digits."""
    return _widened(to_cpu(_checks.numbers(array, what)))


def _widened(given: Array) -> Array:
    return given.astype(np.promote_types(given.dtype, np.float32), copy=False)


def most_similar(
    query: str, word_to_id: dict[str, int], id_to_word: dict[int, str], word_matrix: Array, top: int = 5
) -> Neighbours:
    """Print and return the words nearest to a word by cosine.

    Parameters
    ----------
    query : str
        For an unknown word that is said, and the list is empty.
    word_to_id, id_to_word : dict
    word_matrix : float[n_vocab, dim]
        Row i is the vector of ``id_to_word[i]``; float16 is computed with in float32. A matrix that lies on the GPU
        stays there: scores are computed there, and the best of float32 found there.
    top : int
        How many.

    Returns
    -------
    list of (str, float)
        The nearest first.

    Raises
    ------
    ValueError
        The matrix has not one row for each word, or the query's holds NaN.
    """
    top = _checks.whole("top", top, 0)
    if not _are_known([query], word_to_id):
        return []
    matrix = _matrix_of(word_matrix, id_to_word)
    _say(f"\n[query] {query}")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix)) + 1e-8
    row = word_to_id[query]
    return _ranked((matrix @ _finite(matrix[row] / lengths[row])) / lengths, id_to_word, {query}, top)


def analogy(
    a: str,
    b: str,
    c: str,
    word_to_id: dict[str, int],
    id_to_word: dict[int, str],
    word_matrix: Array,
    top: int = 5,
    answer: str | None = None,
) -> Neighbours:
    """Print and return the words that are to c as b is to a.

    Scores are dot products of the rows as they are, not scaled to unit length, with the unit vector of b - a + c: as
    in the book, long vectors come first. (`KeyedVectors.most_similar` ranks by cosine.)

    Parameters
    ----------
    a, b, c : str
    word_to_id, id_to_word, word_matrix, top
        See `most_similar`.
    answer : str, optional
        A word whose score is printed too.

    Returns
    -------
    list of (str, float)
        Without a, b and c; the best first.
    """
    top = _checks.whole("top", top, 0)
    if not _are_known([a, b, c] if answer is None else [a, b, c, answer], word_to_id):
        return []
    matrix = _matrix_of(word_matrix, id_to_word)
    _say(f"\n[analogy] {a}:{b} = {c}:?")
    a_vec, b_vec, c_vec = (matrix[word_to_id[word]] for word in (a, b, c))
    query = b_vec - a_vec + c_vec
    scores = matrix @ _finite(query / (np.sqrt(np.sum(query**2)) or 1))
    if answer is not None:
        _say(f"==>{answer}:{to_cpu(scores[word_to_id[answer]])}")
    return _ranked(scores, id_to_word, {a, b, c}, top)


def _are_known(words: list[str], word_to_id: dict[str, int]) -> bool:
    unknown = next((word for word in words if word not in word_to_id), None)
    if unknown is not None:
        _say(f"{unknown} is not found")
    return unknown is None


def _matrix_of(word_matrix: Array, id_to_word: dict[int, str]) -> Array:
    matrix = _widened(_checks.numbers(word_matrix, "word_matrix"))
    if matrix.ndim != 2 or len(matrix) != len(id_to_word):
        raise ValueError(f"word_matrix has shape {matrix.shape} for {len(id_to_word)} words; expected a row for each")
    return matrix


def _finite(vector: Array) -> Array:
    if not np.isfinite(vector).all():
        raise ValueError("a vector of the query has NaN or infinity; train with a lower learning rate")
    return vector


def _ranked(scores: Array, id_to_word: dict[int, str], left_out: set[str], top: int) -> Neighbours:
    found = zip(*(array.tolist() for array in best_rows(scores, top + len(left_out))))
    known = [(id_to_word[row], score) for score, row in found]
    best = [(word, score) for word, score in known if word not in left_out][:top]
    for word, score in best:
        _say(f" {word}: {score}")
    return best


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")

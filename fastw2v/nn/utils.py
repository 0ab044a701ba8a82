"""The functions of the book's ``common.util``: corpus, contexts, one-hot vectors, similarity and analogy."""

from __future__ import annotations

import sys

import numpy as np
import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import to_cpu, to_gpu
from fastw2v.nn.topk import topk
from fastw2v.runtime.arrays import Array

__all__ = ["analogy", "convert_one_hot", "cos_similarity", "create_contexts_target", "most_similar", "preprocess"]
__all__ += ["to_cpu", "to_gpu"]

Neighbours = list[tuple[str, float]]


def preprocess(text: str) -> tuple[Array, dict[str, int], dict[int, str]]:
    """Split a text into words and number them (the book, section 2.3.1).

    The text becomes lower case, words are split at spaces, and a full stop is a word.

    Parameters
    ----------
    text : str

    Returns
    -------
    corpus : int64[n_tokens]
        Word ids. The first word is 0, the next new word 1, and so on.
    word_to_id, id_to_word : dict

    Examples
    --------
    >>> from fastw2v.nn import preprocess
    >>> corpus, word_to_id, id_to_word = preprocess("You say goodbye and I say hello.")
    >>> corpus
    array([0, 1, 2, 3, 4, 1, 5, 6])
    >>> id_to_word[6]
    '.'
    """
    return number_words(text.lower().replace(".", " .").split(" "))


def number_words(words: list[str]) -> tuple[Array, dict[str, int], dict[int, str]]:
    """Return `corpus`, `word_to_id` and `id_to_word` for a list of words, as `preprocess` does."""
    id_to_word = dict(enumerate(dict.fromkeys(words)))
    word_to_id = {word: word_id for word_id, word in id_to_word.items()}
    return np.fromiter(map(word_to_id.__getitem__, words), np.int64, len(words)), word_to_id, id_to_word


def create_contexts_target(corpus: npt.ArrayLike, window_size: int = 1) -> tuple[Array, Array]:
    """Return every word with a full window, and its context words (the book, section 3.3.1).

    Parameters
    ----------
    corpus : int[n_tokens]
        Word ids.
    window_size : int
        Context words on each side.

    Returns
    -------
    contexts : int[n, 2 * window_size]
        Words at the distances -window_size, ..., -1, 1, ..., window_size; n is n_tokens - 2 window_size, at least 0.
    target : int[n]

    Raises
    ------
    TypeError, ValueError
        The corpus is not a 1-D array of integers, or window_size is out of range.
    IndexError
        An id is negative or beyond int32.

    Examples
    --------
    >>> from fastw2v.nn import create_contexts_target
    >>> contexts, target = create_contexts_target([0, 1, 2, 3], window_size=1)
    >>> contexts.tolist(), target.tolist()
    ([[0, 2], [1, 3]], [1, 2])
    """
    window_size, ids = checks.window_size(window_size), checks.corpus(corpus)
    n = max(len(ids) - 2 * window_size, 0)
    offsets = [offset for offset in range(2 * window_size + 1) if offset != window_size]
    contexts = np.empty((n, 2 * window_size), ids.dtype)
    for column, offset in enumerate(offsets):
        contexts[:, column] = ids[offset : offset + n]
    return contexts, ids[window_size : window_size + n].copy()


def convert_one_hot(corpus: npt.ArrayLike, vocab_size: int) -> Array:
    """Return one-hot vectors for word ids (the book, section 3.3.2).

    Parameters
    ----------
    corpus : int[n] or int[n, n_contexts]
    vocab_size : int

    Returns
    -------
    int32[n, vocab_size] or int32[n, n_contexts, vocab_size]

    Raises
    ------
    TypeError, ValueError
        The ids are not integers or have another number of axes, or vocab_size is out of range.
    IndexError
        An id is negative, or not below vocab_size.

    Examples
    --------
    >>> from fastw2v.nn import convert_one_hot
    >>> convert_one_hot([2, 0], vocab_size=3)
    array([[0, 0, 1],
           [1, 0, 0]], dtype=int32)
    """
    vocab_size = checks.whole("vocab_size", vocab_size)
    ids = checks.row_ids(corpus, vocab_size, "corpus")
    if ids.ndim not in (1, 2):
        raise ValueError(f"corpus has shape {ids.shape}; expected one dimension (targets) or two (contexts)")
    one_hot = np.zeros((*ids.shape, vocab_size), dtype=np.int32)
    np.put_along_axis(one_hot, ids[..., None], 1, axis=-1)
    return one_hot


def cos_similarity(x: Array, y: Array, eps: float = 1e-8) -> float:
    """Return the cosine of two vectors (the book, section 2.3.5).

    Parameters
    ----------
    x, y : float[dim]
    eps : float
        Added to both lengths, so that a vector of zeros divides nothing by 0.

    Raises
    ------
    TypeError, ValueError
        The vectors are not numbers, or their shapes differ.

    Examples
    --------
    >>> from fastw2v.nn import cos_similarity
    >>> round(cos_similarity([3.0, 4.0], [6.0, 8.0]), 6)
    1.0
    """
    x, y = _wide(x, "x"), _wide(y, "y")
    checks.shape(y, x.shape, "y", why="as x")
    return float(np.dot(x / (np.sqrt(np.sum(x**2)) + eps), y / (np.sqrt(np.sum(y**2)) + eps)))


def _wide(array: npt.ArrayLike, what: str) -> Array:
    """Return the array on the host, as float32 at least: sums in float16 would have three digits only."""
    return _widened(to_cpu(checks.numbers(array, what)))


def _widened(given: Array) -> Array:
    return given.astype(np.promote_types(given.dtype, np.float32), copy=False)


def most_similar(
    query: str, word_to_id: dict[str, int], id_to_word: dict[int, str], word_matrix: Array, top: int = 5
) -> Neighbours:
    """Print and return the words most similar to a word, by cosine (the book, section 2.3.6).

    Parameters
    ----------
    query : str
        For an unknown word a line is printed, and the result is empty.
    word_to_id, id_to_word : dict
    word_matrix : float[n_vocab, dim]
        Row i is the vector of ``id_to_word[i]``. float16 is computed in float32. A matrix on the GPU is searched there.
    top : int
        Number of words.

    Returns
    -------
    list of (str, float)
        Words and cosines, the most similar first.

    Raises
    ------
    TypeError, ValueError
        The matrix does not have one row for each word, the vector of the query has NaN or infinity, or top is out of
        range.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import most_similar
    >>> id_to_word = {0: "red", 1: "blue", 2: "seven"}
    >>> word_to_id = {"red": 0, "blue": 1, "seven": 2}
    >>> vectors = np.array([[1.0, 0.0], [0.8, 0.6], [0.0, 1.0]])
    >>> found = most_similar("red", word_to_id, id_to_word, vectors, top=1)  # doctest: +ELLIPSIS
    <BLANKLINE>
    [query] red
     blue: 0.7999...
    """
    top = checks.whole("top", top, 0)
    if not _all_known([query], word_to_id):
        return []
    matrix = _matrix_of(word_matrix, id_to_word)
    _say(f"\n[query] {query}")
    lengths = np.sqrt(np.einsum("ij,ij->i", matrix, matrix)) + 1e-8
    row = word_to_id[query]
    scores = (matrix @ _finite(matrix[row] / lengths[row])) / lengths
    return _best(scores, id_to_word, left_out={query}, top=top)


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
    """Print and return the words that are to c as b is to a (the book, section 4.3.3).

    The score of a word is the dot product of its row with the unit vector of b - a + c. Rows are not scaled to unit
    length, as in the book, so long vectors come first. (`KeyedVectors.most_similar` ranks by cosine.)

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
        Words and scores, the best first, without a, b and c.

    Raises
    ------
    TypeError, ValueError
        As in `most_similar`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import analogy
    >>> id_to_word = dict(enumerate(["king", "man", "queen", "woman"]))
    >>> word_to_id = {word: i for i, word in id_to_word.items()}
    >>> vectors = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 0, 1.0]])
    >>> found = analogy("king", "man", "queen", word_to_id, id_to_word, vectors, top=1)
    <BLANKLINE>
    [analogy] king:man = queen:?
     woman: 1.0
    """
    top = checks.whole("top", top, 0)
    if not _all_known([a, b, c] if answer is None else [a, b, c, answer], word_to_id):
        return []
    matrix = _matrix_of(word_matrix, id_to_word)
    _say(f"\n[analogy] {a}:{b} = {c}:?")
    a_vec, b_vec, c_vec = (matrix[word_to_id[word]] for word in (a, b, c))
    query = b_vec - a_vec + c_vec
    scores = matrix @ _finite(query / (np.sqrt(np.sum(query**2)) or 1))
    if answer is not None:
        _say(f"==>{answer}:{to_cpu(scores[word_to_id[answer]])}")
    return _best(scores, id_to_word, left_out={a, b, c}, top=top)


def _all_known(words: list[str], word_to_id: dict[str, int]) -> bool:
    unknown = next((word for word in words if word not in word_to_id), None)
    if unknown is not None:
        _say(f"{unknown} is not found")
    return unknown is None


def _matrix_of(word_matrix: Array, id_to_word: dict[int, str]) -> Array:
    matrix = _widened(checks.numbers(word_matrix, "word_matrix"))
    if matrix.ndim != 2 or len(matrix) != len(id_to_word):
        raise ValueError(f"word_matrix has shape {matrix.shape} for {len(id_to_word)} words; expected a row for each")
    return matrix


def _finite(vector: Array) -> Array:
    if not np.isfinite(vector).all():
        raise ValueError("a vector of the query has NaN or infinity; train with a lower learning rate")
    return vector


def _best(scores: Array, id_to_word: dict[int, str], *, left_out: set[str], top: int) -> Neighbours:
    found = zip(*(array.tolist() for array in topk(scores, top + len(left_out))))
    known = [(id_to_word[row], score) for score, row in found]
    best = [(word, score) for word, score in known if word not in left_out][:top]
    for word, score in best:
        _say(f" {word}: {score}")
    return best


def _say(line: str) -> None:
    if sys.stdout is not None:  # a daemon has none
        sys.stdout.write(line + "\n")

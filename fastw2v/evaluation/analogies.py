"""Analogies: a is to b as c is to which word."""

from __future__ import annotations

from collections.abc import Callable
from os import PathLike
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from fastw2v.evaluation.files import Question, read_questions
from fastw2v.evaluation.lookup import look_up, rows_by_word, too_few
from fastw2v.runtime.arrays import FloatArray, RowArray
from fastw2v.vectors.key_table import KeyTable
from fastw2v.vectors.search import nearest, topk, unit_rows

# As gensim, look at this many nearest words for one that is not a case variant of a word in the question.
_N_GUESSES = 5
_MAX_SCORES = 1 << 23  # scores that are in memory at a time


class Section(TypedDict):
    """The questions of a section that were solved, and the others."""

    section: str
    correct: list[Question]
    incorrect: list[Question]


class AnalogiesResult(NamedTuple):
    """Result of `analogies`.

    Attributes
    ----------
    accuracy : float
        Share of the questions that were solved: of those used or, with `dummy4unknown`, of all.
    n_correct, n_used, n_total : int
        Questions solved, questions whose words all have vectors, and all questions of the file.
    sections : list of Section
        The last one, "Total accuracy", has all questions.
    """

    accuracy: float
    n_correct: int
    n_used: int
    n_total: int
    sections: list[Section]


def analogies(
    kv: KeyTable,
    path: str | PathLike[str],
    restrict_vocab: int | None = 300_000,
    *,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
    similarity_function: str = "most_similar",
) -> AnalogiesResult:
    r"""Answer "a is to b as c is to what?" by the word nearest to b - a + c, other than these three (3CosAdd).

    Parameters
    ----------
    kv : KeyedVectors
        Keyed by words.
    path : path
        Sections as in questions-words.txt: a line ": name", then lines of four words. Other lines are skipped, with a
        warning in the log.
    restrict_vocab : int, optional
        Only the first so many words are known, and can be answers. To compare vectors of two tools, sort the rows of
        both in the same way: tools order words of equal count differently.
    case_insensitive : bool
        Compare words in upper case. Of words that are then equal, the first row is used.
    dummy4unknown : bool
        Count questions with an unknown word as not solved, rather than skip them.
    similarity_function : "most_similar" or "most_similar_cosmul"
        3CosAdd, or 3CosMul: the word with the largest cos(b) cos(c) / cos(a), cosines being shifted to 0..1 (Levy and
        Goldberg 2014, equation 4).

    Returns
    -------
    AnalogiesResult
        The numbers of gensim's `evaluate_word_analogies`, with the number of questions.

    Raises
    ------
    TypeError
        The keys are integers.
    ValueError
        No question can be used, a question comes before the first section, or there is no such similarity function.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fastw2v import KeyedVectors
    >>> from fastw2v.evaluation import analogies
    >>> wv = KeyedVectors(["man", "woman", "king", "queen"], [[1, 0], [0.8, 0.6], [0.6, -0.8], [0.96, -0.28]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "questions.txt")
    ...     _ = path.write_text(": family\nman woman king queen\nman woman boy girl\n")
    ...     result = analogies(wv, path)
    >>> result.accuracy, result.n_used, result.n_total
    (1.0, 1, 2)
    """
    if similarity_function not in _SEARCHES:
        raise ValueError(f"similarity_function is {similarity_function!r}; expected one of {', '.join(_SEARCHES)}")
    fold = str.upper if case_insensitive else str
    row_of = rows_by_word(kv, restrict_vocab, fold)
    named = [(name, [_folded(question, fold) for question in asked]) for name, asked in read_questions(path)]
    questions = [question for _, asked in named for question in asked]
    class_of_row = np.array([row_of[fold(word)] for word in kv.index_to_key[:restrict_vocab]], np.intp)
    rows = look_up(row_of, questions, 4)
    is_known = (rows >= 0).all(axis=1)
    n_used = int(is_known.sum())
    if n_used == 0:
        raise ValueError(too_few(path, "questions", n_used=n_used, n_total=len(questions), n_needed=1))
    is_solved = np.zeros(len(questions), bool)
    is_solved[is_known] = _solved(kv, rows[is_known], class_of_row, search=_SEARCHES[similarity_function])
    sections = _sections(named, is_solved, np.logical_or(is_known, dummy4unknown))
    n_correct, n_counted = int(is_solved.sum()), len(questions) if dummy4unknown else n_used
    return AnalogiesResult(n_correct / n_counted, n_correct, n_used, len(questions), sections)


def _by_sum(vectors: FloatArray, norms: FloatArray, *units: FloatArray) -> tuple[FloatArray, RowArray]:
    """Return scores and rows of the words nearest to b - a + c, for unit vectors a, b, c: float32[n_questions, dim]."""
    a, b, c = units
    return nearest(vectors, norms, unit_rows(b - a + c), k=_N_GUESSES + 3)


def _by_product(vectors: FloatArray, norms: FloatArray, *units: FloatArray) -> tuple[FloatArray, RowArray]:
    """Return scores and rows of the words with the largest cos(b) cos(c) / cos(a), as `_by_sum` does."""
    n_questions, k = len(units[0]), min(_N_GUESSES + 3, len(vectors))
    scores, rows = np.empty((n_questions, k), np.float32), np.empty((n_questions, k), np.intp)
    all_rows, n_block = np.arange(len(vectors)), max(1, _MAX_SCORES // len(vectors))
    for first in range(0, n_questions, n_block):
        block = slice(first, first + n_block)
        a, b, c = ((1 + unit[block] @ vectors.T / norms) / 2 for unit in units)
        products: FloatArray = np.nan_to_num(b * c / (a + np.float32(1e-6)), nan=-np.inf)
        scores[block], rows[block] = topk(products, np.broadcast_to(all_rows, products.shape), k)
    return scores, rows


_SEARCHES = {"most_similar": _by_sum, "most_similar_cosmul": _by_product}


def _solved(
    kv: KeyTable, rows: RowArray, class_of_row: RowArray, *, search: Callable[..., tuple[FloatArray, RowArray]]
) -> npt.NDArray[np.bool_]:
    """Whether the best word for a, b, c is d, for rows (a, b, c, d): intp[n_questions, 4].

    As in gensim: of the five nearest words other than a, b, c, the answer is the first that is not a case variant of
    one of them; if all five are, the fifth.
    """
    a, b, c = (unit_rows(kv.matrix[column]) for column in rows[:, :3].T)
    n_searched = len(class_of_row)
    norms = kv.fill_norms()[:n_searched]
    cosines, found = search(kv.matrix[:n_searched], norms, a, b, c)
    is_other = (found[:, :, None] != rows[:, None, :3]).all(axis=2) & (cosines > -np.inf)
    is_guess = is_other & (np.cumsum(is_other, axis=1) <= _N_GUESSES)
    guess = class_of_row[found]
    is_new = is_guess & ~(guess[:, :, None] == rows[:, None, :3]).any(axis=2)
    last = found.shape[1] - 1 - is_guess[:, ::-1].argmax(axis=1)
    column = np.where(is_new.any(axis=1), is_new.argmax(axis=1), last)
    return np.asarray(is_guess.any(axis=1) & (guess[np.arange(len(rows)), column] == rows[:, 3]))


def _sections(
    named: list[tuple[str, list[Question]]], is_solved: npt.NDArray[np.bool_], is_counted: npt.NDArray[np.bool_]
) -> list[Section]:
    """Divide the questions that count into solved and not solved, by section and in total."""
    outcomes = zip(is_solved.tolist(), is_counted.tolist())
    sections: list[Section] = []
    for name, questions in named:
        results = [(question, *next(outcomes)) for question in questions]
        correct = [question for question, solved, _ in results if solved]
        incorrect = [question for question, solved, counted in results if counted and not solved]
        sections.append({"section": name, "correct": correct, "incorrect": incorrect})
    all_correct = [question for section in sections for question in section["correct"]]
    all_incorrect = [question for section in sections for question in section["incorrect"]]
    return [*sections, {"section": "Total accuracy", "correct": all_correct, "incorrect": all_incorrect}]


def _folded(question: Question, fold: Callable[[str], str]) -> Question:
    a, b, c, d = map(fold, question)
    return a, b, c, d

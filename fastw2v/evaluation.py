"""How good vectors are: word pairs against people's judgements, and analogies, with the coverage beside each score."""

from collections.abc import Callable, Sequence
from os import PathLike
from typing import NamedTuple, TypedDict

import numpy as np
import numpy.typing as npt

from fastw2v._correlation import Correlation, pearson, spearman
from fastw2v._evaluation_files import Question, read_pairs, read_questions
from fastw2v._keytable import KeyTable
from fastw2v._nearest import RowArray, nearest, unit_rows

__all__ = ["AnalogiesResult", "Correlation", "Section", "WordPairsResult", "analogies", "word_pairs"]

# gensim looks this far down the list for a guess that is not a case variant of a word in the question.
_N_GUESSES = 5


class WordPairsResult(NamedTuple):
    """Correlation of cosines with people's judgements.

    Attributes
    ----------
    pearson, spearman : Correlation
    n_used, n_total : int
        Pairs of which both words have vectors, and all pairs of the file.
    oov_percent : float
        Pairs with an unknown word, in percent of all.
    """

    pearson: Correlation
    spearman: Correlation
    n_used: int
    n_total: int
    oov_percent: float


class Section(TypedDict):
    """The questions of a section that were solved, and those that were not."""

    section: str
    correct: list[Question]
    incorrect: list[Question]


class AnalogiesResult(NamedTuple):
    """Analogies solved.

    Attributes
    ----------
    accuracy : float
        Share solved of the questions that count: those used, and with `dummy4unknown` all.
    n_correct, n_used, n_total : int
        Questions solved, questions of which all words have vectors, and all questions of the file.
    sections : list of Section
        The last one, "Total accuracy", holds all questions.
    """

    accuracy: float
    n_correct: int
    n_used: int
    n_total: int
    sections: list[Section]


def word_pairs(
    kv: KeyTable,
    path: str | PathLike[str],
    delimiter: str = "\t",
    encoding: str = "utf8",
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> WordPairsResult:
    """Correlate cosines with people's judgements of how alike two words are.

    Parameters
    ----------
    kv : KeyedVectors
        Keyed by words.
    path : path
        Lines "word, delimiter, word, delimiter, score"; lines starting with # and lines of another form are passed
        over, the latter with a warning in the log.
    delimiter, encoding : str
    restrict_vocab : int, optional
        Only the first so many words count as known.
    case_insensitive : bool
        Compare words in upper case; of words that then are the same, the first row counts.
    dummy4unknown : bool
        Give pairs with an unknown word the cosine 0, rather than leave them out.

    Returns
    -------
    WordPairsResult
        The numbers of gensim's `evaluate_word_pairs`, and how many pairs they rest on.

    Raises
    ------
    TypeError
        The keys are integers.
    ValueError
        Fewer than two pairs can be used, or a score is not finite.
    """
    fold = str.upper if case_insensitive else str
    row_of = _rows_by_word(kv, restrict_vocab, fold)
    pairs = list(read_pairs(path, delimiter, encoding))
    rows = _look_up(row_of, [(fold(a), fold(b)) for a, b, _ in pairs], 2)
    is_known = (rows >= 0).all(axis=1)
    is_counted = np.logical_or(is_known, dummy4unknown)
    if is_counted.sum() < 2:
        raise ValueError(_too_few(path, "pairs", int(is_known.sum()), len(pairs), 2))
    scores = np.array([score for _, _, score in pairs])
    cosines = np.where(is_known, _pair_cosines(kv, rows), 0)[is_counted]
    n_used, n_total = int(is_known.sum()), len(pairs)
    by_value, by_rank = pearson(scores[is_counted], cosines), spearman(scores[is_counted], cosines)
    return WordPairsResult(by_value, by_rank, n_used, n_total, 100 * (n_total - n_used) / n_total)


def _pair_cosines(kv: KeyTable, rows: RowArray) -> npt.NDArray[np.float64]:
    """Cosine of each pair of rows, in float64 so that pairs near to each other keep their order."""
    a, b = (kv.vectors[column].astype(np.float64) for column in rows.T)
    lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.asarray(np.einsum("ij,ij->i", a, b) / np.where(lengths == 0, 1, lengths))


def analogies(
    kv: KeyTable,
    path: str | PathLike[str],
    restrict_vocab: int | None = 300_000,
    case_insensitive: bool = True,
    dummy4unknown: bool = False,
) -> AnalogiesResult:
    """Answer "a is to b as c is to what" by the word nearest to b - a + c (3CosAdd), the three left out.

    Parameters
    ----------
    kv : KeyedVectors
        Keyed by words.
    path : path
        Sections, each a line ": name" and lines of four words, as in questions-words.txt. Lines with another number
        of words are passed over, with a warning in the log.
    restrict_vocab : int, optional
        Only the first so many words count as known, and as answers. Every tool orders words of equal counts in its own
        way, so that for two of them those are not the same words: bring the rows into one order to compare vectors.
    case_insensitive : bool
        Compare words in upper case; of words that then are the same, the first row counts.
    dummy4unknown : bool
        Count questions with an unknown word as not solved, rather than leave them out.

    Returns
    -------
    AnalogiesResult
        The numbers of gensim's `evaluate_word_analogies`, and how many questions they rest on.

    Raises
    ------
    TypeError
        The keys are integers.
    ValueError
        No question can be used, or a question comes before the first section.
    """
    fold = str.upper if case_insensitive else str
    row_of = _rows_by_word(kv, restrict_vocab, fold)
    named = [(name, [_folded(question, fold) for question in asked]) for name, asked in read_questions(path)]
    questions = [question for _, asked in named for question in asked]
    class_of_row = np.array([row_of[fold(word)] for word in kv.index_to_key[:restrict_vocab]], np.intp)
    rows = _look_up(row_of, questions, 4)
    is_known = (rows >= 0).all(axis=1)
    n_used = int(is_known.sum())
    if n_used == 0:
        raise ValueError(_too_few(path, "questions", n_used, len(questions), 1))
    is_solved = np.zeros(len(questions), bool)
    is_solved[is_known] = _solved(kv, rows[is_known], class_of_row)
    sections = _sections(named, is_solved, np.logical_or(is_known, dummy4unknown))
    n_correct, n_counted = int(is_solved.sum()), len(questions) if dummy4unknown else n_used
    return AnalogiesResult(n_correct / n_counted, n_correct, n_used, len(questions), sections)


def _solved(kv: KeyTable, rows: RowArray, class_of_row: RowArray) -> npt.NDArray[np.bool_]:
    """Whether the word nearest to b - a + c is d, for rows (a, b, c, d): intp[n_questions, 4].

    As gensim, looks at the five nearest words other than a, b, c, and takes the first that is not a case variant of
    one of them; if all are, the fifth.
    """
    a, b, c = (unit_rows(kv.vectors[column]) for column in rows[:, :3].T)
    n_searched = len(class_of_row)
    norms = kv.fill_norms()[:n_searched]
    cosines, found = nearest(kv.vectors[:n_searched], norms, unit_rows(b - a + c), _N_GUESSES + 3)
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
    """Sort the questions that count into solved and not, section by section, then all together."""
    outcomes = zip(is_solved.tolist(), is_counted.tolist())
    sections: list[Section] = []
    for name, questions in named:
        judged = [(question, *next(outcomes)) for question in questions]
        correct = [question for question, solved, _ in judged if solved]
        incorrect = [question for question, solved, counted in judged if counted and not solved]
        sections.append({"section": name, "correct": correct, "incorrect": incorrect})
    all_correct = [question for section in sections for question in section["correct"]]
    all_incorrect = [question for section in sections for question in section["incorrect"]]
    return [*sections, {"section": "Total accuracy", "correct": all_correct, "incorrect": all_incorrect}]


def _folded(question: Question, fold: Callable[[str], str]) -> Question:
    a, b, c, d = map(fold, question)
    return a, b, c, d


def _rows_by_word(kv: KeyTable, restrict_vocab: int | None, fold: Callable[[str], str]) -> dict[str, int]:
    """Row of each folded word; of words that fold alike, the first row."""
    if kv.is_integer:
        raise TypeError(f"{kv} is keyed by integers; word pairs and analogies need vectors keyed by words")
    words = kv.index_to_key[:restrict_vocab]
    return {fold(words[row]): row for row in range(len(words) - 1, -1, -1)}


def _look_up(row_of: dict[str, int], groups: Sequence[tuple[str, ...]], width: int) -> RowArray:
    """Rows of the words of each group, intp[n_groups, width]; -1 for an unknown word."""
    rows = [[row_of.get(word, -1) for word in group] for group in groups]
    return np.array(rows, np.intp).reshape(-1, width)


def _too_few(path: str | PathLike[str], things: str, n_used: int, n_total: int, n_needed: int) -> str:
    return (
        f"{path}: {n_used} of its {n_total} {things} have vectors for all words, {n_needed} are needed; check that "
        "it is the right file, with the right delimiter, in the language and letter case of the vectors"
    )

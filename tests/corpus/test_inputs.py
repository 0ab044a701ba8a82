import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, TokenCorpus, as_corpus


def generator():
    yield ["a", "b"]


class Rereadable:
    def __iter__(self):
        return generator()


class UsedUp:
    def __init__(self):
        self.iterator = generator()

    def __iter__(self):
        return self.iterator


@pytest.mark.parametrize("sentences", [[["a"], ["b"]], (["a"],), Rereadable(), [(), ("a",)], [np.array(["a", "b"])]])
def test_lists_of_words_are_a_token_corpus(sentences):
    assert isinstance(as_corpus(sentences), TokenCorpus)


def test_a_path_is_a_text_corpus_and_a_corpus_stays_one(tmp_path):
    (tmp_path / "a.txt").write_text("a")
    assert isinstance(as_corpus(tmp_path / "a.txt"), TextCorpus)
    assert isinstance(as_corpus([tmp_path / "a.txt"]), TextCorpus)
    corpus = TextCorpus((b"a",))
    assert as_corpus(corpus) is corpus


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        ("some words", TypeError, "sentences is a str.*corpus_file"),
        (b"some words", TypeError, "sentences is a bytes.*corpus_file"),
        (["some words", "more"], TypeError, "split into characters.*sentence.split"),
        ([b"some words"], TypeError, "split into characters"),
        ([[b"some"]], TypeError, "token is a bytes.*decode"),
        ([[None]], TypeError, "token is a NoneType.*expected str"),
        ([[True]], TypeError, "token is a bool"),
        (3, TypeError, "sentences is a int.*expected an iterable"),
        ([3, 4], TypeError, "a sentence is a int"),
        (generator(), TypeError, "one-shot generator.*pass list"),
        (map(list, ["ab"]), TypeError, "one-shot map"),
        (UsedUp(), TypeError, "can be read only once"),
        ([], ValueError, "corpus is empty"),
        ([[], []], ValueError, "corpus is empty"),
        (np.zeros((0, 5), int), ValueError, "corpus is empty"),
        (np.array([1, 2]), ValueError, r"shape \(2,\).*expected 2 dimensions"),
        (np.zeros((2, 2, 2), int), ValueError, "expected 2 dimensions"),
        (np.array([[1, -1]]), ValueError, "id -1 is negative.*position 1.*ragged|id -1 is negative.*starts"),
        (np.array([[1.0, 2.0]]), TypeError, "ids are float64;.*astype"),
        (np.array([[1.0, np.nan]]), TypeError, "ids are float64, with NaN"),
        (np.array([[True]]), TypeError, "ids are bool"),
        (np.array([[2**63]], np.uint64), ValueError, "beyond int64"),
        ([[1, 2], [3.5]], TypeError, "sentence 1 does not hold int"),
        ([[1.5]], TypeError, "sentence 0 does not hold int"),
        ([[1], ["a"]], TypeError, "sentence 1 does not hold int"),
        ([[1], [2**70]], TypeError, "sentence 1 does not hold int"),
        ([[1], [-2]], ValueError, "id -2 is negative"),
        ([[1], 2], TypeError, "sentence 1 does not hold int"),
        ((np.arange(5), np.array([0, 3])), ValueError, r"starts\[-1\] == len\(ids\)"),
        ((np.arange(5), np.array([1, 5])), ValueError, r"starts\[0\] == 0"),
        ((np.arange(5), np.array([5])), ValueError, "starts run from"),
        ((np.arange(5), np.array([0, 4, 2, 5])), ValueError, r"starts\[2\] = 2 is below starts\[1\] = 4"),
        ((np.arange(5), np.array([0.0, 5.0])), TypeError, "starts are float64"),
        ((np.arange(5.0), np.array([0, 5])), TypeError, "ids are float64"),
        ((np.arange(-1, 4), np.array([0, 5])), ValueError, "id -1 is negative"),
    ],
)
def test_a_wrong_corpus_is_an_error_with_the_cure(sentences, error, message):
    with pytest.raises(error, match=message):
        as_corpus(sentences)

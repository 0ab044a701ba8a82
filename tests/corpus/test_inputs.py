import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, TokenCorpus, as_corpus
from fastw2v.encode import encode_corpus


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
        ((np.arange(5), [0, 3]), ValueError, r"starts\[-1\] == len\(ids\)"),
        (([3, 5, 7], np.array([0, 2])), ValueError, r"starts\[-1\] == len\(ids\)"),
        (({"a": ["x", "y"]}), TypeError, "sentences is a dict, whose keys would be read; pass its sentences"),
        ({("a", "b")}, TypeError, "sentences is a set, whose order differs"),
    ],
)
def test_a_wrong_corpus_is_an_error_with_the_cure(sentences, error, message):
    with pytest.raises(error, match=message):
        as_corpus(sentences)


@pytest.mark.parametrize("make", [generator, UsedUp, lambda: map(list, ["ab"])])
def test_what_can_be_read_only_once_is_read_once(make):
    corpus = as_corpus(make())
    assert list(corpus.sentences) == [["a", "b"]]
    with pytest.raises(TypeError, match=r"can be read only once.*pass list\(sentences\), or an object whose __iter__"):
        list(corpus.sentences)


def test_a_generator_that_was_used_up_is_refused():
    used_up = generator()
    next(used_up)
    with pytest.raises(ValueError, match=r"used up\? Pass list\(sentences\), or an object whose __iter__ starts anew"):
        as_corpus(used_up)


def test_a_generator_of_integers_is_stored():
    corpus = as_corpus(iter([[3, 5], [7]]))
    assert (corpus.ids.tolist(), corpus.starts.tolist()) == ([3, 5, 7], [0, 2, 3])


RAGGED = np.array([3, 5, 7, 5, 7]), np.array([0, 3, 5])


def test_ids_and_starts_may_be_columns_or_lists():
    expected = as_corpus(RAGGED)
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    arrow = pytest.importorskip("pyarrow")
    for make in (
        list,
        pandas.Series,
        polars.Series,
        arrow.array,
        lambda part: arrow.chunked_array([part[:2], part[2:]]),
    ):
        for pair in ((RAGGED[0], make(RAGGED[1])), (make(RAGGED[0]), RAGGED[1])):
            corpus = as_corpus(pair)
            assert corpus.ids.tolist() == expected.ids.tolist()
            assert corpus.starts.tolist() == expected.starts.tolist()
    frame = pandas.DataFrame({"ids": [1, 2], "starts": [0, 2]})
    assert as_corpus((frame["ids"], frame["starts"])).starts.tolist() == [0, 2]
    assert as_corpus((frame["ids"], [0, 2])).ids.tolist() == [1, 2]


@pytest.mark.parametrize("pair", [([3, 5], [0, 2]), (["a", "b"], ["c"]), (np.array(["a"]), np.array(["b", "c"]))])
def test_a_tuple_of_two_lists_is_two_sentences(pair):
    corpus = as_corpus(pair)
    sentences = [list(sentence) for sentence in corpus.sentences] if isinstance(corpus, TokenCorpus) else None
    assert sentences == [list(part) for part in pair] or np.diff(corpus.starts).tolist() == [2, 2]


@pytest.mark.parametrize(
    ("first_bytes", "message"),
    [
        (b"PAR1\x15\x04", "is a Parquet file; its rows are read by fastw2v.corpus.table_corpus"),
        (b"ARROW1\0\0", "is an Arrow"),
        (b"\x7fELF\x02\x01", "is a program"),
        (b"\x89PNG\r\n", "is a picture"),
        (b"%PDF-1.7", "is a PDF; save its text"),
        (b"SQLite format 3\0", "is a database"),
        (b"\x80\x04\x95", "is a pickle; load it"),
        (b"\x93NUMPY\x01\0", "pass numpy.load"),
        ("utf-16 without a mark".encode("utf-16-le"), "has many NUL bytes, so it is UTF-16"),
    ],
)
def test_a_file_that_is_no_text_is_refused_with_what_it_is(tmp_path, first_bytes, message):
    path = tmp_path / "corpus.txt"
    path.write_bytes(first_bytes + b" and more words\n" * 3)
    with pytest.raises(ValueError, match=message):
        encode_corpus(TextCorpus((path,)), min_count=1)


def test_json_lines_are_no_text(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"text": "a b"}')
    with pytest.raises(ValueError, match="name the field that holds the words"):
        as_corpus(tmp_path / "a.jsonl")

"""Explicit pairs and weights of sentences: what each form of input gives, and what is refused."""

import gzip

import numpy as np
import pytest

from fastw2v.corpus import as_corpus, pair_corpus, read_pairs, table_corpus, text_corpus, weighted_corpus
from fastw2v.encode import encode_corpus, encode_with
from fastw2v.vocab import EmptyVocabularyError

CENTRES, CONTEXTS, WEIGHTS = ["tea", "tea", "new york", "tea"], ["pot", "mug", "tea", ""], [2, 1, 0, 0.5]


def encoded(corpus, min_count=1):
    vocab, tokens = encode_corpus(corpus, min_count=min_count)
    with tokens:
        weights = None if tokens.weights is None else tokens.weights.tolist()
        return vocab.keys, vocab.counts.tolist(), tokens.ids.tolist(), tokens.starts.tolist(), weights


def test_pairs_are_sentences_of_two_tokens_of_which_the_second_has_the_weight():
    keys, counts, ids, starts, weights = encoded(pair_corpus(CENTRES, CONTEXTS, WEIGHTS))
    assert (keys, counts) == (["tea", "pot", "mug", "new york", ""], [4, 1, 1, 1, 1])
    assert [keys[row] for row in ids] == [key for pair in zip(CENTRES, CONTEXTS) for key in pair]
    assert starts == [0, 2, 4, 6, 8]
    assert weights == [0, 2, 0, 1, 0, 0, 0, 0.5]
    assert encoded(pair_corpus(CENTRES, CONTEXTS))[-1] == [0, 1] * 4


def columns_of(kind, keys):
    if kind == "array":
        return np.array(keys)
    if kind == "objects":
        return np.array(keys, object)
    if kind == "arrow":
        return pytest.importorskip("pyarrow").array(keys)
    if kind in ("series", "categorical"):
        series = pytest.importorskip("pandas").Series(keys)
        return series if kind == "series" else series.astype("category")
    return pytest.importorskip("polars").Series(keys) if kind == "polars" else tuple(keys)


@pytest.mark.parametrize("kind", ["tuple", "array", "objects", "arrow", "series", "categorical", "polars"])
@pytest.mark.parametrize("columns", [(CENTRES, CONTEXTS), ([7, 2**40, 7], [3, 7, 7])], ids=["words", "integers"])
def test_columns_of_any_library(kind, columns):
    expected = encoded(pair_corpus(*columns))
    assert encoded(pair_corpus(*(columns_of(kind, keys) for keys in columns))) == expected


def test_a_pair_without_one_of_its_keys_is_left_out_with_its_weight():
    pairs = pair_corpus([1, 1, 2, 1], [3, 9, 3, 3], [1, 2, 3, 4])
    keys, counts, ids, starts, weights = encoded(pairs, min_count=3)
    assert (keys, counts) == ([1, 3], [3, 3])
    assert (ids, starts, weights) == ([0, 1, 0, 1], [0, 2, 4], [0, 1, 0, 4])
    with pytest.raises(EmptyVocabularyError, match=r"no pair is left: none has both its keys.*lower min_count"):
        encode_corpus(pair_corpus([1, 1], [2, 3]), min_count=2)


def test_a_given_vocabulary():
    vocab, tokens = encode_corpus([[1, 3]], min_count=1)
    tokens.close()
    with encode_with(pair_corpus([1, 1, 9], [3, 5, 3], [1, 2, 3]), vocab) as tokens:
        assert (tokens.ids.tolist(), tokens.weights.tolist(), tokens.n_raw) == ([0, 1], [0, 1], 6)


def test_a_given_vocabulary_of_words():
    vocab, tokens = encode_corpus([["b", "a b", "c"]], min_count=1)
    tokens.close()
    with encode_with(weighted_corpus([["x"], [], ["c", "y", "a b"], ["b"]], [1, 2, 3, 4]), vocab) as tokens:
        assert tokens.ids.tolist() == [2, 1, 0]
        assert (tokens.starts.tolist(), tokens.weights.tolist()) == ([0, 2, 3], [3, 3, 4])
    with encode_with(pair_corpus(["b", "b"], ["c", "z"]), vocab) as tokens:
        assert (tokens.ids.tolist(), tokens.weights.tolist()) == ([0, 2], [0, 1])


FORMS = {
    "lists": lambda: [["a", "b", "a"], [], ["x"], ["b", "b"]],
    "lists of integers": lambda: [[1, 2, 1], [], [7], [2, 2]],
    "ids and starts": lambda: (np.array([1, 2, 1, 7, 2, 2]), np.array([0, 3, 3, 4, 6])),
    "a matrix": lambda: np.array([[1, 2, 1], [9, 9, 9], [7, 8, 8], [2, 2, 5]]),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_sentences_have_the_same_tokens_with_weights(form):
    plain, weighted = encoded(form(), min_count=2), encoded(weighted_corpus(form(), [0.5, 3, 2, 0]), min_count=2)
    assert weighted[:4] == plain[:4]
    n_words = np.diff(plain[3]).tolist()
    by_sentence = [0.5, 3, 2, 0] if len(n_words) == 4 else [0.5, 0]
    assert weighted[4] == np.repeat(by_sentence, n_words).tolist()


@pytest.mark.parametrize("block_bytes", [4, 1 << 21])
def test_a_text_has_a_weight_for_each_line_with_a_word(tmp_path, block_bytes):
    path = tmp_path / "text"
    path.write_text("a b a\n\n  \nx\nb b\n")
    _, tokens = encode_corpus(
        weighted_corpus(text_corpus(path), [1, 2, 3]), min_count=2, workers=3, block_bytes=block_bytes
    )
    with tokens:
        assert (tokens.starts.tolist(), tokens.weights.tolist()) == ([0, 3, 5], [1, 1, 1, 3, 3])
    with pytest.raises(
        ValueError, match=r"5 weights, and 3 sentences that have a word; expected one for each.*weight="
    ):
        encode_corpus(weighted_corpus(text_corpus(path), [1] * 5), min_count=1)


@pytest.mark.parametrize("column", [[["a", "b"], [], None, ["b"]], [[1, 2], [], None, [2]], ["a b", "", None, "b"]])
def test_a_table_with_a_column_of_weights(column):
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"items": column, "w": [1, 5, 6, 2]})
    assert encoded(table_corpus(table, column="items", weight="w"))[2:] == ([1, 0, 0], [0, 2, 3], [1, 1, 2])
    with pytest.raises(ValueError, match="there is no column 'x'"):
        table_corpus(table, column="items", weight="x")
    with pytest.raises(ValueError, match="with group and items"):
        table_corpus(table, group="items", items="w", weight="w")
    lacking = arrow.table({"items": column, "w": [1, 5, 6, None]})
    with pytest.raises(ValueError, match="column 'w' lacks 1 values"):
        table_corpus(lacking, column="items", weight="w")


def test_files_of_pairs(tmp_path):
    rows = [("tea", "pot", "2"), ("new york", "é", "1"), ("tea", "x", "0.5")]
    by_tabs, packed, by_spaces = (tmp_path / name for name in ("a.tsv", "a.gz", "b.txt"))
    text = "\ufeff" + "\r\n\n".join("\t".join(row) for row in rows)
    by_tabs.write_text(text)
    packed.write_bytes(gzip.compress(text.encode()))
    expected = encoded(pair_corpus(*zip(*[row[:2] for row in rows]), [2, 1, 0.5]))
    assert encoded(read_pairs(by_tabs)) == encoded(read_pairs(str(packed))) == expected
    by_spaces.write_text("a b\nb  c\n")
    assert encoded(read_pairs([by_spaces, by_spaces])) == encoded(pair_corpus(["a", "b"] * 2, ["b", "c"] * 2))


def test_columns_of_a_table_as_pairs(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    table = arrow.table({"w": WEIGHTS, "to": CONTEXTS, "from": arrow.array(CENTRES).dictionary_encode()})
    expected = encoded(pair_corpus(CENTRES, CONTEXTS, WEIGHTS))
    assert encoded(read_pairs(table, ("from", "to", "w"))) == expected
    (tmp_path / "a.csv").write_text("a,b\n1,2\n3,2\n")
    assert encoded(read_pairs(tmp_path / "a.csv", ["a", "b"])) == encoded(pair_corpus([1, 3], [2, 2]))


BAD_LINES = {
    "viewed,bought\na,b\n": "1 columns.*columns=\\(centre, context\\)",
    "a b\na b c d\n": "line 2: 4 columns, b'a b c d'; expected 2, as before",
    "a\tb\t1\n\na\tb\n": "line 3: 2 columns, b'a b'; expected 3, as before",
    "a\n": "line 1: 1 columns, b'a'; expected 2, or 3 with a weight",
    "a\t\t1\n": "line 1: 3 columns",
    "from to weight\na b 1\n": "line 1: the weight b'weight' is no number; a line of names",
    "a b -1\n": "the weight of pair 0 is -1.0",
    "\n\n": "there is no pair in",
    "PAR1PAR1": "is a Parquet file",
}


@pytest.mark.parametrize("text", BAD_LINES, ids=range(len(BAD_LINES)))
def test_bad_files_of_pairs(tmp_path, text):
    (tmp_path / "a").write_text(text)
    with pytest.raises(ValueError, match=BAD_LINES[text]):
        read_pairs(tmp_path / "a")


@pytest.mark.parametrize("columns", ["a,b", ["a"], list("abcd")])
def test_bad_names_of_columns(columns):
    table = pytest.importorskip("pyarrow").table({"a": [1], "b": [None]})
    with pytest.raises(ValueError, match="expected two names, or three"):
        read_pairs(table, columns)
    with pytest.raises(ValueError, match="pass them: columns="):
        read_pairs(table)
    with pytest.raises(ValueError, match="column 'b' lacks 1 values"):
        read_pairs(table, ["a", "b"])


NAN = float("nan")
BAD_PAIRS = [
    ((["a", "b"], ["c"]), "2 centres and 1 contexts; expected one context for each"),
    (([], []), "there is no pair"),
    ((["a"], [1]), "centres are str and contexts integers; expected one type"),
    ((["a", 1], ["b", "c"]), r"centres\[1\] is a int, 1; expected all str, or all int"),
    ((["a", "b"], ["c", None]), r"contexts\[1\] is missing \(None\); leave the pair out"),
    ((["a", "b"], ["c", NAN]), r"contexts\[1\] is missing \(nan\)"),
    (([1, 2], [3, None]), r"contexts\[1\] is missing"),
    (([1.0, 2], [3, 4]), r"centres\[0\] is a float, 1.0; .*astype\(np.int64\)"),
    ((np.ones(2), np.ones(2)), r"centres\[0\] is a float"),
    (([True], [False]), "is a bool"),
    (([b"a"], [b"b"]), "decode it"),
    (([("a", "b")], ["c"]), "pass the two columns"),
    (([["a", "b"]], ["c"]), "pass the two columns"),
    ((np.ones((3, 2), int), [1]), r"shape \(3, 2\); .*pair_corpus\(pairs\[:, 0\]"),
    ((np.ones((1, 2, 2), int), [1]), r"shape \(1, 2, 2\); expected one dimension"),
    (([1, -1], [1, 1]), r"centres\[1\] is -1; expected integers from 0"),
    (([1], np.array([2**63], np.uint64)), r"contexts\[0\] is 9223372036854775808"),
    (([1], [2**70]), "beyond int64"),
    (("ab", "cd"), "centres is a str; expected a list"),
    ((iter(["a"]), ["b"]), "expected a list or an array"),
    (({"a"}, ["b"]), "centres is a set; expected a list"),
    ((["a"], None), "contexts is a NoneType"),
    (([1, 2], np.array([1, NAN])), r"contexts\[1\] is missing, and so contexts are float64; leave the pair out"),
]


@pytest.mark.parametrize(("columns", "message"), BAD_PAIRS, ids=range(len(BAD_PAIRS)))
def test_bad_pairs(columns, message):
    with pytest.raises((TypeError, ValueError), match=message):
        pair_corpus(*columns)


BAD_WEIGHTS = [
    ([1], r"weights have shape \(1,\); expected \(2,\), a number for each"),
    ([[1], [2]], r"weights have shape \(2, 1\)"),
    ([1, -0.5], "the weight of (pair|sentence) 1 is -0.5; expected a finite number of at least 0"),
    ([1, NAN], "1 is nan"),
    ([1, float("inf")], "1 is inf"),
    ([1, 1e300], r"1 is 1e\+300"),
    ([0, 0.0], "all weights are 0"),
    ([1, None], "(pair|sentence) 1 has no weight; fill it in"),
    (["a", "b"], "weights are <U1; expected numbers"),
    ([True, False], "weights are bool"),
    ("ab", "weights is a str"),
    (3, "weights is a int"),
    (iter([1, 2]), "expected a number for each"),
]


@pytest.mark.parametrize(("weights", "message"), BAD_WEIGHTS, ids=range(len(BAD_WEIGHTS)))
@pytest.mark.parametrize(
    "make", [lambda w: pair_corpus([1, 2], [3, 4], w), lambda w: weighted_corpus([["a"], ["b"]], w)]
)
def test_bad_weights(make, weights, message):
    with pytest.raises((TypeError, ValueError), match=message):
        make(weights)


def test_weights_are_given_once_and_not_while_words_are_forgotten():
    pairs = pair_corpus([1], [2], [1])
    with pytest.raises(TypeError, match="pairs, which have their own weights; pass the weights once"):
        weighted_corpus(pairs, [1])
    with pytest.raises(TypeError, match="sentences that have weights"):
        weighted_corpus(weighted_corpus([["a"]], [1]), [1])
    with pytest.raises(ValueError, match=r"max_vocab_size is not for a corpus with weights.*max_final_vocab"):
        encode_corpus(pairs, max_vocab_size=10)
    assert as_corpus(pairs) is pairs

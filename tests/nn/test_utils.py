import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.datasets import data_dir

TEXT = "You say goodbye and I say hello."


def test_preprocess():
    corpus, word_to_id, id_to_word = nn.preprocess(TEXT)
    np.testing.assert_array_equal(corpus, [0, 1, 2, 3, 4, 1, 5, 6])
    assert word_to_id == {"you": 0, "say": 1, "goodbye": 2, "and": 3, "i": 4, "hello": 5, ".": 6}
    assert id_to_word == {i: word for word, i in word_to_id.items()}


def test_create_contexts_target_is_the_books():
    contexts, target = nn.create_contexts_target(nn.preprocess(TEXT)[0])
    assert contexts.tolist() == [[0, 2], [1, 3], [2, 4], [3, 1], [4, 5], [1, 6]]
    assert target.tolist() == [1, 2, 3, 4, 1, 5]
    contexts, target = nn.create_contexts_target(range(7), 2)
    assert contexts.tolist() == [[0, 1, 3, 4], [1, 2, 4, 5], [2, 3, 5, 6]]
    assert target.tolist() == [2, 3, 4]


@pytest.mark.parametrize("n_tokens", [0, 1, 3, 4])
def test_a_corpus_shorter_than_the_window_has_no_example(n_tokens):
    contexts, target = nn.create_contexts_target(list(range(n_tokens)), 2)
    assert contexts.shape == (0, 4)
    assert target.shape == (0,)
    assert contexts.dtype == target.dtype == np.int64


def test_contexts_do_not_alias_the_corpus():
    corpus = np.arange(9)
    contexts, target = nn.create_contexts_target(corpus, 1)
    corpus[:] = 0
    assert target[-1] == 7
    assert contexts[-1, 1] == 8


def test_create_contexts_target_refuses():
    with pytest.raises(ValueError, match="window_size is 0"):
        nn.create_contexts_target(np.arange(9), 0)
    with pytest.raises(TypeError, match="corpus is float64"):
        nn.create_contexts_target(np.arange(9.0))
    with pytest.raises(TypeError, match=r"shape \(3, 3\)"):
        nn.create_contexts_target(np.zeros((3, 3), np.int64))
    with pytest.raises(IndexError, match="id -1"):
        nn.create_contexts_target(np.array([0, -1, 2]))


def test_convert_one_hot():
    one_hot = nn.convert_one_hot(np.array([[0, 2], [1, 1]]), 3)
    assert one_hot.dtype == np.int32
    assert one_hot.tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]]
    assert nn.convert_one_hot(np.array([1, 0]), 3).tolist() == [[0, 1, 0], [1, 0, 0]]
    assert nn.convert_one_hot(np.zeros((0, 2), np.int64), 3).shape == (0, 2, 3)
    with pytest.raises(IndexError, match="id 3"):
        nn.convert_one_hot(np.array([3]), 3)
    with pytest.raises(ValueError, match="one dimension"):
        nn.convert_one_hot(np.zeros((1, 1, 1), np.int64), 3)


def test_cos_similarity():
    assert nn.cos_similarity(np.array([3.0, 4.0]), np.array([6.0, 8.0])) == pytest.approx(1)
    assert nn.cos_similarity(np.array([0.0, 0.0]), np.array([6.0, 8.0])) == 0
    assert nn.cos_similarity(np.array([1, 0]), np.array([1, 1])) == pytest.approx(0.5**0.5)
    with pytest.raises(ValueError, match="y has shape"):
        nn.cos_similarity(np.zeros(2), np.zeros(3))


WORDS = dict(enumerate(["a", "b", "c", "d"]))
IDS = {word: i for i, word in WORDS.items()}
MATRIX = np.array([[1, 0], [2, 0.1], [0, 9], [-1, 0]], np.float16)


def test_most_similar_prints_and_returns(capsys):
    found = nn.most_similar("a", IDS, WORDS, MATRIX, top=2)
    assert [word for word, _ in found] == ["b", "c"]
    assert found[0][1] == pytest.approx(2 / np.hypot(2, 0.1), abs=1e-4)
    assert capsys.readouterr().out.splitlines() == ["", "[query] a", *(f" {word}: {score}" for word, score in found)]
    assert len(nn.most_similar("a", IDS, WORDS, MATRIX, top=9)) == 3


def test_analogy_takes_rows_as_they_are(capsys):
    found = nn.analogy("d", "a", "b", IDS, WORDS, MATRIX, answer="c")
    query = np.array([4, 0.1]) / np.hypot(4, 0.1)
    assert [word for word, _ in found] == ["c"]
    assert found[0][1] == pytest.approx(MATRIX[2].astype(float) @ query, rel=1e-3)
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["", "[analogy] d:a = b:?"]
    assert lines[2].startswith("==>c:0.22")


def test_unknown_words_are_said(capsys):
    assert nn.most_similar("x", IDS, WORDS, MATRIX) == []
    assert nn.analogy("a", "x", "b", IDS, WORDS, MATRIX) == []
    assert capsys.readouterr().out == "x is not found\n" * 2


def test_bad_matrices():
    with pytest.raises(ValueError, match=r"shape \(3, 2\) for 4 words"):
        nn.most_similar("a", IDS, WORDS, MATRIX[:3])
    spoilt = MATRIX.copy()
    spoilt[0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        nn.most_similar("a", IDS, WORDS, spoilt)
    with pytest.raises(ValueError, match="NaN"):
        nn.analogy("b", "a", "c", IDS, WORDS, spoilt)
    assert [word for word, _ in nn.most_similar("b", IDS, WORDS, spoilt)] == ["c", "d"]
    nn.most_similar("b", IDS, WORDS, np.zeros((4, 2)))


def test_to_cpu():
    x = np.arange(3)
    assert nn.to_cpu(x) is x

    class OnDevice:
        def get(self):
            return x

    assert nn.to_cpu(OnDevice()) is x


def test_all_names_are_there_and_the_reference_needs_no_compiler():
    names = """
        MatMul SoftmaxWithLoss Embedding EmbeddingDot SigmoidWithLoss UnigramSampler NegativeSamplingLoss SimpleCBOW
        SimpleSkipGram CBOW SkipGram SGD Adam SparseAdam clip_grads remove_duplicate Trainer preprocess
        create_contexts_target convert_one_hot cos_similarity most_similar analogy to_cpu to_gpu""".split()
    assert set(names) <= set(nn.__all__)
    code = """
import sys, numpy as np
from fastw2v.nn import *
corpus = np.arange(20)
model = CBOW(20, 4, 1, corpus, device="reference")
Trainer(model, Adam(device="reference")).fit(*create_contexts_target(corpus), 1, 5)
sys.exit("numba" in sys.modules or "matplotlib" in sys.modules)
"""
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(root / "kernels")])
    result = subprocess.run([sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": paths}, check=False)
    assert result.returncode == 0


# The book's own vectors

SIMILARITIES = {
    "you": [
        ("we", 0.6105970), ("someone", 0.5917099), ("i", 0.5543665), ("something", 0.4900286), ("anyone", 0.4734721)
    ],
    "year": [("month", 0.7182611)],
    "car": [("luxury", 0.4972025)],
    "toyota": [("ford", 0.5505416)],
}  # fmt: skip
needs_data = pytest.mark.skipif("FASTW2V_DATA_DIR" not in os.environ, reason="FASTW2V_DATA_DIR is not set")


@needs_data
@pytest.mark.parametrize("query", SIMILARITIES)
def test_neighbours_of_the_books_vectors(query):
    params = nn.load_params(data_dir() / "cbow_params.pkl")
    found = nn.most_similar(query, params["word_to_id"], params["id_to_word"], params["word_vecs"])
    for (word, score), (expected_word, expected) in zip(found, SIMILARITIES[query]):
        assert word == expected_word
        assert score == pytest.approx(expected, abs=1e-6)


@needs_data
def test_analogies_of_the_books_vectors():
    params = nn.load_params(data_dir() / "cbow_params.pkl")
    tables = params["word_to_id"], params["id_to_word"], params["word_vecs"]
    found = nn.analogy("king", "man", "queen", *tables)
    assert [word for word, _ in found] == ["woman", "veto", "ounce", "earthquake", "successor"]
    assert found[0][1] == pytest.approx(5.161407947540283, abs=1e-5)
    assert nn.analogy("take", "took", "go", *tables)[0][0] == "went"


@needs_data
def test_the_command_line_reads_the_books_vectors():
    root = Path(__file__).parents[2]
    paths = os.pathsep.join([str(root), str(root / "kernels")])
    command = [sys.executable, "-m", "fastw2v", "similar", str(data_dir() / "cbow_params.pkl"), "you", "--topn", "2"]
    out = subprocess.run(command, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, check=True)
    assert "we" in out.stdout
    assert "0.61" in out.stdout


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: nn.create_contexts_target([1, 2, 3], 1.5), "window_size is 1.5; expected a whole number"),
        (lambda: nn.create_contexts_target([1, 2, 3], 10**9), "window_size is 1000000000; expected a whole number"),
        (lambda: nn.create_contexts_target([1, 2, 2**40], 1), "corpus has the id 1099511627776"),
        (lambda: nn.convert_one_hot([0], 2.5), "vocab_size is 2.5; expected a whole number"),
        (lambda: nn.convert_one_hot(np.array([2**63], np.uint64), 5), "corpus has the id 9223372036854775808"),
        (lambda: nn.cos_similarity([1, 2], [1, 2, 3]), r"y has shape \(3,\); expected \(2,\), as x"),
        (lambda: nn.cos_similarity("a", "b"), "x is <U1; expected an array of numbers"),
        (lambda: nn.most_similar("a", {"a": 0}, {0: "a"}, [[1.0]], top=1.5), "top is 1.5; expected a whole number"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises((IndexError, TypeError, ValueError), match=message):
        call()

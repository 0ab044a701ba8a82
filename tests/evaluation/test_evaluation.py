import logging
import math
import os
from pathlib import Path

import numpy as np
import pytest

from fastw2v.evaluation import analogies, word_pairs
from fastw2v.evaluation.correlation import _two_sided_p, pearson, spearman
from fastw2v.keyedvectors import KeyedVectors


def data_file(name):
    if "FASTW2V_DATA_DIR" in os.environ:
        return Path(os.environ["FASTW2V_DATA_DIR"]) / name
    datapath = pytest.importorskip("gensim.test.utils", reason=f"no {name}: set FASTW2V_DATA_DIR", exc_type=ImportError)
    return Path(datapath.datapath(name))


def words_of(*names, share=0.9):
    """Most words of the files, in several letter cases, in a random order: some are unknown, some come twice."""
    rng = np.random.default_rng(11)
    words = {word for name in names for word in data_file(name).read_text().split()}
    cased = sorted(words | {word.upper() for word in words} | {word.lower() for word in words})
    return rng.permutation(cased)[: int(share * len(cased))].tolist()


def vectors_with_structure(n_words, dim=12):
    """Few directions and some noise, so that a part of the analogies comes out right."""
    rng = np.random.default_rng(12)
    return (rng.integers(-1, 2, size=(n_words, dim)) + 0.1 * rng.normal(size=(n_words, dim))).astype(np.float32)


def twins(words):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    vectors = vectors_with_structure(len(words))
    peer = models.KeyedVectors(vectors.shape[1])
    peer.add_vectors(words, vectors)
    return KeyedVectors(words, vectors), peer


OPTIONS = [{}, {"case_insensitive": False}, {"dummy4unknown": True}, {"restrict_vocab": 1500}]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_word_pairs_are_gensims(name, options):
    wv, peer = twins(words_of(name))
    mine, theirs = (
        wv.evaluate_word_pairs(data_file(name), **options),
        peer.evaluate_word_pairs(data_file(name), **options),
    )
    for ours, other in zip(mine[:2], theirs[:2]):
        assert ours.statistic == pytest.approx(other.statistic, abs=1e-6)
        assert ours.pvalue == pytest.approx(other.pvalue, rel=1e-4)
        assert tuple(ours) == (ours.statistic, ours.pvalue)
    assert mine[2] == pytest.approx(theirs[2], abs=1e-12)
    assert 0 < mine[2] < 100


@pytest.mark.parametrize("options", OPTIONS)
def test_analogies_are_gensims(tmp_path, options):
    lines = data_file("questions-words.txt").read_text().splitlines()
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(line for row, line in enumerate(lines) if line.startswith(":") or row % 15 == 0))
    wv, peer = twins(words_of("questions-words.txt"))
    accuracy, sections = wv.evaluate_word_analogies(path, **options)
    assert (accuracy, sections) == peer.evaluate_word_analogies(str(path), **options)


def test_analogies_answer_as_gensim_where_case_variants_crowd_the_answer(tmp_path):
    rng = np.random.default_rng(5)
    stems = [f"s{i}" for i in range(6)]
    words = [*stems, *(f"{stem.upper()}" for stem in stems), "S0x", "other"]
    vectors = np.concatenate([np.tile(rng.normal(size=(6, 4)), (2, 1)), rng.normal(size=(2, 4))])
    path = tmp_path / "questions.txt"
    rows = rng.integers(0, 6, size=(300, 4))
    path.write_text(": all\n" + "\n".join(" ".join(stems[row] for row in question) for question in rows))
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    peer = models.KeyedVectors(4)
    peer.add_vectors(words, (vectors + 0.01 * rng.normal(size=vectors.shape)).astype(np.float32))
    wv = KeyedVectors(words, peer.vectors)
    assert wv.evaluate_word_analogies(path) == peer.evaluate_word_analogies(str(path))


@pytest.fixture
def toy():
    angles = {"man": 0.1, "woman": 0.6, "king": 1.1, "queen": 1.6, "boy": 0.2, "girl": 0.7, "noise": 4.0, "x": 5.0}
    return KeyedVectors(list(angles), [[math.cos(a), math.sin(a)] for a in angles.values()])


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "questions.txt"
        path.write_text(text)
        return path

    return write


def test_coverage_stands_beside_the_scores(toy, write):
    result = word_pairs(toy, write("# comment\nman\tking\t5\nman\tboy\t9\nman\tgirl\t6\n\nman\tzebra\t1\n"))
    assert (result.n_used, result.n_total, result.oov_percent) == (3, 4, 25.0)
    assert result.spearman.statistic == pytest.approx(1)
    solved = analogies(toy, write(": family\nman woman boy girl\nman woman king zebra\nman king girl woman\n: empty\n"))
    assert solved[:4] == (0.5, 1, 2, 3)
    assert solved.sections[0]["correct"] == [("MAN", "WOMAN", "BOY", "GIRL")]
    assert [section["section"] for section in solved.sections] == ["family", "empty", "Total accuracy"]
    dummy = analogies(toy, write(": family\nman woman boy girl\nman woman king zebra\n"), dummy4unknown=True)
    assert dummy[:4] == (0.5, 1, 1, 2)


def test_lines_of_another_form_are_passed_over_and_logged(toy, write, caplog):
    with caplog.at_level(logging.WARNING):
        assert word_pairs(toy, write("word1\tword2\tmean\nman\tking\t5\nman boy 9\nman\tboy\t9\n")).n_total == 2
        assert analogies(toy, write(": a\nman woman boy\nman woman boy girl\n")).n_total == 1
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        "skipped 2 lines that are not word'\\t'word'\\t'score, the first is line 1",
        "skipped 1 lines that are not four words, the first is line 2",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 of its 0 pairs"),
        ("zebra\tlion\t3\n", "0 of its 1 pairs .* letter case"),
        ("man\tking\t3\n", "1 of its 1 pairs .* 2 are needed"),
        ("man,king,3\nman,boy,4\n", "0 of its 0 pairs .* delimiter"),
        ("man\tking\t3\nman\tboy\tnan\n", "line 2: the score is nan"),
    ],
)
def test_pairs_that_cannot_be_used_are_an_error(toy, write, text, message):
    with pytest.raises(ValueError, match=message):
        word_pairs(toy, write(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 of its 0 questions"),
        (": a\nzebra lion wolf dog\n", "0 of its 1 questions .* 1 are needed"),
        ("\nman woman boy girl\n", "line 2: no section yet"),
    ],
)
def test_questions_that_cannot_be_used_are_an_error(toy, write, text, message):
    with pytest.raises(ValueError, match=message):
        analogies(toy, write(text))


@pytest.mark.parametrize("evaluate", [word_pairs, analogies])
def test_integer_keys_and_missing_files_are_errors(toy, evaluate, tmp_path):
    with pytest.raises(TypeError, match="keyed by integers"):
        evaluate(KeyedVectors([1, 2], np.eye(2)), tmp_path / "any")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        evaluate(toy, tmp_path / "nowhere")


def test_a_vocabulary_smaller_than_the_list_of_guesses(write):
    wv = KeyedVectors(["a", "b", "c"], np.eye(3))
    assert analogies(wv, write(": s\na b c a\n")).accuracy == 0


@pytest.mark.parametrize("n_dof", [1, 2, 3, 7, 40, 351, 5000])
def test_p_values_are_scipys_to_many_digits(n_dof):
    stats = pytest.importorskip("scipy.stats")
    for r in (1e-9, -0.01, 0.05, 0.1, -0.3, 0.6, 0.9, -0.999):
        t = abs(r) * math.sqrt(n_dof / (1 - r * r))
        assert _two_sided_p(r, n_dof) == pytest.approx(2 * stats.t.sf(t, n_dof), rel=1e-8, abs=1e-300)


@pytest.mark.parametrize("n", [3, 4, 20, 353])
def test_correlations_are_scipys(n):
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(n)
    x, y = rng.integers(0, 9, n).astype(float), rng.normal(size=n)
    assert pearson(x, y) == pytest.approx(tuple(stats.pearsonr(x, y)))
    assert spearman(x, y) == pytest.approx(tuple(stats.spearmanr(x, y)))


def test_correlation_edges():
    line = np.arange(5.0)
    assert pearson(line, -line) == (-1, 0)
    assert pearson(line[:2], line[:2]) == (pytest.approx(1), 1)
    assert all(map(math.isnan, spearman(line, np.ones(5))))

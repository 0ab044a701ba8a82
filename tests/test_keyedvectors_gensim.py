"""Queries of KeyedVectors that answer as gensim's, and those that only they have."""

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vectors.annoy import AnnoyIndexer
from tests.vectors.cases import DIM, WORDS, assert_same_neighbours, random_vectors

pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated `init_sims`")  # gensim's own call of it
GENSIM3_ATTRIBUTES = {"vocab": "key_to_index", "index2word": "index_to_key", "syn0": "write vectors"}


@pytest.fixture
def wv():
    return KeyedVectors(WORDS, random_vectors())


@pytest.fixture
def peer():
    peer = pytest.importorskip("gensim.models", exc_type=ImportError).KeyedVectors(DIM)
    peer.add_vectors(WORDS, random_vectors())
    return peer


@pytest.mark.parametrize(
    "arguments",
    [
        {"positive": "w1"},
        {"positive": ["w1", "w2"], "negative": ["w3"]},
        {"positive": ["w1", "w2"], "negative": "w3", "topn": 3},
        {"positive": ["w1"], "topn": 0},
    ],
)
def test_most_similar_cosmul_is_gensims(wv, peer, arguments):
    assert_same_neighbours(wv.most_similar_cosmul(**arguments), peer.most_similar_cosmul(**arguments))


def test_most_similar_cosmul_of_all_rows_and_of_some(wv, peer):
    everything = wv.most_similar_cosmul(["w1", "w2"], ["w3"], topn=None)
    np.testing.assert_allclose(everything, peer.most_similar_cosmul(["w1", "w2"], ["w3"], topn=None), rtol=1e-4)
    some = wv.most_similar_cosmul(["w1", "w2"], ["w3"], topn=5, restrict_vocab=50)
    assert {key for key, _ in some} <= set(WORDS[:50])
    with pytest.raises(ValueError, match="at least one positive"):
        wv.most_similar_cosmul(negative=["w1"])


def test_other_queries_are_gensims(wv, peer):
    assert wv.most_similar_to_given("w1", WORDS[5:40]) == peer.most_similar_to_given("w1", WORDS[5:40])
    assert wv.relative_cosine_similarity("w1", "w2") == pytest.approx(peer.relative_cosine_similarity("w1", "w2"))
    for use_norm in (True, False):
        ours, theirs = (kv.rank_by_centrality(WORDS[:9], use_norm=use_norm) for kv in (wv, peer))
        assert [key for _, key in ours] == [key for _, key in theirs]
        assert [score for score, _ in ours] == pytest.approx([score for score, _ in theirs], abs=1e-5)
    vector, matrix = np.arange(1, DIM + 1.0), random_vectors()
    np.testing.assert_allclose(
        KeyedVectors.cosine_similarities(vector, matrix), type(peer).cosine_similarities(vector, matrix), atol=1e-6
    )


def test_unknown_words_are_left_out_of_the_centre_with_a_warning(wv, caplog):
    assert len(wv.rank_by_centrality(["w1", "nothing", "w2"])) == 2
    assert "left out keys without a vector: {'nothing'}" in caplog.text


@pytest.mark.parametrize("error", [ValueError, ZeroDivisionError])
def test_an_error_of_gensims_type_catches_lists_of_unknown_words(wv, error):
    with pytest.raises(error, match="give at least one that has"):
        wv.n_similarity([], ["w1"])


@pytest.mark.parametrize(("name", "cure"), [("words_closer_than", "closer_than"), ("word_vec", "get_vector")])
def test_deprecated_names_work_and_say_so(wv, name, cure):
    arguments = ("w1", "w2") if name == "words_closer_than" else ("w1",)
    with pytest.warns(DeprecationWarning, match=f"call {cure}"):
        found = getattr(wv, name)(*arguments)
    np.testing.assert_array_equal(found, getattr(wv, cure)(*arguments))


def test_similarity_of_documents_is_not_for_words(wv):
    with pytest.raises(NotImplementedError, match="n_similarity"):
        wv.similarity_unseen_docs(None, ["a"], ["b"])


DOCUMENTS = [
    (["w1", "w2", "w2", "w9"], ["w3", "w2"]),
    (["w1", "nothing"], ["w1"]),
    (["w1", "w2"], ["w2", "w1"]),
    (["nothing"], ["w1"]),
    (["w5"] * 3, ["w6", "w7"]),
]


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize("documents", DOCUMENTS, ids=str)
def test_word_movers_distance_is_gensims(wv, peer, documents, norm):
    pytest.importorskip("ot", exc_type=ImportError)
    assert wv.wmdistance(*documents, norm=norm) == pytest.approx(peer.wmdistance(*documents, norm=norm), abs=1e-6)


def test_word_movers_distance_names_the_package_it_needs(wv, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "ot", None)
    with pytest.raises(ImportError, match="pip install POT"):
        wv.wmdistance(["w1"], ["w2"])


def test_equal_scores_are_ordered_by_row_whatever_topn_is():
    vectors = np.ones((400, 4), np.float32)
    wv = KeyedVectors([f"w{row}" for row in range(400)], vectors)
    for topn in (1, 3, 50, 399, 1000):
        expected = [f"w{row}" for row in range(400) if row != 7][:topn]
        for found in (wv.most_similar("w7", topn=topn), wv.most_similar_cosmul("w7", topn=topn)):
            assert [key for key, _ in found] == expected
        assert [key for key, _ in wv.most_similar_batch(["w7"], topn=topn)[0]] == expected


class AllRows:
    """An index that knows every row: what any object with the method is."""

    def __init__(self, wv):
        self.wv, self.asked = wv, []

    def most_similar(self, vector, num_neighbors):
        self.asked.append((vector, num_neighbors))
        return self.wv.similar_by_vector(vector, topn=num_neighbors)


def test_an_index_of_ones_own_answers(wv):
    index = AllRows(wv)
    assert wv.most_similar("w1", topn=4, indexer=index) == index.most_similar(wv.get_vector("w1", norm=True), 4)
    vector, n = index.asked[0]
    assert (np.linalg.norm(vector), n) == (pytest.approx(1), 4)


def test_annoy_is_gensims(wv, peer, tmp_path):
    pytest.importorskip("annoy", exc_type=ImportError)
    theirs = pytest.importorskip("gensim.similarities.annoy").AnnoyIndexer(peer, 20)
    ours = AnnoyIndexer(wv, 20)
    found = wv.most_similar("w1", topn=5, indexer=ours)
    assert found[0][0] == "w1"
    expected = peer.most_similar("w1", topn=5, indexer=theirs)
    assert found[0] == (expected[0][0], pytest.approx(expected[0][1]))
    assert [type(value) for pair in found for value in pair] == [type(value) for pair in expected for value in pair]
    ours.save(tmp_path / "index")
    again = AnnoyIndexer()
    again.load(tmp_path / "index")
    assert wv.most_similar("w1", topn=5, indexer=again) == found


def test_annoy_without_an_index_says_what_to_do(wv):
    with pytest.raises(RuntimeError, match="call load"):
        AnnoyIndexer().most_similar(np.ones(DIM), 3)
    with pytest.raises(ValueError, match="num_trees is missing"):
        AnnoyIndexer(wv)


@pytest.mark.parametrize(("name", "cure"), GENSIM3_ATTRIBUTES.items())
def test_names_of_gensim_3_say_what_to_write(wv, name, cure):
    with pytest.raises(AttributeError, match=cure):
        getattr(wv, name)
    with pytest.raises(AttributeError, match=cure):
        setattr(wv, name, 3)
    assert not hasattr(wv, name)


def test_load_is_not_for_an_instance(wv, tmp_path):
    wv.save(tmp_path / "v")
    with pytest.raises(TypeError, match=r"call it on the class: KeyedVectors.load"):
        wv.load(tmp_path / "v")


@pytest.mark.parametrize("mode", ["r", "c"])
def test_vectors_that_stay_in_the_file(wv, tmp_path, mode):
    wv.save(tmp_path / "v.kv")
    mapped = KeyedVectors.load(tmp_path / "v.kv", mmap=mode)
    np.testing.assert_array_equal(mapped.vectors, wv.vectors)
    assert mapped.most_similar("w1") == wv.most_similar("w1")
    assert mapped.vectors.flags.writeable == (mode == "c")
    if mode == "c":
        mapped.vectors[0] = 9
        assert KeyedVectors.load(tmp_path / "v.kv")["w0"].tolist() == wv["w0"].tolist()
    else:
        with pytest.raises(ValueError, match="read-only"):
            mapped["w1"] = np.ones(DIM)


def test_what_cannot_stay_in_the_file_is_refused(wv, tmp_path):
    wv.save(tmp_path / "v.bin")
    with pytest.raises(ValueError, match="alone can be mapped"):
        KeyedVectors.load(tmp_path / "v.bin", mmap="r")
    with pytest.raises(ValueError, match="mmap is 'r\\+'"):
        KeyedVectors.load(tmp_path / "v.bin", mmap="r+")


def test_counts_of_a_word2vec_file_are_made_up_as_gensims(wv, peer, tmp_path):
    wv.save(tmp_path / "v.txt")
    ours, theirs = (kv.load_word2vec_format(str(tmp_path / "v.txt")) for kv in (KeyedVectors, type(peer)))
    assert ours.counts.tolist() == theirs.expandos["count"].tolist()


def test_vectors_of_a_file_that_training_leaves_alone(wv, tmp_path):
    own = {key: wv[key].tolist() for key in ("w1", "w2")}
    KeyedVectors(["w2", "new"], np.ones((2, DIM))).save(tmp_path / "pre.txt")
    wv.intersect_word2vec_format(tmp_path / "pre.txt")
    assert (wv["w1"].tolist(), wv["w2"].tolist(), "new" in wv) == (own["w1"], [1.0] * DIM, False)
    assert np.flatnonzero(wv.vectors_lockf == 0).tolist() == [2]
    wv.intersect_word2vec_format(tmp_path / "pre.txt", lockf=0.5)
    assert wv.lock_factors()[2] == 0.5
    KeyedVectors(["w2"], np.ones((1, 3))).save(tmp_path / "short.txt")
    with pytest.raises(ValueError, match="vectors of 3 numbers; expected 20"):
        wv.intersect_word2vec_format(tmp_path / "short.txt")


def test_lock_factors(wv):
    assert wv.vectors_lockf.tolist() == [1.0]
    assert wv.lock_factors() is None
    wv.vectors_lockf[0] = 0.5
    assert set(wv.lock_factors()) == {0.5}
    wv.vectors_lockf = np.ones(len(wv))
    wv.vectors_lockf[3] = 0
    wv.add_vectors(["new"], np.ones((1, DIM)))
    assert (wv.lock_factors()[3], wv.lock_factors()[-1], len(wv.lock_factors())) == (0, 1, len(wv))
    with pytest.raises(ValueError, match=r"vectors_lockf has shape \(3,\)"):
        wv.vectors_lockf = np.ones(3)
    wv.vectors_lockf[0] = -1
    with pytest.raises(ValueError, match="negative or infinite"):
        wv.lock_factors()

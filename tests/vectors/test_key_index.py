import json

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.vectors.indexes import KeyIndex

WORDS = [f"word{i}" for i in range(1500)]
IDS = list(range(10, 1510))


@pytest.fixture(params=["usearch", "hnswlib", "faiss"])
def library(request):
    pytest.importorskip(request.param, reason=f"needs {request.param}")
    return request.param


def some_vectors(keys, dim=24):
    """A view of padded rows, in clusters, of different lengths."""
    rng = np.random.default_rng(8)
    centres = rng.normal(size=(40, 32))
    rows = centres[rng.integers(0, 40, len(keys))] + 0.5 * rng.normal(size=(len(keys), 32))
    return KeyedVectors(keys, np.float32(rows * rng.uniform(0.5, 2, size=(len(keys), 1)))[:, :dim])


def recall(index, wv, queries):
    k = 10
    exact = wv.most_similar_batch(queries, topn=k)
    found = [{key for key, _ in index.search(query, k)} for query in queries]
    return np.mean([len(a & {key for key, _ in b}) / k for a, b in zip(found, exact)])


@pytest.mark.parametrize("keys", [WORDS, IDS])
def test_neighbours_are_those_of_the_exact_search_and_keys_come_back_after_loading(library, tmp_path, keys):
    wv = some_vectors(keys)
    index = wv.to_index(library)
    index.save(tmp_path / "v.index")
    loaded = KeyIndex.load(tmp_path / "v.index")
    queries = keys[::30]
    assert recall(index, wv, queries) >= 0.95
    assert recall(loaded, wv, queries) >= 0.95
    (key, score), (exact_key, exact_score) = loaded.search(keys[7], 1)[0], wv.most_similar(keys[7], topn=1)[0]
    assert (key, type(key)) == (exact_key, type(keys[7]))
    assert score == pytest.approx(exact_score, abs=1e-5)
    assert len(loaded) == len(keys)
    assert wv.most_similar(keys[7], topn=2, indexer=loaded)[0][0] == keys[7]


@pytest.mark.parametrize("metric", ["cos", "ip", "l2"])
def test_scores_are_those_of_the_metric(library, metric):
    wv = KeyedVectors(["a", "b", "c"], [[1.0, 0.0], [3.0, 4.0], [-1.0, 0.5]])
    expected = {"cos": [0.6, -0.894427], "ip": [3.0, -1.0], "l2": [20.0, 4.25]}[metric]
    found = dict(wv.to_index(library, metric=metric).search("a", 2))
    assert [found["b"], found["c"]] == pytest.approx(expected, abs=1e-5)
    longer = {"cos": 0.6, "ip": 6.0, "l2": 17.0}[metric]
    assert dict(wv.to_index(library, metric=metric).search([2.0, 0.0], 3))["b"] == pytest.approx(longer, abs=1e-5)
    best_first = [key for key, _ in wv.to_index(library, metric=metric).search("a", 2)]
    assert best_first == (["c", "b"] if metric == "l2" else ["b", "c"])


def test_integer_keys_are_the_labels_of_the_librarys_own_file(library, tmp_path):
    wv = some_vectors(IDS)
    wv.save(tmp_path / f"v.{library}")
    query = np.ascontiguousarray(wv.get_normed_vectors()[:1])
    path = str(tmp_path / f"v.{library}")
    if library == "usearch":
        from usearch.index import Index

        label = Index.restore(path).search(query[0], 1).keys[0]
    elif library == "hnswlib":
        import hnswlib

        index = hnswlib.Index("cosine", 24)
        index.load_index(path)
        label = index.knn_query(query, 1)[0][0, 0]
    else:
        import faiss

        label = faiss.read_index(path).search(query, 1)[1][0, 0]
    assert label == IDS[0]
    assert json.loads((tmp_path / f"v.{library}.keys.json").read_text())["keys"] is None


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_usearch_stores_small_numbers(dtype):
    pytest.importorskip("usearch", reason="needs usearch")
    wv = some_vectors(WORDS)
    index = wv.to_index("usearch", dtype=dtype)
    assert str(index.index.dtype).endswith({"float16": "F16", "int8": "I8"}[dtype])
    assert recall(index, wv, WORDS[::30]) >= 0.9
    assert index.search("word3", 1)[0][1] == pytest.approx(wv.most_similar("word3", topn=1)[0][1], abs=0.02)


@pytest.mark.parametrize("keys", [["a", "b"], [4, 2]])
def test_a_key_that_is_not_there_is_a_key_error(library, keys):
    index = KeyedVectors(keys, np.eye(2)).to_index(library)
    for key in ("nothing", 99, -1):
        with pytest.raises(KeyError, match="is not among the 2 keys of the index"):
            index.search(key)


def test_queries_of_another_shape_are_refused_and_k_may_exceed_the_keys(library):
    index = KeyedVectors(["a", "b"], np.eye(2)).to_index(library)
    assert [key for key, _ in index.search([1.0, 0.1], 100)] == ["a", "b"]
    assert [[key for key, _ in line] for line in index.search_batch(np.eye(2), 1)] == [["a"], ["b"]]
    assert index.search("a", 0) == []
    with pytest.raises(ValueError, match=r"shape \(3,\); expected a key, or 2 numbers"):
        index.search([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match=r"shape \(2,\); expected \(n_queries, 2\)"):
        index.search_batch([1.0, 2.0])


@pytest.mark.parametrize(
    ("options", "flaw"),
    [
        ({"library": "annoyed"}, "library is 'annoyed'; expected one of usearch, hnswlib, faiss"),
        ({"metric": "cosine"}, "metric is 'cosine'; expected one of cos, ip, l2"),
        ({"library": "faiss", "dtype": "float16"}, "faiss stores float32, not dtype='float16'; usearch stores more"),
        ({"dtype": "int8", "metric": "ip"}, "int8 holds vectors of unit length alone"),
    ],
)
def test_options_are_checked_before_a_library_is_loaded(options, flaw):
    with pytest.raises(ValueError, match=flaw):
        KeyedVectors(["a"], [[1.0]]).to_index(**options)


def test_keys_and_vectors_that_no_index_takes_are_refused(library):
    with pytest.raises(ValueError, match="the key -3 is negative"):
        KeyedVectors([4, -3], np.eye(2)).to_index(library)
    with pytest.raises(ValueError, match="the vector of 'b' is not finite"):
        KeyedVectors(["a", "b"], [[1.0], [np.nan]]).to_index(library)


def test_what_an_index_is_shown_as(library):
    shown = repr(KeyedVectors(["a", "b"], np.eye(2)).to_index(library))
    assert shown == f"KeyIndex<{library}, 2 keys, 2 dimensions, metric='cos'>"


def test_a_missing_or_damaged_file_of_keys_is_an_error(library, tmp_path):
    path = tmp_path / "v.index"
    KeyedVectors(["a", "b"], np.eye(2)).to_index(library).save(path)
    beside = tmp_path / "v.index.keys.json"
    beside.write_text('{"library": "usearch"}')
    with pytest.raises(ValueError, match=r"keys\.json is damaged"):
        KeyIndex.load(path)
    beside.unlink()
    with pytest.raises(FileNotFoundError, match=r"v\.index\.keys\.json"):
        KeyIndex.load(path)


@pytest.mark.parametrize("content", [b"nothing of an index", b"\0" * 500, None])
def test_an_index_that_is_damaged_is_a_value_error(library, tmp_path, content):
    path = tmp_path / "v.index"
    some_vectors(WORDS).to_index(library).save(path)
    path.write_bytes(path.read_bytes()[:3000] if content is None else content)
    with pytest.raises(ValueError, match=f"no index of {library}, or damaged"):
        KeyIndex.load(path)


def test_vectors_without_keys_have_no_index():
    with pytest.raises(ValueError, match="there are no keys"):
        KeyedVectors(3).to_index()

"""KeyedVectors takes gensim's arguments: the same names, in the same order, with the same defaults."""

import inspect

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors

KINDS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
OURS = {
    "from_file",
    "known_keys",
    "lock_factors",
    "most_similar_batch",
    "rows_of",
    "sentence_vectors",
    "sif_component",
    "take_attributes",
    "to_index",
    "vectors_by_id",
}  # gensim has no such methods
ANY_ARGUMENTS = {"add_lifecycle_event", "similarity_unseen_docs", "word_vec"}  # gensim's take *args and **kwargs
SPELLED_OUT = {"save"}  # gensim's own signature is *args, **kwargs of the method below


def gensim_function(name):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    if name in SPELLED_OUT:
        return getattr(pytest.importorskip("gensim.utils").SaveLoad, name)
    return getattr(models.KeyedVectors, name)


def shared_methods():
    public = [name for name in dir(KeyedVectors) if not name.startswith("_")]
    names = {name for name in public if callable(getattr(KeyedVectors, name, None))}
    return sorted(names - OURS - ANY_ARGUMENTS)


@pytest.mark.parametrize("name", shared_methods())
def test_parameters_are_gensims_and_ours_are_keyword_only(name):
    theirs = gensim_function(name)
    expected = list(inspect.signature(theirs).parameters.values())
    found = list(inspect.signature(getattr(KeyedVectors, name)).parameters.values())
    assert not {parameter.kind for parameter in expected} & set(KINDS)
    shared, ours = found[: len(expected)], found[len(expected) :]
    assert [(p.name, p.kind, p.default) for p in shared] == [(p.name, p.kind, p.default) for p in expected]
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in ours)


SAVE = {"ignore": ["counts"]}
UNSUPPORTED = [
    *(("save", name, value) for name, value in SAVE.items()),
]


@pytest.mark.parametrize(("method", "name", "value"), UNSUPPORTED, ids=[f"{m}-{name}" for m, name, _ in UNSUPPORTED])
def test_an_argument_without_a_counterpart_is_refused_with_the_cure(tmp_path, method, name, value):
    wv = KeyedVectors(["a", "b"], np.eye(2))
    with pytest.raises(ValueError, match=f"{name} is not supported: [a-z]"):
        getattr(wv, method)(tmp_path / "v.bin", **{name: value})
    assert not list(tmp_path.iterdir())


def test_values_that_mean_what_is_done_anyway_are_taken(tmp_path):
    wv = KeyedVectors(["a", "b"], np.eye(2))
    wv.save_word2vec_format(tmp_path / "v", None, True)
    read = KeyedVectors.load_word2vec_format(tmp_path / "v", None, True, "utf-8", "surrogateescape", 1, np.dtype("f4"))
    assert read.index_to_key == ["a"]


def test_word2vec_files_begin_with_the_most_frequent_key_as_gensims(tmp_path):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    keys, counts, vectors = ["a", "b", "c", "d"], [1, 5, 1, 7], np.arange(8, dtype=np.float32).reshape(4, 2)
    peer = models.KeyedVectors(2)
    peer.add_vectors(keys, vectors)
    for key, count in zip(keys, counts):
        peer.set_vecattr(key, "count", count)
    peer.save_word2vec_format(str(tmp_path / "theirs"), binary=True)
    wv = KeyedVectors(keys, vectors, counts)
    wv.save_word2vec_format(tmp_path / "ours", binary=True)
    theirs, ours = KeyedVectors.load(tmp_path / "theirs"), KeyedVectors.load(tmp_path / "ours")
    assert ours.index_to_key == theirs.index_to_key == ["d", "b", "a", "c"]
    np.testing.assert_array_equal(ours.vectors, theirs.vectors)
    wv.save(tmp_path / "rows.bin")
    assert KeyedVectors.load(tmp_path / "rows.bin").index_to_key == keys

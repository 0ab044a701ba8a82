"""Saving and loading: one JSON file, in which nothing runs."""

import json
import pickle

import pytest

from fastw2v.phrases import FrozenPhrases, Phrases
from tests.phrases.cases import random_case, share_scorer


@pytest.mark.parametrize("seed", range(12))
def test_round_trip(seed, tmp_path):
    options, corpora, sentences = random_case(seed)
    phrases, path = Phrases(corpora[0], **options | {"delimiter": "_"}), tmp_path / "phrases.json"
    scoring = phrases.scoring if options["scoring"] is share_scorer else None
    phrases.save(path)
    again = Phrases.load(path, scoring=scoring)
    assert list(again.vocab.items()) == list(phrases.vocab.items())
    assert (str(again), again.connector_words, again.progress_per) == (str(phrases), phrases.connector_words, 10000)
    assert (again.min_reduce, again.corpus_word_count) == (phrases.min_reduce, phrases.corpus_word_count)
    again.add_vocab(corpora[-1])
    phrases.add_vocab(corpora[-1])
    assert list(again.export_phrases().items()) == list(phrases.export_phrases().items())
    phrases.freeze().save(path)
    for load in (FrozenPhrases.load, Phrases.load):
        frozen = load(path, scoring=scoring)
        assert isinstance(frozen, FrozenPhrases)
        assert list(frozen[sentences]) == list(phrases.freeze()[sentences])


def test_a_scoring_function_is_named_and_not_looked_for(tmp_path):
    phrases = Phrases([["a", "b"]], threshold=0.1, scoring=share_scorer)
    phrases.save(tmp_path / "phrases.json")
    with pytest.raises(ValueError, match=r"cases.share_scorer; pass it: load\(path, scoring=...\)"):
        Phrases.load(tmp_path / "phrases.json")


@pytest.mark.parametrize("inside", ["[]", "{}"])
@pytest.mark.parametrize("separator", [",", " ,\n "])
def test_json_of_many_lists_is_refused_before_it_is_parsed(tmp_path, monkeypatch, inside, separator):
    (tmp_path / "p.json").write_text("[" + separator.join([inside] * 150_000) + "]")
    monkeypatch.setattr(json, "loads", None)
    with pytest.raises(ValueError, match=r"p\.json is JSON of more than 100,000 lists and objects; expected"):
        Phrases.load(tmp_path / "p.json")


def test_frozen_load_refuses_phrases(tmp_path):
    Phrases([["a", "b"]]).save(tmp_path / "phrases.json")
    with pytest.raises(ValueError, match=r"holds Phrases; load it with Phrases.load"):
        FrozenPhrases.load(tmp_path / "phrases.json")


@pytest.mark.parametrize("content", [pickle.dumps({}), b"{", json.dumps({"vocab": {}}).encode(), b"[1]"])
def test_other_files_are_refused(content, tmp_path):
    (tmp_path / "other").write_bytes(content)
    with pytest.raises(ValueError, match=r"written by save\(\) of fastw2v.phrases. A file of gensim is a pickle"):
        Phrases.load(tmp_path / "other")


def test_a_failed_save_leaves_the_old_file(tmp_path):
    path = tmp_path / "phrases.json"
    phrases = Phrases([["a", "b"]])
    phrases.save(path)
    before = path.read_bytes()
    phrases.threshold = object()  # JSON cannot hold it
    with pytest.raises(TypeError):
        phrases.save(path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


DAMAGED = [
    {"vocab": {"a": "x"}},
    {"vocab": {"a": -1}},
    {"vocab": {"a": 10**400}},
    {"vocab": [["a", 1]]},
    {"vocab": None},
    {"threshold": "x"},
    {"threshold": float("nan")},
    {"min_count": None},
    {"min_count": 0},
    {"min_count": True},
    {"delimiter": 5},
    {"connector_words": "of"},
    {"connector_words": [["of"]]},
    {"scoring": {}},
    {"max_vocab_size": None},
    {"corpus_word_count": "7"},
    {"class": "Other"},
    {"class": []},
    {"class": "FrozenPhrases"},
    {"more": 1},
]


@pytest.mark.parametrize("changes", DAMAGED, ids=repr)
def test_fields_that_are_none_are_a_clear_error(changes, tmp_path):
    path = tmp_path / "phrases.json"
    Phrases([["a", "b"]]).save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    for load in (Phrases.load, FrozenPhrases.load):
        with pytest.raises(ValueError, match=str(path)):
            load(path)


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 10_000, b'{"format": NaN}', b"\xff"])
def test_json_that_cannot_be_read_is_a_clear_error(content, tmp_path):
    (tmp_path / "phrases.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"phrases.json is .* written by save\(\)"):
        Phrases.load(tmp_path / "phrases.json")


def test_phrasegrams_that_are_no_numbers_are_a_clear_error(tmp_path):
    path = tmp_path / "phrases.json"
    Phrases([["a", "b"]] * 9, min_count=1, threshold=0.1).freeze().save(path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {"phrasegrams": {"a_b": None}}))
    with pytest.raises(ValueError, match=r"phrasegrams is \{'a_b': None\}"):
        FrozenPhrases.load(path)

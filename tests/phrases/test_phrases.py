"""`Phrases` as an object: lazy corpora, options that change, refusals."""

import pickle
import tracemalloc
from pathlib import Path

import pytest

from fastw2v import Word2Vec
from fastw2v.phrases import ENGLISH_CONNECTOR_WORDS, FrozenPhrases, Phraser, Phrases, npmi_scorer
from fastw2v.runtime.word_bytes import encode_word
from tests.phrases.cases import share_scorer

SENTENCES = [["the", "bank", "of", "america"], ["bank", "of", "america", "is", "a", "bank"], ["america"]] * 4
OPTIONS = {"min_count": 1, "threshold": 0.1, "connector_words": ENGLISH_CONNECTOR_WORDS}


@pytest.fixture
def phrases():
    return Phrases(SENTENCES, **OPTIONS)


def test_connector_words_are_inside_a_phrase_and_not_counted(phrases):
    assert phrases[["the", "bank", "of", "america", "of", "a"]] == ["the", "bank_of_america", "of", "a"]
    assert phrases.vocab == {"bank": 12, "america": 12, "bank_of_america": 8, "is": 4, "america_is": 4, "is_a_bank": 4}


def test_a_corpus_is_joined_as_it_is_read_each_time_anew(phrases):
    joined = phrases[SENTENCES]
    assert list(joined) == list(joined) == [phrases[sentence] for sentence in SENTENCES]
    assert len(joined) == len(SENTENCES)
    assert Word2Vec(joined, min_count=1, vector_size=16).wv.has_index_for("bank_of_america")
    assert Phrases(joined, min_count=1).vocab["bank_of_america"] == 8


def test_an_iterator_is_joined_once(phrases):
    assert phrases[iter(["bank", "of", "america"])] == ["bank_of_america"]
    assert list(phrases[iter([["bank", "of", "america"], []])]) == [["bank_of_america"], []]
    assert phrases[[]] == []


def test_options_may_change_between_calls(phrases):
    assert phrases[["bank", "of", "america"]] == ["bank_of_america"]
    phrases.threshold = 100
    assert phrases[["bank", "of", "america"]] == ["bank", "of", "america"]
    phrases.threshold, phrases.scoring = 0.3, npmi_scorer
    asked_for_at_first = Phrases(SENTENCES, **OPTIONS | {"threshold": 0.3, "scoring": "npmi"})
    assert phrases.export_phrases() == asked_for_at_first.export_phrases() != {}


def test_score_candidate_scores_any_words(phrases):
    phrase, score = phrases.score_candidate("bank", "america", ["of"])
    assert (phrase, score) == ("bank_of_america", (8 - 1) / (12 * 12) * 6)
    assert phrases.score_candidate("bank", "america", []) == (None, None)
    assert phrases.score_candidate("of", "america", []) == (None, None)


def test_counts_are_read_only(phrases):
    with pytest.raises(TypeError):
        phrases.vocab["new"] = 1
    with pytest.raises(TypeError):
        phrases.freeze().phrasegrams["new_york"] = 1.0


def test_phrasegrams_may_be_replaced(phrases):
    frozen = Phraser(phrases)
    frozen.phrasegrams = {"new_york": 5.0, "such_a_day": 0.05}
    assert frozen[["in", "new", "york"]] == ["in", "new_york"]
    assert frozen[["bank", "of", "america"]] == ["bank", "of", "america"]
    assert frozen[["such", "a", "day"]] == ["such", "a", "day"]  # its score is below the threshold
    frozen.threshold = 0.01
    assert frozen[["such", "a", "day"]] == ["such_a_day"]


def test_frozen_phrases_are_made_of_phrases_of_gensim_too():
    gensim = pytest.importorskip("gensim.models.phrases").Phrases(SENTENCES, **OPTIONS)
    assert FrozenPhrases(gensim).phrasegrams == gensim.freeze().phrasegrams
    with pytest.raises(TypeError, match="expected Phrases"):
        FrozenPhrases(SENTENCES)


@pytest.mark.parametrize("scoring", ["default", share_scorer])
def test_pickles(scoring, phrases):
    phrases = Phrases(SENTENCES, **OPTIONS, scoring=scoring)
    again = pickle.loads(pickle.dumps(phrases))
    assert list(again.vocab.items()) == list(phrases.vocab.items())
    again.add_vocab([["more"]])
    assert again.vocab["more"] == 1
    assert pickle.loads(pickle.dumps(phrases.freeze()))[SENTENCES[0]] == phrases[SENTENCES[0]]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"min_count": 0}, ValueError, "min_count is 0"),
        ({"progress_per": 0}, ValueError, "progress_per is 0"),
        ({"delimiter": b"_"}, TypeError, "delimiter is the bytes"),
        ({"connector_words": "of the"}, TypeError, "connector_words is the str"),
        ({"scoring": 3}, TypeError, "scoring is a int"),
        ({"scoring": "pmi"}, ValueError, '"default", "npmi" or a function'),
        ({"scoring": lambda **_: 0}, ValueError, r"lacks the parameters \['worda_count'"),
        ({"threshold": 0}, ValueError, "threshold is 0"),
        ({"threshold": 10, "scoring": "npmi"}, ValueError, "-1 to 1"),
    ],
)
def test_wrong_options_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        Phrases(SENTENCES, **options)


def test_a_scoring_function_that_cannot_be_pickled_is_refused():
    parameters = "worda_count, wordb_count, bigram_count, len_vocab, min_count, corpus_word_count"
    nameless = eval(f"lambda {parameters}: 0")
    with pytest.raises(pickle.PicklingError, match="define it with def in a module"):
        Phrases(SENTENCES, scoring=nameless)


def test_a_str_is_no_sentence(phrases):
    with pytest.raises(TypeError, match=r"sentence.split\(\)"):
        phrases["bank of america"]


def test_no_delimiter_joins_and_cannot_export():
    phrases = Phrases(SENTENCES, **OPTIONS | {"delimiter": ""})
    assert phrases[["bank", "of", "america"]] == ["bankofamerica"]
    with pytest.raises(ValueError, match="delimiter"):
        phrases.freeze()


def test_bytes_that_are_no_utf8_survive(tmp_path: Path):
    (tmp_path / "latin.txt").write_bytes("café noir\n".encode("latin-1") * 3)
    with pytest.warns(RuntimeWarning, match="UTF-8"):
        phrases = Phrases(tmp_path / "latin.txt", min_count=1, threshold=0.1)
    phrases.save(tmp_path / "phrases.json")
    (phrase,) = Phrases.load(tmp_path / "phrases.json").export_phrases()
    assert encode_word(phrase) == "café_noir".encode("latin-1")


@pytest.mark.parametrize("scoring", ["default", share_scorer])
def test_a_word_of_very_many_delimiters_takes_little_memory_and_changes_nothing(scoring):
    line = ["_" * 20_000, "a", "b"]
    options = {"min_count": 1, "threshold": 0.01, "scoring": scoring}
    tracemalloc.start()
    try:
        phrases = Phrases([line, ["a", "b"]] * 5, **options)
        joined = phrases[["b", "a", "b", "_" * 20_000, "a"]]
        frozen = phrases.freeze()[["b", "a", "b", "_" * 20_000, "a"]]
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert joined == ["b", "a_b", "_" * 20_000 + "_a"]
    assert frozen == ["b", "a_b", "_" * 20_000, "a"]  # as in gensim, freezing splits words at delimiters
    assert peak < 20_000_000

"""Counts, scores, phrases and their order are gensim's, to the last bit; and those of a plain Python version."""

import re

import pytest

from fastw2v.phrases import Phrases
from tests.phrases.cases import PlainPhrases, random_case


def gensim_phrases(sentences, **options):
    return pytest.importorskip("gensim.models.phrases").Phrases(sentences, **options)


peers = pytest.mark.parametrize("peer", [PlainPhrases, gensim_phrases], ids=["plain", "gensim"])


@peers
@pytest.mark.parametrize("seed", range(60))
def test_random_corpora(seed, peer):
    options, corpora, sentences = random_case(seed)
    delimiter = options["delimiter"]
    ours, theirs = Phrases(corpora[0], **options), peer(corpora[0], **options)
    for number, corpus in enumerate(corpora):
        if number:
            ours.add_vocab(corpus)
            theirs.add_vocab(corpus)
        for sentence in sentences:  # before anything has made the dict of all counts
            assert list(ours.analyze_sentence(sentence)) == list(theirs.analyze_sentence(sentence))
        if delimiter:
            assert list(ours.export_phrases().items()) == list(theirs.export_phrases().items())
        assert list(ours.vocab.items()) == list(theirs.vocab.items())
        assert (ours.corpus_word_count, ours.min_reduce) == (theirs.corpus_word_count, theirs.min_reduce)
        for sentence in sentences:
            assert list(ours.analyze_sentence(sentence)) == list(theirs.analyze_sentence(sentence))


@pytest.mark.parametrize("seed", range(60, 90))
def test_what_gensim_alone_has(seed):
    options, corpora, sentences = random_case(seed)
    ours, theirs = Phrases(iter(corpora[0]), **options), gensim_phrases(corpora[0], **options)
    assert str(ours) == str(theirs)
    assert ours.find_phrases(sentences) == theirs.find_phrases(sentences)
    assert list(ours[sentences]) == list(theirs[sentences])
    if options["delimiter"]:
        ours, theirs = ours.freeze(), theirs.freeze()
        assert str(ours) == str(theirs)
        assert list(ours.phrasegrams.items()) == list(theirs.phrasegrams.items())
        assert list(ours[sentences]) == list(theirs[sentences])
        assert ours.find_phrases(sentences) == theirs.find_phrases(sentences)


def test_the_random_cases_find_phrases_and_prune():
    """Otherwise the tests above would show nothing."""
    found = pruned = connected = shared = 0
    for seed in range(60):
        options, corpora, sentences = random_case(seed)
        phrases = PlainPhrases(corpora[0], **options)
        found += any(score is not None for sentence in sentences for _, score in phrases.analyze_sentence(sentence))
        every = PlainPhrases(corpora[0], **options | {"max_vocab_size": 10**9})
        pruned += len(every.vocab) > options["max_vocab_size"]
        connected += any("_of_" in token for token in phrases.vocab)
        tokens = {token for sentence in corpora[0] for token in every.tokens_to_count(sentence)}
        shared += bool(tokens & {"a_b", "new_york"}) and options["delimiter"] == "_"
    assert min(found, pruned, connected, shared) >= 10


def test_connector_words_are_gensims():
    gensim = pytest.importorskip("gensim.models.phrases")
    from fastw2v.phrases import ENGLISH_CONNECTOR_WORDS

    assert gensim.ENGLISH_CONNECTOR_WORDS == ENGLISH_CONNECTOR_WORDS


@pytest.mark.parametrize(
    "options",
    [
        {"min_count": 0},
        {"threshold": 0},
        {"threshold": 2, "scoring": "npmi"},
        {"threshold": -1.5, "scoring": "npmi"},
        {"scoring": "pmi"},
        {"scoring": len},
        {"scoring": lambda worda_count, wordb_count: 0},
    ],
    ids=lambda options: re.sub(" at 0x[0-9a-f]+", "", str(options)),  # the same in each process
)
def test_wrong_arguments_raise_gensims_errors(options):
    gensim = pytest.importorskip("gensim.models.phrases")
    with pytest.raises(Exception) as theirs:  # noqa: PT011 - which one, gensim decides
        gensim.Phrases(**options)
    with pytest.raises(theirs.type, match=next(iter(options)) if len(options) == 1 else None):
        Phrases(**options)

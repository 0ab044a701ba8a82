"""Every kind of input gives the vocabulary, counts and, with one worker, the bytes of the lists it stands for."""

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import text_corpus
from tests.corpus.input_kinds import INTEGER_KINDS, RAW_TEXT_KINDS, WORD_KINDS

OPTIONS = {"vector_size": 8, "workers": 1, "min_count": 2, "epochs": 2, "sample": 1e-2, "progress": False}


def random_lists(n_sentences, n_words, key):
    """Sentences of 1 to 12 words, the first of them the most frequent."""
    draw = np.random.default_rng(0)
    ids = draw.zipf(1.3, (n_sentences, 12)) % n_words
    lengths = draw.integers(1, 13, n_sentences).tolist()
    return [[key(word) for word in row[:length]] for row, length in zip(ids.tolist(), lengths)]


def word(number):
    return f"é{number}" if number % 3 else f"日本{number}"


SMALL = {"words": random_lists(200, 60, word), "integers": random_lists(200, 60, int)}


def trained(arguments):
    model = Word2Vec(**arguments, **OPTIONS)
    counts = [model.wv.get_vecattr(key, "count") for key in model.wv.index_to_key]
    weights = model.wv.vectors.tobytes(), model.syn1neg.tobytes()
    return model.wv.index_to_key, counts, model.corpus_count, model.report.raw_words, weights


@pytest.fixture(scope="module")
def expected():
    return {kind: trained({"sentences": lists}) for kind, lists in SMALL.items()}


@pytest.mark.parametrize("make", WORD_KINDS.values(), ids=WORD_KINDS)
def test_words(make, expected, tmp_path):
    assert trained(make(SMALL["words"], tmp_path)) == expected["words"]


@pytest.mark.parametrize("make", INTEGER_KINDS.values(), ids=INTEGER_KINDS)
def test_integers(make, expected, tmp_path):
    assert trained(make(SMALL["integers"], tmp_path)) == expected["integers"]


def test_walks_of_one_length():
    walks = np.random.default_rng(0).integers(0, 30, (100, 8))
    for same in (walks, walks.astype(np.uint8), np.asfortranarray(walks), walks[::-1][::-1]):
        assert trained({"sentences": same}) == trained({"sentences": walks.tolist()})


RAW = [
    "The Dog barks, at 3 o'clock.",
    "\tÉTÉ; été!  ÎLE-de-France",
    "",
    "İstanbul IŞIK 42x",
    "the DOG; the\u00a0dog",
] * 9


@pytest.mark.parametrize(("options", "tokens_of"), RAW_TEXT_KINDS.values(), ids=RAW_TEXT_KINDS)
def test_raw_text(options, tokens_of, tmp_path):
    (tmp_path / "raw.txt").write_text("\n".join(RAW))
    lists = [tokens_of(line) for line in RAW]
    assert trained({"sentences": text_corpus(tmp_path / "raw.txt", **options)}) == trained({"sentences": lists})


@pytest.mark.slow
@pytest.mark.parametrize(("key", "kinds"), [(word, WORD_KINDS), (int, INTEGER_KINDS)], ids=["words", "integers"])
def test_more_than_one_block_and_batch(key, kinds, tmp_path):
    lists = random_lists(70_000, 5_000, key)
    expected = trained({"sentences": lists})
    for number, (name, make) in enumerate(kinds.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert trained(make(lists, folder)) == expected, name

import threading

import numpy as np
import pytest

from fastw2v.corpus.joined import quoted, unquoted
from fastw2v.encode import encode_corpus, encode_with
from fastw2v.runtime.word_bytes import encode_word
from tests.encode.cases import check

ODD_WORDS = ["", " ", "a b", "a", "\U0010feff", "\U0010feffA", "\n\t", "\U0010feff@"]


@pytest.mark.parametrize("block_bytes", [10, 300, 1 << 20])
def test_token_lists_equal_a_counter(block_bytes):
    rng = np.random.default_rng(0)
    words = [*ODD_WORDS, "日本", "\n", "x\0", "\t\r\v\f", "\x1c", "\u2028", *map(str, range(50))]
    sentences = [[words[n] for n in rng.integers(0, len(words), rng.integers(0, 30))] for _ in range(200)]
    for min_count in (1, 45):
        for workers in (1, 3):
            check(sentences, sentences, min_count=min_count, workers=workers, block_bytes=block_bytes)
    check(sentences, sentences, sorted_vocab=False)
    check([iter(s) for s in sentences[1:] if s] and [tuple(s) for s in sentences], sentences)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([["a"], ["b", "c", 7]], "sentence 1, token 2: a token is a int, 7"),
        ([["a"], ["b", b"c"]], "sentence 1, token 1: a token is a bytes"),
        ([["a"], [["b"]]], r"sentence 1, token 0: a token is a list, \['b'\]"),
        ([["a"], 3], "sentence 1 is a int, 3"),
        ([["a"], "words"], "sentence 1 is a str, 'words'"),
    ],
)
def test_a_token_that_is_no_str_is_named(sentences, message):
    with pytest.raises(TypeError, match=message):
        encode_corpus(sentences, min_count=1)


def test_a_given_vocabulary_finds_the_words_that_text_cannot_hold():
    vocab, tokens = encode_corpus([ODD_WORDS], min_count=1)
    tokens.close()
    assert vocab.keys == ODD_WORDS
    with encode_with([["unknown", *reversed(ODD_WORDS)], ["b", "a"]], vocab) as found:
        assert found.ids.tolist() == [7, 6, 5, 4, 3, 2, 1, 0, 3]
        assert found.n_raw == 11


@pytest.mark.parametrize("word", ODD_WORDS)
def test_a_quote_is_undone(word):
    data = encode_word(word)
    assert unquoted(quoted(data)) == data
    assert len(quoted(data).split()) == 1


def test_a_lone_surrogate_is_refused():
    with pytest.raises(ValueError, match="lone surrogate"):
        encode_corpus([["a", "\ud800"]], min_count=1)


def test_lists_are_read_in_the_calling_thread():
    threads = set()

    class Sentences:
        def __iter__(self):
            for word in "abc":
                threads.add(threading.current_thread())
                yield [word] * 10

    encode_corpus(Sentences(), min_count=1, workers=3, block_bytes=20)[1].close()
    assert threads == {threading.current_thread()}

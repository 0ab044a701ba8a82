import numpy as np
import pytest

from fastw2v.encode import encode_corpus, lists
from tests.encode.cases import check


def test_token_lists_equal_a_counter(monkeypatch):
    monkeypatch.setattr(lists.encode_lists, "__kwdefaults__", {"chunk_tokens": 10})
    rng = np.random.default_rng(0)
    words = ["a b", "", "日本", "\n", "x\0", *map(str, range(50))]
    sentences = [[words[n] for n in rng.integers(0, len(words), rng.integers(0, 30))] for _ in range(200)]
    for min_count in (1, 60):
        for workers in (1, 3):
            check(sentences, sentences, min_count=min_count, workers=workers)
    check(sentences, sentences, sorted_vocab=False)
    check([iter(s) for s in sentences[1:] if s] and [tuple(s) for s in sentences], sentences)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([["a"], ["b", "c", 7]], "sentence 1, token 2: a token is a int, 7"),
        ([["a"], ["b", b"c"]], "sentence 1, token 1: a token is a bytes"),
        ([["a"], [["b"]]], "sentence 1, token 0: unhashable type"),
        ([["a"], 3], "sentence 1, token 0: .*not iterable"),
        ([["a"], "words"], "sentence 1 is the str 'words'"),
    ],
)
def test_a_token_that_is_no_str_is_named(sentences, message):
    with pytest.raises(TypeError, match=message):
        encode_corpus(sentences, min_count=1)

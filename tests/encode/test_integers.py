from itertools import pairwise

import numpy as np
import pytest

from fastw2v.encode import encode_corpus
from fastw2v.encode import integers as encode_integers
from tests.encode.cases import check, sentences_of


@pytest.mark.parametrize("scale", [1, 10**9])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("chunk_tokens", [7, 1 << 20])
def test_integers_equal_a_counter(monkeypatch, scale, dtype, chunk_tokens):
    init = encode_integers.EncodedIntegers.__init__
    monkeypatch.setattr(init, "__kwdefaults__", {"chunk_tokens": chunk_tokens})
    walks = (np.random.default_rng(0).zipf(1.5, (50, 9)) % 100 * scale).astype(dtype)
    check(walks, walks.tolist(), min_count=1)
    for workers in (1, 2, 3):
        check(walks, walks.tolist(), min_count=3, workers=workers)
    check(walks.tolist(), walks.tolist(), min_count=3, sorted_vocab=False)
    starts = np.array([0, 0, 5, 5, 20, 450, 450])
    ragged = [walks.ravel()[a:b].tolist() for a, b in pairwise(starts)]
    check((walks.ravel(), starts), ragged, min_count=2)


def test_integers_and_their_names_get_the_same_rows():
    walks = np.random.default_rng(1).integers(0, 30, (40, 8))
    vocab, tokens = encode_corpus(walks, min_count=8)
    named, named_tokens = encode_corpus([[str(n) for n in walk] for walk in walks], min_count=8)
    assert [str(key) for key in vocab.keys] == named.keys
    assert (tokens.ids == named_tokens.ids).all()


def test_min_count_0_keeps_every_id_as_its_own_row():
    vocab, tokens = encode_corpus(np.array([[5, 2], [2, 9]]), min_count=0)
    assert vocab.keys == list(range(10))
    assert vocab.is_integer
    assert vocab.counts.tolist() == [0, 0, 2, 0, 0, 1, 0, 0, 0, 1]
    assert sentences_of(tokens) == [[5, 2], [2, 9]]
    with pytest.raises(ValueError, match="max_final_vocab drops ids"):
        encode_corpus(np.array([[5, 2]]), min_count=0, max_final_vocab=3)
    with pytest.raises(ValueError, match="a row for every id"):
        encode_corpus(np.array([[2**31]]), min_count=0)
    check([["a", "b", "a"]], [["a", "b", "a"]], min_count=0)

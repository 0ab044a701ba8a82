from collections import Counter

import numpy as np
import pytest

from fastw2v.raw_counts import RawCounts, vocab_of_frequencies
from fastw2v.vocab import Vocab


@pytest.mark.parametrize("keys", [["b", "a", "\U0010feff"], [7, 0, 2**40]], ids=["words", "ids"])
def test_arrays_become_a_dict_and_back(keys):
    raw = RawCounts(Vocab.from_keys(keys, np.array([1, 5, 2]), n_raw_tokens=9), 4)
    assert raw.vocab().n_raw_tokens == 9
    assert list(raw.as_dict().items()) == list(zip(keys, [1, 5, 2]))
    assert (raw.vocab().keys, raw.vocab().counts.tolist()) == (keys, [1, 5, 2])


def test_what_is_written_to_the_dict_counts():
    raw = RawCounts(Vocab.from_keys(["a", "b"], np.array([1, 5])))
    raw.as_dict()["new"] = 3
    del raw.as_dict()["a"]
    assert dict(zip(raw.vocab().keys, raw.vocab().counts.tolist())) == {"b": 5, "new": 3}


@pytest.mark.parametrize("number", [int, float, np.int32, np.float64])
def test_whole_numbers_of_any_type_are_counts(number):
    vocab = vocab_of_frequencies(Counter({"a": number(3), "b": number(0)}))
    assert (vocab.keys, vocab.counts.tolist(), vocab.counts.dtype) == (["a", "b"], [3, 0], np.int64)


@pytest.mark.parametrize(
    ("word_freq", "error", "message"),
    [
        ([("a", 1)], TypeError, "word_freq is a list; expected a dict"),
        ({}, ValueError, "word_freq is empty"),
        ({"a": 1, 2: 1}, TypeError, "types .*int.*str"),
        ({b"a": 1}, TypeError, r"word\.decode"),
        ({True: 1}, TypeError, "bool"),
        ({3: 1, -2: 1}, ValueError, "the id -2 of word_freq is negative"),
        ({"a": 1, "b": -1}, ValueError, "the count of 'b' is -1"),
        ({"a": 1, "b": 1.5}, ValueError, r"the count of 'b' is 1\.5; .*round it"),
        ({"a": np.nan}, ValueError, "the count of 'a' is nan"),
        ({"a": 1, "b": "2"}, ValueError, "the count of 'b' is '2'"),
        ({"a": [1, 2]}, ValueError, "the count of 'a' is"),
    ],
)
def test_what_are_no_counts(word_freq, error, message):
    with pytest.raises(error, match=message):
        vocab_of_frequencies(word_freq)

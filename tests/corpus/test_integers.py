import numpy as np
import pytest

from fastw2v.corpus import as_corpus
from fastw2v.corpus.integers import IntegerCorpus


def test_an_object_array_of_int_is_an_integer_corpus():
    corpus = as_corpus(np.array([[1, 2], [3, 4]], dtype=object))
    assert (corpus.ids.tolist(), corpus.starts.tolist()) == ([1, 2, 3, 4], [0, 2, 4])


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint16, np.uint64])
def test_integers_in_every_form(dtype):
    walks = np.array([[1, 2, 3], [4, 5, 6]], dtype)
    forms = [
        walks,
        np.asfortranarray(walks),
        walks.tolist(),
        list(walks),
        tuple(walks.tolist()),
        (walks.ravel(), np.array([0, 3, 6], np.int32)),
    ]
    for form in forms:
        corpus = as_corpus(form)
        assert isinstance(corpus, IntegerCorpus)
        assert corpus.ids.tolist() == [1, 2, 3, 4, 5, 6]
        assert corpus.starts.tolist() == [0, 3, 6]
        assert corpus.starts.dtype == np.int64


def test_a_contiguous_array_is_not_copied():
    walks = np.arange(6, dtype=np.int32).reshape(2, 3)
    assert np.shares_memory(as_corpus(walks).ids, walks)

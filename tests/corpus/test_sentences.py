import pytest

from fastw2v.corpus import as_corpus


class OwnIterator:
    """Goes back to the beginning at each `__iter__`, as do many corpora written for gensim; or, not `again`, once."""

    def __init__(self, again):
        self.again, self.rest = again, iter([["a"], ["b"], ["c"]])

    def __iter__(self):
        if self.again:
            self.rest = iter([["a"], ["b"], ["c"]])
        return self

    def __next__(self):
        return next(self.rest)


@pytest.mark.parametrize("again", [True, False])
def test_an_object_that_is_its_own_iterator_loses_nothing(again):
    corpus = as_corpus(OwnIterator(again))
    assert list(corpus.sentences) == [["a"], ["b"], ["c"]]
    if again:
        assert list(corpus.sentences) == [["a"], ["b"], ["c"]]
    else:
        with pytest.raises(TypeError, match="can be read only once"):
            list(corpus.sentences)

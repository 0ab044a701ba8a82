import pytest

from fastw2v.evaluation import word_pairs
from tests.evaluation.cases import OPTIONS, data_file, twins, words_of


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("name", ["wordsim353.tsv", "simlex999.txt"])
def test_word_pairs_are_gensims(name, options):
    wv, peer = twins(words_of(name))
    mine, theirs = (
        wv.evaluate_word_pairs(data_file(name), **options),
        peer.evaluate_word_pairs(data_file(name), **options),
    )
    for ours, other in zip(mine[:2], theirs[:2]):
        assert ours.statistic == pytest.approx(other.statistic, abs=1e-6)
        assert ours.pvalue == pytest.approx(other.pvalue, rel=1e-4)
        assert tuple(ours) == (ours.statistic, ours.pvalue)
    assert mine[2] == pytest.approx(theirs[2], abs=1e-12)
    assert 0 < mine[2] < 100


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        ("zebra\tlion\t3\n", "0 of its 1 pairs .* letter case"),
        ("man\tking\t3\n", "1 of its 1 pairs .* 2 are needed"),
        ("man,king,3\nman,boy,4\n", "0 of its 0 pairs .* delimiter"),
        ("man\tking\t3\nman\tboy\tnan\n", "line 2: the score is nan"),
    ],
)
def test_pairs_that_cannot_be_used_are_an_error(toy, write, text, message):
    with pytest.raises(ValueError, match=message):
        word_pairs(toy, write(text))

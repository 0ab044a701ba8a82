"""FastText trains neighbouring centres in groups, unless many tokens share a row."""

import numpy as np
import pytest

from fastw2v import FastText
from fastw2v.backends.subword_groups import trains_in_groups
from fastw2v.vectors.subwords import NgramRule, Subwords


@pytest.mark.parametrize(("kept_counts", "is_grouped"), [([1, 7], True), ([1.5, 7], False), ([0, 0], True)])
def test_a_row_may_be_used_once_in_a_group_on_average(kept_counts, is_grouped):
    """The first of eight words has an n-gram; the others divide the second count."""
    first, others = kept_counts
    rows = Subwords(NgramRule(3, 6, 10), np.arange(1), np.array([0, 8, *range(1, 8)]), np.array([0, *range(2, 10)]))
    assert trains_in_groups(rows, np.array([first, *[others / 7] * 7])) is is_grouped


def test_codes_that_begin_alike_learn_at_a_high_rate():
    rng = np.random.default_rng(1)
    codes = [f"item{n:02}" for n in range(20)]
    starts = rng.integers(0, 20, 2000)
    sentences = [[codes[(start + step) % 20] for step in range(10)] for start in starts]
    model = FastText(
        sentences, sg=1, vector_size=16, alpha=0.3, window=2, min_count=1, sample=0, epochs=3, workers=1, min_n=3
    )
    assert np.isfinite(model.wv.vectors).all()
    found = {name for name, _ in model.wv.most_similar("item10", topn=4)}
    assert found <= {f"item{n:02}" for n in range(6, 15)}

"""The formulas, and the arrays that rule out most phrases before Python scores the rest."""

from math import inf

import numpy as np
import pytest

from fastw2v.phrases.scorers import may_pass, npmi_scorer, original_scorer

SCORERS = [original_scorer, npmi_scorer]


@pytest.mark.parametrize("scorer", SCORERS)
def test_the_formulas_are_gensims(scorer):
    theirs = getattr(pytest.importorskip("gensim.models.phrases"), scorer.__name__)
    rng = np.random.default_rng(1)
    for a, b, ab, n_vocab, min_count, n_tokens in rng.integers(1, 50, (500, 6)).tolist():
        arguments = (a, b, ab, n_vocab, min_count, n_tokens + 50)
        assert scorer(*arguments) == theirs(*arguments)


def test_what_does_not_occur_is_no_phrase():
    assert original_scorer(0, 3, 2, 10, 1, 100) == -inf
    assert npmi_scorer(3, 3, 0, 10, 0, 100) == -inf
    assert npmi_scorer(3, 0, 2, 10, 0, 100) == -inf
    assert npmi_scorer(3, 3, 2, 10, 5, 100) == -inf


@pytest.mark.parametrize("scorer", SCORERS)
@pytest.mark.parametrize("min_count", [1, 2.5, 5])
def test_arrays_rule_out_no_phrase_and_most_others(scorer, min_count):
    rng = np.random.default_rng(2)
    n_ab = rng.integers(1, 40, 3000)
    n_a, n_b = n_ab + rng.integers(0, 200, 3000), n_ab + rng.integers(0, 200, 3000)
    scores = [scorer(*counts, 5000, min_count, 60_000) for counts in zip(n_a.tolist(), n_b.tolist(), n_ab.tolist())]
    for threshold in [0.3, *sorted(scores)[1500::200]]:  # some of which are exactly the score of a phrase
        if threshold == -inf:
            continue
        may = may_pass(scorer, (n_a, n_b, n_ab), threshold, 5000, min_count, 60_000)
        passes = np.array(scores) > threshold
        assert may[passes].all()
        assert may.sum() <= passes.sum() + 10

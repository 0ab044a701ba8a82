"""Distributions of the sampler, also when few words are left to draw."""

import itertools

import numpy as np
import pytest
from scipy.stats import chisquare

from fastw2v_kernels.shared.span.cases import alias_table
from fastw2v_kernels.unigram_sampler.cpu import unigram_sampler_cpu
from fastw2v_kernels.unigram_sampler.reference import unigram_sampler_reference

N_DRAWS = 400_000


def draw(weights, targets, negative, *, distinct, seed=1, first_draw=0, sampler=unigram_sampler_cpu):
    out = np.full((len(targets), negative), -1, np.int32)
    sampler(
        *alias_table(np.asarray(weights, float)),
        np.asarray(targets),
        seed=seed,
        first_draw=first_draw,
        distinct=distinct,
        out=out,
    )
    return out


def zipf(n_words):
    return np.arange(1, n_words + 1) ** -0.75


def assert_drawn_from(words, probability):
    """Chi-square over words, the rare ones put together so that 20 are expected in each cell."""
    cell = np.floor(np.cumsum(probability) * len(words) / 20).astype(int)
    cell = np.unique(cell, return_inverse=True)[1]
    observed = np.bincount(cell, np.bincount(words, minlength=len(probability)))
    expected = np.bincount(cell, probability) * len(words)
    assert not observed[expected == 0].any()
    assert chisquare(observed[expected > 0], expected[expected > 0]).pvalue > 1e-3


@pytest.mark.parametrize("n_words", [10, 10_000, 1_000_000])
def test_independent_draws(n_words):
    words = draw(zipf(n_words), np.zeros(N_DRAWS // 4, int), 4, distinct=False)
    assert_drawn_from(words.ravel(), zipf(n_words) / zipf(n_words).sum())


@pytest.mark.parametrize("n_words", [10, 10_000, 1_000_000])
def test_distinct_draws(n_words):
    """The first is drawn from the words but the target; so is the second, from those that the first leaves."""
    target = 3
    words = draw(zipf(n_words), np.full(N_DRAWS, target), 2, distinct=True)
    p = zipf(n_words)
    p[target] = 0
    p /= p.sum()
    after = p / (1 - p)
    assert_drawn_from(words[:, 0], p)
    assert_drawn_from(words[:, 1], p * (after.sum() - after))
    assert (words[:, 0] != words[:, 1]).all()
    assert (words != target).all()


@pytest.mark.parametrize("weights", [[1, 2, 3, 4, 5, 6], [1e-3, 1, 1, 30, 1e4, 2], [1, 2, 1e9, 3, 4, 5]], ids=str)
def test_distinct_draws_in_all_orders(weights):
    """Every ordered triple as often as successive sampling without replacement has it, by enumeration."""
    n_words, target, negative = len(weights), 2, 3
    words = draw(weights, np.full(N_DRAWS, target), negative, distinct=True)
    p = np.array(weights, float) / sum(weights)
    chances = np.zeros(n_words**negative)
    for triple in itertools.permutations(set(range(n_words)) - {target}, negative):
        taken, chance = [target], 1.0
        for word in triple:
            chance *= p[word] / (1 - p[taken].sum())
            taken.append(word)
        chances[np.ravel_multi_index(triple, [n_words] * negative)] = chance
    assert_drawn_from(np.ravel_multi_index(words.T, [n_words] * negative), chances / chances.sum())


@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("n_words", [2, 7, 40, 1000])
def test_the_kernel_draws_what_the_reference_draws(n_words, distinct):
    for negative in {1, min(n_words - 1, 5), min(n_words - 1, 60)}:
        args = (zipf(n_words), np.arange(9) % n_words, negative)
        options = {"distinct": distinct, "seed": 2**64 - 1, "first_draw": 2**40}
        expected = draw(*args, **options, sampler=unigram_sampler_reference)
        np.testing.assert_array_equal(draw(*args, **options), expected)


def test_draws_depend_on_seed_and_position_alone():
    whole = draw(zipf(50), np.arange(40), 5, distinct=True)
    np.testing.assert_array_equal(draw(zipf(50), np.arange(25, 40), 5, distinct=True, first_draw=25), whole[25:])
    assert (draw(zipf(50), np.arange(40), 5, distinct=True, seed=2) != whole).any()


DEGENERATE = {
    "one word has nearly all": [1e12, *[1.0] * 9],
    "from much to nothing": 10.0 ** -np.arange(0, 30, 3),
    "equal": [1.0] * 10,
}


@pytest.mark.parametrize("sampler", [unigram_sampler_cpu, unigram_sampler_reference])
@pytest.mark.parametrize("weights", DEGENERATE.values(), ids=DEGENERATE)
def test_all_words_but_the_target_can_be_drawn(weights, sampler):
    words = draw(weights, np.arange(10), 9, distinct=True, sampler=sampler)
    for target, row in enumerate(words):
        assert sorted(row) == [word for word in range(10) if word != target]


@pytest.mark.parametrize("weights", [zipf(3000), np.r_[1e9, np.ones(2999)]], ids=["zipf", "one"])
def test_almost_all_of_many_words_are_drawn_soon(weights):
    words = draw(weights, [0, 5, 2999], 2999, distinct=True)
    np.testing.assert_array_equal(np.sort(words[1]), np.delete(np.arange(3000), 5))
    assert (np.diff(np.sort(words)) > 0).all()


def test_a_target_with_nearly_all_of_the_mass():
    words = draw(np.r_[1e15, np.ones(999)], np.zeros(200, int), 5, distinct=True)
    assert (words > 0).all()
    assert (np.diff(np.sort(words)) > 0).all()


@pytest.mark.parametrize("sampler", [unigram_sampler_cpu, unigram_sampler_reference])
def test_too_few_words_to_draw(sampler):
    with pytest.raises(ValueError, match=r"5 distinct negatives for target 2 .* use a smaller sample_size"):
        draw(np.ones(5), [2], 5, distinct=True, sampler=sampler)
    with pytest.raises(ValueError, match=r"4 distinct negatives for target 1 "):
        draw([1, 1, 1, 0, 1, 0], [3, 1], 4, distinct=True, sampler=sampler)
    words = draw([1, 1, 1, 0, 1, 0], [3, 5], 4, distinct=True, sampler=sampler)
    np.testing.assert_array_equal(np.sort(words), [[0, 1, 2, 4]] * 2)

import numpy as np
import pytest
from scipy.stats import chisquare

from fastw2v import nn

DEVICES = ["reference", "cpu"]
MODES = ["distinct", "iid"]
COUNTS = np.array([40, 0, 25, 10, 5, 5, 1, 1])  # the id 1 does not occur
CORPUS = np.repeat(np.arange(len(COUNTS)), COUNTS)


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


def noise(power):
    p = np.zeros(len(COUNTS))
    p[COUNTS > 0] = COUNTS[COUNTS > 0] ** float(power)
    return p / p.sum()


@pytest.mark.parametrize("power", [0.75, 0, -1, 1])
def test_probabilities_and_gaps(device, power):
    sampler = nn.UnigramSampler(CORPUS, power, 3, device=device, seed=0)
    assert sampler.vocab_size == len(COUNTS)
    np.testing.assert_allclose(sampler.word_p, noise(power))


@pytest.mark.parametrize("mode", MODES)
def test_shape_dtype_and_an_empty_batch(device, mode):
    sampler = nn.UnigramSampler(CORPUS, 0.75, 3, mode=mode, device=device, seed=0)
    for n in (0, 1, 9):
        sample = sampler.get_negative_sample(np.zeros(n, np.int64))
        assert sample.shape == (n, 3)
        assert sample.dtype == np.int32


@pytest.mark.parametrize("k", [1, 3, 6])
def test_distinct_words_are_different_and_none_is_the_target(device, k):
    sampler = nn.UnigramSampler(CORPUS, 0.75, k, device=device, seed=0)
    target = np.tile(np.arange(len(COUNTS)), 60)
    sample = sampler.get_negative_sample(target)
    assert not (sample == target[:, None]).any()
    assert all(len(set(row)) == k for row in sample.tolist())
    assert not (sample == 1).any()


def test_iid_words_follow_the_distribution(device):
    sampler = nn.UnigramSampler(CORPUS, 0.75, 5, mode="iid", device=device, seed=1)
    drawn = np.bincount(sampler.get_negative_sample(np.zeros(4000, np.int64)).ravel(), minlength=len(COUNTS))
    occurs = COUNTS > 0
    assert not drawn[~occurs].any()
    assert chisquare(drawn[occurs], noise(0.75)[occurs] * drawn.sum()).pvalue > 1e-3


def test_distinct_pairs_follow_successive_sampling(device):
    """P(first, second) = p[first] p[second] / (1 - p[first]), p without the target."""
    target, p = 0, noise(0.75)
    p[target] = 0
    p /= p.sum()
    pairs = p[:, None] * p / (1 - p[:, None])
    np.fill_diagonal(pairs, 0)
    sampler = nn.UnigramSampler(CORPUS, 0.75, 2, device=device, seed=2)
    sample = sampler.get_negative_sample(np.full(6000, target))
    sets = np.sort(sample, axis=1) @ [len(p), 1]  # np.random.choice promises the set alone, in no order
    expected = np.triu(pairs + pairs.T, 1).ravel()
    likely = expected * len(sample) > 5
    drawn = np.bincount(sets, minlength=expected.size)
    assert not drawn[expected == 0].any()
    likely |= expected == 0
    drawn, expected = (np.append(x[likely], x[~likely].sum()) for x in (drawn, expected * len(sample)))
    drawn, expected = drawn[expected > 0], expected[expected > 0]
    assert chisquare(drawn, expected).pvalue > 1e-3


def test_a_seed_makes_draws_repeatable_and_calls_differ(device):
    def draw(seed):
        return nn.UnigramSampler(CORPUS, 0.75, 3, device=device, seed=seed)

    target = np.zeros(50, np.int64)
    first, again, other = draw(1), draw(1), draw(2)
    sample = first.get_negative_sample(target)
    np.testing.assert_array_equal(sample, again.get_negative_sample(target))
    assert (sample != first.get_negative_sample(target)).any()
    assert (sample != other.get_negative_sample(target)).any()


def test_the_global_seed_makes_draws_repeatable(device):
    samples = []
    for _ in range(2):
        np.random.seed(4)  # noqa: NPY002 - as scripts of the book do
        sampler = nn.UnigramSampler(CORPUS, 0.75, 3, device=device)
        samples.append(sampler.get_negative_sample(np.zeros(50, np.int64)))
    np.testing.assert_array_equal(*samples)


def test_draws_do_not_depend_on_the_batches():
    whole, parts = (nn.UnigramSampler(CORPUS, 0.75, 3, device="cpu", seed=5) for _ in range(2))
    target = np.arange(40) % len(COUNTS)
    pieces = [parts.get_negative_sample(target[start : start + 7]) for start in range(0, 40, 7)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole.get_negative_sample(target))


def test_a_generator_may_be_the_seed(device):
    for seed in (np.random.default_rng(1), np.random.RandomState(1)):
        sampler = nn.UnigramSampler(CORPUS, 0.75, 3, device=device, seed=seed)
        assert sampler.get_negative_sample(np.array([0])).shape == (1, 3)


def test_what_is_refused(device):
    make = nn.UnigramSampler
    with pytest.raises(ValueError, match=r"sample_size is 7 and the corpus has 7 different words.*lower sample_size"):
        make(CORPUS, 0.75, 7, device=device)
    assert make(CORPUS, 0.75, 7, mode="iid", device=device).sample_size == 7
    with pytest.raises(ValueError, match="mode is 'other'"):
        make(CORPUS, 0.75, 3, mode="other", device=device)
    with pytest.raises(ValueError, match="sample_size is 0"):
        make(CORPUS, 0.75, 0, device=device)
    with pytest.raises(ValueError, match="power is nan; expected a number that is finite"):
        make(CORPUS, float("nan"), 3, device=device)
    with pytest.raises(ValueError, match="the corpus is empty"):
        make([], 0.75, 3, device=device)
    with pytest.raises(IndexError, match="id -1"):
        make([0, 1, -1], 0.75, 1, device=device)
    with pytest.raises(TypeError, match="corpus is float64"):
        make([0.0, 1.0], 0.75, 1, device=device)


@pytest.mark.parametrize("mode", MODES)
def test_targets_that_are_refused(device, mode):
    sampler = nn.UnigramSampler(CORPUS, 0.75, 3, mode=mode, device=device)
    for bad in (8, -1):
        with pytest.raises(IndexError, match=rf"target has the id {bad}; expected ids from 0 to 7"):
            sampler.get_negative_sample(np.array([0, bad]))
    with pytest.raises(TypeError, match="integer ids"):
        sampler.get_negative_sample(np.array([0.5]))
    with pytest.raises(ValueError, match=r"expected \(batch,\)"):
        sampler.get_negative_sample(np.zeros((2, 2), np.int64))


@pytest.mark.parametrize("power", [-300, 1000, 60, -60])
def test_extreme_powers_leave_probabilities(device, power):
    counts = np.array([800, 0, 40, 40, 20, 20])
    sampler = nn.UnigramSampler(np.repeat(np.arange(6), counts), power, 3, mode="iid", device=device, seed=0)
    best = counts == (800 if power > 0 else 20)
    np.testing.assert_allclose(sampler.word_p, best / best.sum(), atol=1e-15)
    assert set(sampler.get_negative_sample(np.zeros(99, np.int64)).ravel()) == set(np.flatnonzero(best))


def test_words_without_a_probability_are_no_distinct_negatives(device):
    corpus = np.repeat(np.arange(4), [40, 2, 1, 1])
    with pytest.raises(ValueError, match=r"4 different words, 1 of them with a probability above 0 at power 60.*lower"):
        nn.UnigramSampler(corpus, 60, 2, device=device)


def test_distinct_words_follow_tiny_probabilities(device):
    counts, power = np.array([100, 4, 3, 3]), 12
    sampler = nn.UnigramSampler(np.repeat(np.arange(4), counts), power, 1, device=device, seed=3)
    assert sampler.word_p[1:].sum() < 1e-15
    drawn = np.bincount(sampler.get_negative_sample(np.zeros(3000, np.int64)).ravel(), minlength=4)
    expected = np.where(counts < 100, counts.astype(float), 0) ** power
    assert drawn[0] == 0
    assert chisquare(drawn[1:], (expected * drawn.sum() / expected.sum())[1:]).pvalue > 1e-3


@pytest.mark.parametrize(
    ("corpus", "options", "message"),
    [
        (CORPUS, {"sample_size": 2.5}, "sample_size is 2.5; expected a whole number of at least 1"),
        (CORPUS, {"sample_size": "2"}, r"sample_size is '2' \(str\); expected a whole number"),
        (CORPUS, {"sample_size": True}, r"sample_size is True \(bool\); expected a whole number"),
        (CORPUS, {"power": "a"}, r"power is 'a' \(str\); expected a number"),
        (CORPUS, {"power": np.inf}, "power is inf; expected a number that is finite$"),
        (CORPUS, {"seed": 1.5}, "seed is 1.5; expected a whole number from 0 to 4294967295"),
        ([0, 2**40], {}, "corpus has the id 1099511627776; expected ids up to 2147483647"),
        (np.array([0, 2**63], np.uint64), {}, "corpus has the id 9223372036854775808; expected ids up to 2147483647"),
    ],
)
def test_errors_say_what_came(corpus, options, message):
    with pytest.raises((ValueError, TypeError, IndexError), match=message):
        nn.UnigramSampler(corpus, **({"power": 0.75, "sample_size": 1} | options))


def test_whole_numbers_and_ids_of_any_type(device):
    sampler = nn.UnigramSampler(CORPUS.astype(np.uint64), np.float32(0.75), 2.0, device=device, seed=np.int64(1))
    assert sampler.get_negative_sample(np.array([1], np.uint64)).shape == (1, 2)

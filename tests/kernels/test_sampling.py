"""Samples: distributions, independent streams, replay for every split of the tokens, masks, windows, Hogwild."""

import threading

import numpy as np
import pytest
from scipy import stats

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import LANES, Shape, load, store
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared import cpu, rng
from fastw2v_kernels.shared.cpu import sentence_of
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.sigmoid import LOG_COEFFICIENTS
from fastw2v_kernels.shared.span.cases import alias_table, span_case
from fastw2v_kernels.shared.span.inputs import TokenSource
from fastw2v_kernels.shared.span.reference import draw, windows
from fastw2v_kernels.shared.span.walk_cpu import TOKENS_PER_PASS, kept_tokens_buffer, subsample, window_of
from tests.kernels.harness import MODES, copy, results, toy_case

OPS_BY_NAME = {op.name: op for op in OPS}
P_VALUE = 1e-4
SIGMAS = 5

each_mode = pytest.mark.parametrize(("name", "mode"), [pytest.param(n, m, id=f"{n}-{m}") for n, m in MODES])
each_device = pytest.mark.parametrize("device", ["reference", "cpu", "cuda"])
each_name = pytest.mark.parametrize("name", ["skipgram_ns", "cbow_ns"])
FIRST_MODE = {"cbow_ns": MODES[2][1], "skipgram_ns": MODES[0][1]}


@jit_cpu
def fill_bits(out, key, counters, draws):
    for i in range(out.shape[0]):
        out[i] = cpu.random_bits(key, counters[i], draws[i])


@jit_cpu
def draw_rows(out, key, alias_prob, alias_id):
    for i in range(out.shape[0]):
        out[i] = cpu.alias_draw(cpu.uniform(cpu.random_bits(key, i, 0)), alias_prob, alias_id)


@jit_cpu
def fill_windows(out, kept, tokens, begin, end, shape):
    """Write each kept token's position, and those of the first and the last token of its window."""
    n = 0
    sentence = sentence_of(tokens.starts, begin)
    for first in range(begin, end, TOKENS_PER_PASS):
        bounds = subsample(kept, tokens, first, min(first + TOKENS_PER_PASS, end), sentence)
        sentence = bounds.sentence
        for i in range(tokens.window, bounds.last):
            low, high = window_of(kept, i, bounds, tokens, shape)
            out[n, 0], out[n, 1], out[n, 2] = kept.pos[i], kept.pos[low], kept.pos[high - 1]
            n += 1
    return n


@jit_cpu
def fill_logistic(scores, sigmoids, softpluses, coefficients):
    for i in range(scores.size):
        tanh = cpu.tanh_half(scores[0, i])
        sigmoids[0, i] = tanh * 0.5 + 0.5
        softpluses[0, i] = cpu.softplus(scores[0, i], tanh, coefficients)


@jit_cpu
def fill_logistic_simd(scores, sigmoids, softpluses, coefficients, lanes):
    for col in range(0, scores.size, lanes):
        score = load(scores, 0, col)
        tanh = cpu.tanh_half(score)
        store(sigmoids, 0, col, tanh * 0.5 + 0.5)
        store(softpluses, 0, col, cpu.softplus(score, tanh, coefficients))


def compiled_windows(tokens, begin, end):
    out = np.zeros((end - begin, 3), np.int64)
    n = fill_windows(out, kept_tokens_buffer(tokens.window), tokens, begin, end, Shape.of(16, 2, False))
    return out[:n]


def reference_windows(tokens, begin, end):
    """The same, of a corpus in which each word is the number of its position."""
    found = windows(tokens, begin, end)
    return np.array([[pos, min([pos, *near]), max([pos, *near])] for pos, near in found]).reshape(-1, 3)


def token_source(ids, starts, keep, **changes):
    """A corpus as kernels take it, in epoch 0 of seed 1."""
    return TokenSource(ids, starts, keep, key=epoch_key(1, 0), window=5, shrink_windows=True)._replace(**changes)


def assert_distributed(drawn, probability):
    """Chi-square test; neighbouring values are pooled until at least 20 are expected of each."""
    expected = len(drawn) * probability / probability.sum()
    pool = (np.cumsum(expected) - expected / 2) // 20
    pool = np.unique(pool, return_inverse=True)[1]
    observed = np.bincount(pool, np.bincount(drawn, minlength=len(probability)))
    assert stats.chisquare(observed, np.bincount(pool, expected)).pvalue > P_VALUE


def train(name, mode, case, *, device="cpu", **changes):
    """Weights and tally of a copy of `case` after training."""
    case = copy(case) | mode | changes
    return case | results(OPS_BY_NAME[name], device, case)


def trained_bytes(*args, **changes):
    case = train(*args, **changes)
    return tuple(case[name].tobytes() for name in ("w_in", "w_out", "tally"))


def splitmix64(seed, n):
    """Steele, Lea, Flood (2014), in Python's own integers."""
    outputs = []
    for _ in range(n):
        seed = (seed + 0x9E3779B97F4A7C15) % 2**64
        x = ((seed ^ seed >> 30) * 0xBF58476D1CE4E5B9) % 2**64
        x = ((x ^ x >> 27) * 0x94D049BB133111EB) % 2**64
        outputs.append(x ^ x >> 31)
    return outputs


def test_the_generator_is_splitmix64_within_splitmix64():
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423]  # of seed 1234567
    assert splitmix64(1234567, 3) == published
    with np.errstate(over="ignore"):
        for counter, inner in enumerate(published):
            outer = splitmix64(inner, 4)
            assert [int(rng.random_bits(np.uint64(1234567), counter, number)) for number in range(4)] == outer


def test_plain_numpy_and_compiled_bits_are_equal():
    positions = np.array([0, 1, 2, 1023, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**40 + 3, 2**63 - 1])
    numbers = np.arange(len(positions)) * 1000
    for key in np.array([0, 1, 2**63, 2**64 - 1], np.uint64):
        compiled = np.zeros(len(positions), np.uint64)
        fill_bits(compiled, key, positions, numbers)
        with np.errstate(over="ignore"):
            together = rng.random_bits(key, positions, numbers)
            each = [rng.random_bits(key, int(pos), int(number)) for pos, number in zip(positions, numbers)]
        np.testing.assert_array_equal(compiled, together)
        np.testing.assert_array_equal(compiled, each)


def test_no_two_of_a_million_bits_are_equal():
    epochs, positions, numbers = np.arange(10)[:, None, None], np.arange(1000)[:, None], np.arange(10)
    with np.errstate(over="ignore"):
        seeds = np.arange(10, dtype=np.uint64)[:, None, None, None]
        bits = rng.random_bits(rng.random_bits(seeds, epochs, 0), positions, numbers)
    assert bits.size == len(np.unique(bits)) == 10**6


@pytest.mark.parametrize(
    ("seed", "epoch", "shift", "number"),
    [(1, 0, 0, 2), (0, 1, 0, 2), (0, 0, 1, 2), (0, 0, 2**32, 2), (0, 0, 0, 3), (0, 0, 1, 1)],
)
def test_streams_are_independent(seed, epoch, shift, number):
    n = 200_000
    positions = np.arange(n)
    first = draw(epoch_key(0, 0), positions, 2)
    second = draw(epoch_key(seed, epoch), positions + shift, number)
    assert abs(np.corrcoef(first, second)[0, 1]) < SIGMAS / np.sqrt(n)
    assert abs(second.mean() - 1 / 2) < SIGMAS * np.sqrt(1 / 12 / n)
    assert abs(second.var() - 1 / 12) < SIGMAS * np.sqrt(1 / 180 / n)
    assert 0 <= second.min() < second.max() < 1


@pytest.mark.parametrize("n_vocab", [10, 1000, 100_000])
def test_negatives_follow_their_distribution(n_vocab):
    weights = np.random.default_rng(n_vocab).permutation(np.arange(1.0, n_vocab + 1) ** -0.75)
    table = alias_table(weights.copy())
    compiled = np.zeros(5_000_000, np.int64)
    draw_rows(compiled, epoch_key(11, 3), *table)
    assert_distributed(compiled, weights)
    reference = [rng.alias_draw(u, *table) for u in draw(epoch_key(11, 3), np.arange(30_000), 0)]
    assert_distributed(np.array(reference), weights)
    np.testing.assert_array_equal(reference, compiled[:30_000])


@pytest.mark.parametrize("window", [2, 5, 10])
def test_window_sizes_are_uniform(window):
    n = 100_000
    one_sentence, keep = np.array([0, n]), np.ones(1, np.float32)
    tokens = token_source(np.zeros(n, np.int32), one_sentence, keep, window=window)
    found = compiled_windows(tokens, window, n - window)
    reach = found[:, 2] - found[:, 0]
    np.testing.assert_array_equal(reach, found[:, 0] - found[:, 1])
    assert reach.min() == 1
    assert reach.max() == window
    assert_distributed(reach - 1, np.ones(window))


def test_each_word_is_kept_with_its_probability():
    keep = np.array([0, 0.001, 0.1, 0.5, 0.9, 1, 7], np.float32)
    n = 70_000
    ids = np.random.default_rng(1).integers(0, len(keep), n, dtype=np.int32)
    kept = ids[compiled_windows(token_source(ids, np.array([0, n]), keep), 0, n)[:, 0]]
    n_seen, n_kept = (np.bincount(x, minlength=len(keep)) for x in (ids, kept))
    assert n_kept[0] == 0
    np.testing.assert_array_equal(n_kept[5:], n_seen[5:])
    p, expected = keep[1:5], n_seen[1:5] * keep[1:5]
    assert stats.chi2.sf(np.sum((n_kept[1:5] - expected) ** 2 / (expected * (1 - p))), len(p)) > P_VALUE


@pytest.mark.parametrize("shrink_windows", [False, True])
@pytest.mark.parametrize("window", [1, 4])
def test_windows_are_the_references_wherever_a_span_is_cut(window, shrink_windows):
    random = np.random.default_rng(2)
    lengths = [1, 1, 5, 2 * TOKENS_PER_PASS + 3, 1, 2, 3, *random.integers(1, 30, 40)]
    starts = np.cumsum([0, *lengths])
    n = starts[-1]
    positions, keep = np.arange(n, dtype=np.int32), random.uniform(0, 1.5, n).astype(np.float32)
    tokens = token_source(positions, starts, keep, window=window, shrink_windows=shrink_windows)
    expected = reference_windows(tokens, 0, n)
    cuts = [(0, n), (3, 4), (6, 8), (7, TOKENS_PER_PASS), (n - 200, n - 1), *np.sort(random.integers(0, n, (30, 2)))]
    for begin, end in cuts:
        found = compiled_windows(tokens, begin, end)
        inside = (expected[:, 0] >= begin) & (expected[:, 0] < end)
        np.testing.assert_array_equal(found, expected[inside], err_msg=f"{begin} to {end}")


def corpus_with_a_long_sentence():
    case = span_case(np.random.default_rng(4), 6000, dim=16, window=5)
    starts = case["starts"]
    case["starts"] = np.concatenate([starts[starts < 400], starts[starts >= 5400]])
    assert np.diff(case["starts"]).max() > 4 * TOKENS_PER_PASS
    return case | {"begin": 0, "end": 6000, "lr_step": -1e-6}


CUTS = {
    "every token": range(1, 6000),
    "some": [1, 2, 399, 1024, 1025, 3000, 5401, 5999],
    "equal": range(500, 6000, 500),
}


@each_mode
def test_training_does_not_depend_on_how_tokens_are_split(name, mode):
    case = corpus_with_a_long_sentence()
    whole = trained_bytes(name, mode, case)
    assert whole == trained_bytes(name, mode, case), "the same call twice"
    for label, cuts in CUTS.items():
        split = copy(case) | mode
        for begin, end in zip([0, *cuts], [*cuts, 6000]):
            OPS_BY_NAME[name].implementation("cpu")(**split | {"begin": begin, "end": end})
        assert whole == tuple(split[key].tobytes() for key in ("w_in", "w_out", "tally")), label
    assert whole[0] != trained_bytes(name, mode, case, seed=case["seed"] + 1)[0]
    assert whole[0] != trained_bytes(name, mode, case, epoch=case["epoch"] + 1)[0]


def softplus(x):
    return np.logaddexp(0, x)


@each_device
@each_mode
@pytest.mark.parametrize("n_vocab", [1, 2])
def test_a_negative_that_is_the_positive_does_nothing(n_vocab, name, mode, device):
    case = toy_case([[0, n_vocab - 1]], n_vocab, only_negative=0, end=1)
    result = train(name, mode, case, device=device)
    x, y = case["w_in"][n_vocab - 1], case["w_out"][0]
    coef = case["lr_first"] / (1 + np.exp(x @ y))
    np.testing.assert_allclose(result["w_in"][n_vocab - 1], x + coef * y, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(result["w_out"][0], y + coef * x, rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(result["w_out"][1:], case["w_out"][1:])
    np.testing.assert_allclose(result["tally"], [softplus(-x @ y), 1, 1], rtol=1e-5)


@each_device
@each_mode
def test_windows_end_at_sentences(name, mode, device):
    case = toy_case([[0, 1, 2], [3, 4, 5]], 7, only_negative=6)
    for begin, end, moved, still in ((0, 3, [0, 1, 2], [3, 4, 5]), (3, 6, [3, 4, 5], [0, 1, 2])):
        result = train(name, mode, case, device=device, begin=begin, end=end)
        for weights in ("w_in", "w_out"):
            assert (result[weights][moved] != case[weights][moved]).any(axis=1).all()
            np.testing.assert_array_equal(result[weights][still], case[weights][still])
    n_examples = 12 if name == "skipgram_ns" else 6
    np.testing.assert_array_equal(train(name, mode, case, device=device)["tally"][1:], [n_examples, 6])


@each_device
@each_mode
def test_windows_count_survivors(name, mode, device):
    sparse = toy_case([[3, 0, 3, 3, 1, 3, 2, 3]], 5, only_negative=4, window=1)
    sparse["keep"][3] = 0
    dense = toy_case([[0, 1, 2]], 5, only_negative=4, window=1)
    assert trained_bytes(name, mode, sparse, device=device) == trained_bytes(name, mode, dense, device=device)
    result = train(name, mode, sparse, device=device)
    for weights in ("w_in", "w_out"):
        np.testing.assert_array_equal(result[weights][3], sparse[weights][3])
    assert result["tally"][2] == 3


def two_topics():
    """Sentences of words 0 to 9, and of words 10 to 19: every thread writes every row all the time."""
    random = np.random.default_rng(8)
    sentences = random.integers(0, 10, (5000, 20)) + 10 * random.integers(0, 2, (5000, 1))
    case = toy_case(sentences, 20, shrink_windows=True, lr_first=0.01)
    case["w_in"] *= 0.05
    case["w_out"][:] = 0
    return case


def hogwild(name, case, n_threads):
    """Loss of the last of three epochs, whose spans are divided among the threads."""
    spans = [(epoch, begin, begin + 2500) for epoch in range(3) for begin in range(0, case["end"], 2500)]
    tallies = np.zeros((n_threads, 2, 3))

    def work(thread):
        for epoch, begin, end in spans[thread::n_threads]:
            changes = {"epoch": epoch, "begin": begin, "end": end, "tally": tallies[thread, int(epoch == 2)]}
            OPS_BY_NAME[name].implementation("cpu")(**case | changes)

    threads = [threading.Thread(target=work, args=(thread,)) for thread in range(n_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    loss, pairs, _ = tallies.sum(axis=0)[1]
    return loss / pairs


@each_name
def test_threads_that_conflict_learn_as_one_does(name):
    """Where both threads have a core to themselves, skip-gram's loss is 2 to 4.5 % larger: 20 words conflict always."""
    losses = []
    for n_threads in (1, 2):
        case = two_topics() | FIRST_MODE[name]
        losses.append(hogwild(name, case, n_threads))
        same_topic = np.arange(20)[:, None] // 10 == np.arange(20) // 10
        scores = case["w_in"] @ case["w_out"].T
        assert scores[same_topic].min() > scores[~same_topic].max()
    n_positive, n_negative = 0.1, 5 * 0.05 * 0.9  # of a pair and a word of its topic; one negative in ten is masked
    p = n_positive / (n_positive + n_negative)
    least = -10 * (n_positive * np.log(p) + n_negative * np.log(1 - p))
    assert losses == pytest.approx([least, least], rel=0.1)
    assert losses[1] == pytest.approx(losses[0], rel=0.08)


LOGISTIC = {"scalar": fill_logistic, "simd": lambda *arrays: fill_logistic_simd(*arrays, LANES)}


@pytest.mark.parametrize("fill", LOGISTIC.values(), ids=LOGISTIC)
def test_sigmoid_and_softplus_are_exact_to_one_millionth(fill):
    scores = np.linspace(-50, 50, 16_000, dtype=np.float32)[None]
    sigmoids, softpluses = np.empty_like(scores), np.empty_like(scores)
    fill(scores, sigmoids, softpluses, np.array(LOG_COEFFICIENTS, np.float32))
    exact = scores.astype(np.float64)
    np.testing.assert_allclose(sigmoids, 1 / (1 + np.exp(-exact)), rtol=0, atol=1e-6)
    np.testing.assert_allclose(softpluses, np.logaddexp(0, exact), rtol=0, atol=1e-6)


@pytest.mark.parametrize("fill", LOGISTIC.values(), ids=LOGISTIC)
def test_sigmoid_of_huge_scores_is_clamped(fill):
    scores = np.array([[np.inf, 1e30, 88, 30] * 4 + [-np.inf, -1e30, -88, -30] * 4], np.float32)
    sigmoids = np.empty_like(scores)
    fill(scores, sigmoids, np.empty_like(scores), np.array(LOG_COEFFICIENTS, np.float32))
    np.testing.assert_allclose(sigmoids, scores > 0, rtol=0, atol=1e-6)
    assert ((sigmoids >= 0) & (sigmoids <= 1)).all()


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@each_mode
@pytest.mark.parametrize("size", [1e15, 1e30], ids=["score 1e30", "score inf"])
@pytest.mark.parametrize("sign", [1, -1])
def test_huge_scores_give_finite_gradients(name, mode, size, sign, device):
    case = toy_case([[0, 1, 2]], 4)
    case["w_in"][:, 0], case["w_out"][:, 0] = size, sign * size
    result = train(name, mode, case, device=device)
    assert np.isfinite(result["w_in"]).all()
    assert np.isfinite(result["w_out"]).all()

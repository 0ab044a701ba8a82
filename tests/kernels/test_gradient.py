"""With a learning rate of 1, one example's update is minus the gradient of its loss: float64, central differences."""

import numpy as np
import pytest

from fastw2v_kernels.cbow_ns.reference import cbow_ns_reference
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP
from fastw2v_kernels.shared.span.inputs import Sampler
from fastw2v_kernels.shared.span.reference import draw_targets
from fastw2v_kernels.skipgram_ns.reference import skipgram_ns_reference
from tests.kernels.harness import CBOW_MODES, copy, rates, toy_case

CENTRE_POS = 4
SENTENCES = {
    "repeated context": [[3, 1, 2, 1, 0, 2, 1, 4]],
    "one context": [[5, 6, 7, 8], [0, 1]],
    "the centre is its own context": [[2, 0, 1, 3, 0, 0, 4]],
}
N_VOCAB = 9
SEED = 2  # among its negatives one word comes twice, and one is the positive

each_rate = pytest.mark.parametrize("rate_in", [None, rates(N_VOCAB)], ids=["no rates", "rates"])
each_sentence = pytest.mark.parametrize("sentences", SENTENCES.values(), ids=SENTENCES)


def one_example(sentences, **mode):
    case = toy_case(sentences, N_VOCAB, begin=CENTRE_POS, end=CENTRE_POS + 1, lr_first=1.0, seed=SEED, window=3, **mode)
    case["alias_id"] %= 4
    return copy(case, np.float64)


def contexts_of(case):
    sentence = next(s for s in np.split(np.arange(len(case["ids"])), case["starts"][1:-1]) if CENTRE_POS in s)
    near = [pos for pos in sentence if 0 < abs(pos - CENTRE_POS) <= case["window"]]
    return case["ids"][near]


def targets_of(case, ordinal):
    """The positive, then its negatives."""
    key = epoch_key(case["seed"], case["epoch"])
    sampler = Sampler(case["alias_prob"], case["alias_id"], key, case["negative"])
    return draw_targets(sampler, case["ids"][CENTRE_POS], CENTRE_POS, ordinal=ordinal)


def loss_of(x, w_out, targets):
    """-log sigmoid(x.y_positive) - sum of log sigmoid(-x.y_negative) over the negatives that are not the positive."""
    positive, *negatives = targets

    def minus_log_sigmoid(score):
        return -np.log(1 / (1 + np.exp(-score)))

    loss = minus_log_sigmoid(x @ w_out[positive])
    return loss + sum(minus_log_sigmoid(-x @ w_out[row]) for row in negatives if row != positive)


def step_down(loss, w_in, w_out, *, rate_in=None):
    """Return (w_in, w_out) minus the gradient of loss(w_in, w_out), for each row of w_in times its rate."""
    step = 1e-5
    moved = (w_in.copy(), w_out.copy())
    for weights, result in zip((w_in, w_out), moved):
        for at in np.ndindex(*weights.shape):
            value = weights[at]
            weights[at] = value + step
            above = loss(w_in, w_out)
            weights[at] = value - step
            result[at] -= (above - loss(w_in, w_out)) / (2 * step)
            weights[at] = value
    return moved if rate_in is None else (w_in + rate_in[:, None] * (moved[0] - w_in), moved[1])


def assert_same(result, expected):
    for weights, exact in zip(result, expected):
        np.testing.assert_allclose(weights, exact, rtol=0, atol=1e-8)


def test_the_samples_hold_what_the_masks_are_for():
    case = one_example(SENTENCES["repeated context"])
    for ordinal in range(2):
        _, *negatives = targets_of(case, ordinal)
        assert 0 in negatives
        assert any(negatives.count(row) > 1 for row in negatives if row != 0)


def linear_loss(matrices, row, contexts, *, targets):
    """The loss of all occurrences of a context, a function of its scores, replaced by its tangent: linear in them."""
    w_in, w_out = matrices
    positive, *negatives = targets
    n = contexts.tolist().count(row)

    def error(target, label):
        return label - 1 / (1 + np.exp(-w_in[row] @ w_out[target]))

    errors = [(positive, n * error(positive, 1))]
    errors += [(target, n * error(target, 0)) for target in negatives if target != positive]
    return lambda w_in, w_out: -sum(e * (w_in[row] @ w_out[target]) for target, e in errors)


@each_sentence
@each_rate
def test_skipgram(sentences, rate_in):
    """Contexts with the same negatives move in turn, by the tangents of their losses before any of them moved."""
    case = one_example(sentences, share_negatives=True)
    contexts, targets = contexts_of(case), targets_of(case, 0)
    expected = case["w_in"].copy(), case["w_out"].copy()
    total = sum(loss_of(expected[0][row], expected[1], targets) for row in contexts)
    for loss in [linear_loss(expected, row, contexts, targets=targets) for row in dict.fromkeys(contexts.tolist())]:
        expected = step_down(loss, *expected, rate_in=rate_in)
    skipgram_ns_reference(**case, rate_in=rate_in)
    assert_same((case["w_in"], case["w_out"]), expected)
    np.testing.assert_allclose(case["tally"], [total, len(contexts), 1])


@each_sentence
def test_moves_of_all_contexts_are_the_gradient_of_their_loss_as_the_rate_falls(sentences):
    lr = 1e-7
    case = one_example(sentences, share_negatives=True) | {"lr_first": lr}
    before, contexts, targets = (case["w_in"].copy(), case["w_out"].copy()), contexts_of(case), targets_of(case, 0)
    down = step_down(lambda w_in, w_out: sum(loss_of(w_in[row], w_out, targets) for row in contexts), *before)
    skipgram_ns_reference(**case)
    for after, first, exact in zip((case["w_in"], case["w_out"]), before, down):
        np.testing.assert_allclose((after - first) / lr, exact - first, rtol=0, atol=1e-5)


@each_sentence
@each_rate
def test_pairs_at_a_rate_at_which_they_do_not_see_the_moves_of_others(sentences, rate_in):
    case = one_example(sentences, share_negatives=False) | {"lr_first": 1e-8}
    before = case["w_in"].copy(), case["w_out"].copy()
    pairs = [(row, targets_of(case, ordinal)) for ordinal, row in enumerate(contexts_of(case))]

    def loss(w_in, w_out):
        return sum(loss_of(w_in[row], w_out, targets) for row, targets in pairs)

    expected = step_down(loss, *before, rate_in=rate_in)
    skipgram_ns_reference(**case, rate_in=rate_in)
    moves = [(case[name] - old) / 1e-8 for name, old in zip(("w_in", "w_out"), before)]
    for move, new, old in zip(moves, expected, before):
        np.testing.assert_allclose(move, new - old, rtol=0, atol=1e-6)
    np.testing.assert_allclose(case["tally"], [loss(*before), len(pairs), 1], rtol=1e-6)


@each_sentence
def test_pairs_of_a_step_are_scored_before_any_of_them_moves_and_move_in_turn(sentences):
    case = one_example(sentences, share_negatives=False)
    w_in, w_out, contexts = case["w_in"].copy(), case["w_out"].copy(), contexts_of(case)
    for first in range(0, len(contexts), PAIRS_PER_STEP):
        scored = w_in.copy(), w_out.copy()
        for ordinal, row in list(enumerate(contexts))[first : first + PAIRS_PER_STEP]:
            positive, *negatives = targets_of(case, ordinal)
            x = w_in[row].copy()
            for label, target in [(1, positive), *((0, row) for row in negatives if row != positive)]:
                error = label - 1 / (1 + np.exp(-scored[0][row] @ scored[1][target]))
                w_in[row] += error * w_out[target]
                w_out[target] += error * x
    skipgram_ns_reference(**case)
    assert_same((case["w_in"], case["w_out"]), (w_in, w_out))


def cbow_loss(case):
    contexts, targets = contexts_of(case), targets_of(case, 0)
    n_summed = len(contexts) if case["mean_context"] else 1
    return lambda w_in, w_out: loss_of(sum(w_in[row] for row in contexts) / n_summed, w_out, targets)


@each_sentence
@each_rate
@pytest.mark.parametrize("mode", [m for m in CBOW_MODES if m["mean_context"] == m["mean_gradient"]], ids=str)
def test_cbow(sentences, mode, rate_in):
    case = one_example(sentences, **mode)
    loss = cbow_loss(case)
    total = loss(case["w_in"], case["w_out"])
    expected = step_down(loss, case["w_in"], case["w_out"], rate_in=rate_in)
    cbow_ns_reference(**case, rate_in=rate_in)
    assert_same((case["w_in"], case["w_out"]), expected)
    np.testing.assert_allclose(case["tally"], [total, 1, 1])


@each_sentence
def test_cbow_of_word2vec_c_moves_contexts_by_their_number_times_the_gradient(sentences):
    case = one_example(sentences, mean_context=True, mean_gradient=False)
    w_in = case["w_in"].copy()
    down_in, down_out = step_down(cbow_loss(case), w_in, case["w_out"])
    cbow_ns_reference(**case)
    assert_same((case["w_in"], case["w_out"]), (w_in + len(contexts_of(case)) * (down_in - w_in), down_out))

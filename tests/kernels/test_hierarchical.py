"""Hierarchical softmax: parity in all modes, the gradient of its loss, and samples that do not depend on cuts."""

import numpy as np
import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import tree_case
from tests.kernels.harness import CBOW_MODES, SKIPGRAM_MODES, copy, rates, results
from tests.kernels.test_gradient import assert_same, linear_loss, loss_of, step_down, targets_of
from tests.kernels.test_parity import check

OPS_BY_NAME = {op.name: op for op in OPS}
MODES = [("skipgram_hs", mode) for mode in SKIPGRAM_MODES] + [("cbow_hs", mode) for mode in CBOW_MODES]
ALONE = {"negative": 0}
each_mode = pytest.mark.parametrize(
    ("name", "mode"),
    [MODES[0], MODES[2], *(pytest.param(*m, marks=pytest.mark.slow) for m in MODES[1:2] + MODES[3:])],
    ids=str,
)
each_name = pytest.mark.parametrize("name", ["skipgram_hs", "cbow_hs"])
each_loss = pytest.mark.parametrize("losses", [ALONE, {"negative": 3}], ids=["alone", "both"])
each_device = pytest.mark.parametrize("device", ["cpu", "cuda"])
VARIANTS = [
    {},
    {"begin": 0, "end": 60},
    *(
        pytest.param(variant, marks=pytest.mark.slow)
        for variant in (
            {"window": 6, "shrink_windows": False},
            {"shrink_windows": False},
            {"with_loss": False},
            {"window": 1},
            {"window": 11},
            {"window": 5},
        )
    ),
]


def case_of(name, size=60, dim=20, **changes):
    mode = dict(MODES)[name]
    return tree_case(np.random.default_rng(3), size, dim=dim) | mode | changes


def deep_tree(n_words):
    """Paths of words in a chain, the longest of which has n_words - 1 nodes."""
    steps = [
        [2 * (n_words - 2 - j) for j in range(word)] + [2 * (n_words - 2 - word) + 1] for word in range(n_words - 1)
    ]
    steps.append([2 * (n_words - 2 - j) for j in range(n_words - 1)])
    starts = np.cumsum([0, *map(len, steps)])
    return {"path_starts": starts, "path_steps": np.concatenate(steps).astype(np.int32)}


@each_device
@each_loss
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@each_mode
def test_parity_of_modes(name, mode, variant, losses, device):
    size = 36 if IS_SIMULATED else 60
    variant = {**variant, "end": min(variant.get("end", size), size)} if "end" in variant else variant
    check(OPS_BY_NAME[name], device, case_of(name, size) | mode | losses | variant)


@each_device
@each_name
def test_words_that_windows_repeat(name, device):
    case = case_of(name, 31, **ALONE)
    case["ids"] %= 3
    for changes in ({}, {"window": 6}):
        check(OPS_BY_NAME[name], device, case | changes)


@each_device
@pytest.mark.parametrize("n_words", [2, 3, 40, 97])
@each_name
def test_paths_of_any_length(name, n_words, device):
    """From 1 to 96 nodes, which fill tiles of both sizes to any part."""
    case = tree_case(np.random.default_rng(4), 40, dim=20, n_vocab=n_words) | dict(MODES)[name] | ALONE
    case |= deep_tree(n_words) | {"ids": (n_words - 1 - np.arange(40) % n_words).astype(np.int32)}
    case["keep"][:] = 1
    case["w_node"] *= 0.25  # rounding of 96 scores adds up
    check(OPS_BY_NAME[name], device, case)


@each_device
@each_name
def test_one_word_has_no_decision(name, device):
    case = tree_case(np.random.default_rng(4), 10, dim=20, n_vocab=1) | dict(MODES)[name] | ALONE
    after = results(OPS_BY_NAME[name], device, copy(case))
    assert after["tally"][0] == 0 < after["tally"][1]
    np.testing.assert_array_equal(after["w_in"], case["w_in"])


@pytest.mark.slow
@pytest.mark.parametrize("changes", [ALONE, {}, {"window": 6}])
@each_name
def test_rates_and_weights(name, changes):
    case = case_of(name, 60, dim=40)
    case["ids"] %= 7
    more = {"rate_in": rates(40), "centre_weight": np.resize(np.array([0, 0.5, 1, 2], np.float32), 60)}
    check(OPS_BY_NAME[name], "cpu", case | more | changes)


@pytest.mark.slow
@each_loss
@each_name
def test_a_span_may_be_cut_anywhere(name, losses):
    op, whole = OPS_BY_NAME[name], case_of(name, 60, begin=0, end=60, **losses)
    parts = copy(whole)
    for begin, end in ((0, 1), (1, 17), (17, 60)):
        parts |= results(op, "cpu", parts | {"begin": begin, "end": end})
    after = results(op, "cpu", copy(whole))
    for matrix in ("w_in", "w_node", "w_out"):
        assert parts[matrix].tobytes() == after[matrix].tobytes()
    np.testing.assert_allclose(parts["tally"], after["tally"])


@pytest.mark.slow
@each_name
def test_the_loss_changes_no_bit_and_may_be_tallied_alone(name):
    op, case = OPS_BY_NAME[name], case_of(name, 100, dim=100, **ALONE)
    with_loss, without = (results(op, "cpu", copy(case) | {"with_loss": on}) for on in (True, False))
    still = results(op, "cpu", copy(case) | {"moves_rows": False})
    for matrix in ("w_in", "w_node"):
        assert with_loss[matrix].tobytes() == without[matrix].tobytes()
        assert still[matrix].tobytes() == case[matrix].tobytes()
    assert with_loss["tally"][0] > 0 == without["tally"][0]
    slow = results(op, "reference", copy(case, np.float64) | {"lr_first": 0.0, "lr_step": 0.0})
    np.testing.assert_allclose(still["tally"], slow["tally"], rtol=1e-6)


@each_device
@each_name
def test_without_negatives_their_rows_stay(name, device):
    case = case_of(name, 30, **ALONE)
    after = results(OPS_BY_NAME[name], device, copy(case))
    assert after["w_out"].tobytes() == case["w_out"].tobytes()
    assert not after["w_node"][-1].tobytes() != case["w_node"][-1].tobytes()  # a row of no node
    left_out = {key: value for key, value in copy(case).items() if key not in ("w_out", "alias_prob", "alias_id")}
    OPS_BY_NAME[name].implementation("cpu")(**left_out)


@pytest.mark.skipif(IS_SIMULATED, reason="the simulator runs CUDA alone")
@each_name
def test_negatives_need_their_rows(name):
    case = {key: value for key, value in case_of(name).items() if key != "w_out"}
    with pytest.raises(TypeError, match="w_out, alias_prob or alias_id is None; with negative > 0"):
        OPS_BY_NAME[name].implementation("cpu")(**case)


def path_loss(x, w_node, case):
    """The sum of -log sigmoid of the scores, with the sign of the decision, over the nodes of the path to word 4."""
    steps = case["path_steps"][case["path_starts"][4] : case["path_starts"][5]]
    return -sum(np.log(1 / (1 + np.exp(-(1 - 2 * (step & 1)) * (x @ w_node[step >> 1])))) for step in steps)


@pytest.mark.parametrize("mode", [{"mean_context": True, "mean_gradient": True}, None], ids=["cbow", "skip-gram"])
@pytest.mark.parametrize("rate_in", [None, rates(9)], ids=["no rates", "rates"])
def test_the_move_is_minus_the_gradient(mode, rate_in):
    """Of hierarchical softmax first, then of negative sampling at the rows that the first step has moved.

    Skip-gram's contexts have the same negatives. They move in turn, by the tangents of their losses.
    """
    case = copy(tree_case(np.random.default_rng(6), 9, dim=6, n_vocab=9, negative=3), np.float64)
    case |= {"starts": np.array([0, 9]), "begin": 4, "end": 5, "lr_first": 1.0, "lr_step": 0.0, "shrink_windows": False}
    case |= {"keep": np.ones(9, np.float32), "ids": np.array([3, 1, 2, 1, 4, 2, 1, 0, 5], np.int32)}
    case |= mode or {"share_negatives": True}
    contexts = [1, 2, 1, 2, 1, 0]

    def total(score, w_in):
        if mode:
            return score(sum(w_in[row] for row in contexts) / len(contexts))
        return sum(score(w_in[row]) for row in contexts)

    targets = targets_of(case, 0)
    w_in, w_node, w_out = (case[name].copy() for name in ("w_in", "w_node", "w_out"))
    first = total(lambda x: path_loss(x, w_node, case), w_in)
    w_in, w_node = step_down(
        lambda rows, nodes: total(lambda x: path_loss(x, nodes, case), rows), w_in, w_node, rate_in=rate_in
    )
    second = total(lambda x: loss_of(x, w_out, targets), w_in)
    if mode:
        losses = [lambda rows, out: total(lambda x: loss_of(x, out, targets), rows)]
    else:  # contexts move in turn
        rows, of_each = np.array(contexts), dict.fromkeys(contexts)
        losses = [linear_loss((w_in, w_out), row, rows, targets=targets) for row in of_each]
    for loss in losses:
        w_in, w_out = step_down(loss, w_in, w_out, rate_in=rate_in)
    OPS_BY_NAME["cbow_hs" if mode else "skipgram_hs"].implementation("reference")(**case, rate_in=rate_in)
    assert_same([case[name] for name in ("w_in", "w_node", "w_out")], [w_in, w_node, w_out])
    np.testing.assert_allclose(case["tally"], [first + second, 1 if mode else 6, 1])

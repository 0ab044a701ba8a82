"""Weights of centres: a factor of the learning rate and of the loss; a token of weight 0 is no centre."""

import numpy as np
import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import span_case
from tests.kernels.harness import MODES, copy, rates, results, toy_case
from tests.kernels.test_parity import check
from tests.kernels.test_spans_on_gpu import Planned
from tests.kernels.test_spans_on_gpu import check as check_on_gpu

OPS_BY_NAME = {op.name: op for op in OPS}
BATCHED = [(f"{name}_batched", mode | {"batch_tokens": 16}) for name, mode in MODES]
each_mode = pytest.mark.parametrize(("name", "mode"), MODES, ids=str)
each_device = pytest.mark.parametrize("device", ["reference", "cpu", "cuda"])
PAIR_MODE = {"share_negatives": False, "window": 1, "shrink_windows": False}


def weights(n_tokens):
    """Weights 0, 0.5, 1 and 2 of the tokens, in turn."""
    return np.resize(np.array([0, 0.5, 1, 2], np.float32), n_tokens)


def pairs_case(pairs, **changes):
    """Explicit pairs as the trainer passes them: the second of two tokens is a centre, the first its only context."""
    case = toy_case(pairs, 9, **PAIR_MODE, **changes)
    return case | {"centre_weight": np.tile(np.array([0, 1], np.float32), len(pairs))}


def moved_rows(case, device, name="skipgram_ns"):
    """The rows of both matrices that an operation moves."""
    after = results(OPS_BY_NAME[name], device, copy(case))
    return [np.flatnonzero((after[w] != case[w]).any(axis=1)).tolist() for w in ("w_in", "w_out")]


def each_quick(cases):
    """The first case of skip-gram and of CBOW, and the others as slow tests."""
    return pytest.mark.parametrize(
        ("name", "mode"),
        [c if c in (cases[0], cases[2]) else pytest.param(*c, marks=pytest.mark.slow) for c in cases],
        ids=str,
    )


@each_quick([*MODES, *BATCHED])
def test_parity(name, mode):
    """With rows of one vector, as the other tests here; `test_parity_of_variants` has more."""
    case = span_case(np.random.default_rng(8), 150, dim=16) | mode
    check(OPS_BY_NAME[name], "cpu", case | {"centre_weight": weights(150)})


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), [*MODES, *BATCHED], ids=str)
@pytest.mark.parametrize("variant", [{"window": 11}, {"negative": 15}, {"window": 1, "shrink_windows": False}], ids=str)
def test_parity_of_variants(name, mode, variant):
    """With rates of rows too, and words that windows repeat."""
    case = span_case(np.random.default_rng(8), 150, dim=40) | mode | variant
    case["ids"] %= 7
    check(OPS_BY_NAME[name], "cpu", case | {"centre_weight": weights(150), "rate_in": rates(40)})


@pytest.mark.cuda
@each_mode
def test_parity_on_gpu(name, mode):
    case = span_case(np.random.default_rng(2), 40, dim=16, negative=3, n_vocab=20) | mode
    case |= {"ids": np.arange(40, dtype=np.int32) % 20, "centre_weight": weights(40)}
    check_on_gpu(Planned(name, chunk_tokens=1, max_warps=1), case)


@pytest.mark.parametrize(
    "name",
    [
        "skipgram_ns",
        "cbow_ns",
        pytest.param("skipgram_ns_batched", marks=pytest.mark.slow),
        pytest.param("cbow_ns_batched", marks=pytest.mark.slow),
    ],
)
def test_weights_of_1_change_no_bit(name):
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(5), 1) | span_case(np.random.default_rng(5), 100, dim=16)
    without, with_ones = (results(op, "cpu", copy(case | more)) for more in ({}, {"centre_weight": np.ones(100, "f")}))
    for array in ("w_in", "w_out"):
        assert without[array].tobytes() == with_ones[array].tobytes()
    np.testing.assert_array_equal(without["tally"][1:], with_ones["tally"][1:])
    np.testing.assert_allclose(without["tally"][0], with_ones["tally"][0])


@each_device
@each_mode
def test_a_weight_of_2_moves_twice_as_far_and_loses_twice_as_much(name, mode, device):
    """One centre with one context and one negative, so that no row moves before another."""
    case = toy_case([[1, 0]], 9, begin=1, end=2, lr_first=2.0**-6, negative=1) | mode
    once, twice = (
        results(OPS_BY_NAME[name], device, copy(case | {"centre_weight": np.array([0, w], np.float32)})) for w in (1, 2)
    )
    for array in ("w_in", "w_out"):
        np.testing.assert_allclose(twice[array] - case[array], 2 * (once[array] - case[array]), atol=1e-6)
        assert (once[array] != case[array]).any()
    np.testing.assert_allclose(twice["tally"], [2 * once["tally"][0], 1, 1])


@each_device
@each_mode
def test_a_token_of_weight_0_is_a_context_and_no_centre(name, mode, device):
    case = toy_case([[0, 1, 2]], 9, only_negative=8) | mode | {"centre_weight": np.array([0, 1, 0], np.float32)}
    assert moved_rows(case, device, name) == [[0, 2], [1, 8]]
    tally = results(OPS_BY_NAME[name], device, copy(case))["tally"]
    assert tally[1:].tolist() == [2 if name == "skipgram_ns" else 1, 3]


@each_device
def test_of_explicit_pairs_the_first_moves_an_input_row_and_the_second_an_output_row(device):
    assert moved_rows(pairs_case([[0, 1], [2, 3], [0, 3]], only_negative=8), device) == [[0, 2], [1, 3, 8]]


@each_device
def test_explicit_pairs_wherever_a_span_is_cut(device):
    """A cut between the two tokens of a pair leaves it to the second part."""
    whole = pairs_case([[0, 1], [2, 3], [0, 3], [4, 1], [5, 5]])
    parts = copy(whole)
    for begin, end in ((0, 3), (3, 4), (4, 10)):
        parts |= results(OPS_BY_NAME["skipgram_ns"], device, parts | {"begin": begin, "end": end})
    after = results(OPS_BY_NAME["skipgram_ns"], device, copy(whole))
    assert parts["tally"][1] == after["tally"][1] == 5
    for array in ("w_in", "w_out"):
        np.testing.assert_allclose(parts[array], after[array], rtol=0, atol=0 if device != "cuda" else 1e-6)


@pytest.mark.skipif(IS_SIMULATED, reason="the simulator runs CUDA alone")
@pytest.mark.parametrize("wrong", [np.ones(99, "f"), np.ones(100), np.ones((100, 1), "f")], ids=str)
def test_weights_that_do_not_fit_are_refused(wrong):
    op = OPS_BY_NAME["skipgram_ns"]
    with pytest.raises((TypeError, ValueError), match="centre_weight"):
        op.implementation("cpu")(**op.make_case(np.random.default_rng(1), 100), centre_weight=wrong)

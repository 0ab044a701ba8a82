"""Every operation on every device against its reference: one test, read off the registry."""

import numpy as np
import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import span_case
from tests.kernels.harness import assert_parity, copy, rates, results

SIZES = [1, 7, 31, 40] if IS_SIMULATED else [1, 7, 63, 100, 129]
OPS_BY_NAME = {op.name: op for op in OPS}


def check(op, device, case):
    truth = results(op, "reference", copy(case, np.float64))
    kernel = results(op, device, copy(case))
    assert_parity(kernel, results(op, "reference", copy(case)), truth)


def is_slow(op, size):
    """Whether span kernels compile once more for rows whose parts are those of 129 floats, too, or other kernels'."""
    is_other = op.name not in VARIANTS and not IS_SIMULATED
    has_own_tests = op.name.endswith(("_batched", "_subword_hs"))
    return "w_in" in op.updates and (size in (63, 100) or (is_other and (size in (1, 7) or has_own_tests)))


VARIANTS = {
    "skipgram_ns": [{"share_negatives": False}],
    "cbow_ns": [{"mean_context": False, "mean_gradient": False}, {"mean_gradient": False}, {"mean_context": False}],
}


@pytest.mark.parametrize(
    ("op", "device", "size"),
    [
        pytest.param(op, d, n, id=f"{op.name}-{d}-{n}", marks=pytest.mark.slow if is_slow(op, n) else ())
        for op in OPS
        for d in op.devices
        for n in SIZES
    ],
)
def test_parity(op, device, size):
    check(op, device, op.make_case(np.random.default_rng(size), size))


COMMON = [
    {"shrink_windows": False},
    {"window": 1},
    {"window": 5, "shrink_windows": False},
    {"window": 6, "shrink_windows": False},
    {"window": 11, "negative": 1},
    {"window": 17},
    {"negative": 8},
    {"negative": 20},
    {"with_loss": False},
    {"begin": 0, "end": None},
]


FEW = COMMON[:2] + COMMON[4:8]  # of which other tests show the same
each_device = pytest.mark.parametrize("device", ["cpu", "cuda"])
CASES = [(name, mode) for name in VARIANTS for mode in [{}, *VARIANTS[name]]]
CASES_BY_SPEED = [case if not case[1] else pytest.param(*case, marks=pytest.mark.slow) for case in CASES]


def case_of_rows_of_48(name, rng, n_tokens):
    """Rows of three vectors of 16 lanes, the last not full: what most tests here compile for."""
    return OPS_BY_NAME[name].make_case(rng, 1) | span_case(rng, n_tokens, dim=40)


@each_device
@pytest.mark.parametrize(
    "variant", [*COMMON[2:4], *COMMON[8:], *(pytest.param(v, marks=pytest.mark.slow) for v in FEW)], ids=str
)
@pytest.mark.parametrize(("name", "mode"), CASES_BY_SPEED, ids=str)
def test_parity_of_modes(name, mode, variant, device):
    n_tokens = 36 if IS_SIMULATED else 300
    case = case_of_rows_of_48(name, np.random.default_rng(3), n_tokens) | mode | variant
    case["end"] = case["end"] or n_tokens
    check(OPS_BY_NAME[name], device, case)


@each_device
@pytest.mark.parametrize("name", VARIANTS)
def test_rows_that_occur_many_times_learn_as_in_the_reference(name, device):
    op = OPS_BY_NAME[name]
    case = case_of_rows_of_48(name, np.random.default_rng(5), 31 if IS_SIMULATED else 63)
    case["ids"][:] %= 3  # three words: every window and every set of negatives repeats rows
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 3
    for mode in [{}, *VARIANTS[name], {"negative": 20}, {"window": 6}]:
        check(op, device, case | mode)


@each_device
@pytest.mark.parametrize("name", VARIANTS)
def test_padding_stays_zero(name, device):
    op = OPS_BY_NAME[name]
    dim = 20 if IS_SIMULATED else 129
    after = results(op, device, op.make_case(np.random.default_rng(6), dim))
    assert not after["w_in"][:, dim:].any()
    assert not after["w_out"][:, dim:].any()


RATED = [
    {"window": 5, "shrink_windows": False},
    {"window": 6, "shrink_windows": False},
    {"window": 11},
    {"negative": 15},
    {"negative": 15, "dim": 300},
]


@pytest.mark.parametrize("variant", [RATED[0], *(pytest.param(v, marks=pytest.mark.slow) for v in RATED[1:])], ids=str)
@pytest.mark.parametrize("n_words", [3, pytest.param(40, marks=pytest.mark.slow)])
@pytest.mark.parametrize(("name", "mode"), CASES_BY_SPEED, ids=str)
def test_a_rate_is_a_factor_of_each_move(name, mode, variant, n_words):
    """On the CPU; with three words every window repeats some. On a GPU see test_spans_on_gpu."""
    op, variant = OPS_BY_NAME[name], dict(variant)
    case = op.make_case(np.random.default_rng(8), 1)
    case |= span_case(np.random.default_rng(8), 100, dim=variant.pop("dim", 40)) | mode | variant
    case["ids"][:] %= n_words
    check(op, "cpu", case | {"rate_in": rates(40)})


@pytest.mark.parametrize("device", ["reference", "cpu", "cuda"])
@pytest.mark.parametrize(("name", "mode"), CASES, ids=str)
def test_a_row_of_rate_0_stays_as_it_is_to_the_byte(name, mode, device):
    """Also its -0.0 and its smallest numbers, to which adding 0.0 would give 0.0."""
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(9), 36) | {"window": 6, "begin": 0, "end": 36} | mode
    case |= {"ids": np.arange(36, dtype=np.int32) % 6, "keep": np.ones(40, np.float32), "rate_in": rates(40)}
    case["w_in"][:, ::3], case["w_in"][:, 1::3] = -0.0, -1e-45
    before = case["w_in"].view(np.int32).copy()
    after = results(op, device, case)["w_in"].view(np.int32)
    is_moved = (after != before).any(axis=1)
    assert np.flatnonzero(is_moved).tolist() == [1, 2, 4, 5]

"""Every operation on every device against its reference: one test, read off the registry."""

import numpy as np
import pytest
from harness import assert_parity, copy, results

from fastw2v_kernels._jit_cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS

SIZES = [1, 7, 31] if IS_SIMULATED else [1, 7, 63, 100, 129]
OPS_BY_NAME = {op.name: op for op in OPS}


def check(op, device, case):
    truth = results(op, "reference", copy(case, np.float64))
    kernel = results(op, device, copy(case))
    assert_parity(kernel, results(op, "reference", copy(case)), truth)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("op", "device"), [pytest.param(op, d, id=f"{op.name}-{d}") for op in OPS for d in op.devices])
def test_parity(op, device, size):
    check(op, device, op.make_case(np.random.default_rng(size), size))


VARIANTS = {
    "skipgram_ns": [{"share_negatives": False}],
    "cbow_ns": [{"mean_context": False, "mean_gradient": False}, {"mean_gradient": False}],
}
COMMON = [
    {"shrink_windows": False},
    {"window": 1},
    {"window": 11, "negative": 1},
    {"negative": 8},
    {"negative": 20},
    {"with_loss": False},
    {"begin": 0, "end": 300},
]


@pytest.mark.parametrize("variant", COMMON, ids=str)
@pytest.mark.parametrize(
    ("name", "mode"), [(name, mode) for name in VARIANTS for mode in [{}, *VARIANTS[name]]], ids=str
)
def test_parity_of_modes(name, mode, variant):
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(3), 300)
    dim = 40  # 300 tokens, but rows of 48
    case["w_in"], case["w_out"] = (np.ascontiguousarray(case[w][:, :48]) for w in ("w_in", "w_out"))
    case["w_in"][:, dim:] = case["w_out"][:, dim:] = 0
    check(op, "cpu", case | mode | variant)


@pytest.mark.parametrize("name", VARIANTS)
def test_rows_that_occur_many_times_learn_as_in_the_reference(name):
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(5), 63)
    case["ids"][:] %= 3  # three words: every window and every set of negatives repeats rows
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 3
    check(op, "cpu", case)
    check(op, "cpu", case | {"negative": 20})


@pytest.mark.parametrize("name", VARIANTS)
def test_padding_stays_zero(name):
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(6), 100)
    op.implementation("cpu")(**case)
    assert not case["w_in"][:, 100:].any()
    assert not case["w_out"][:, 100:].any()

"""Adam against the book's, its sparse form, and decayed moments."""

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from tests.kernels.harness import assert_parity, copy, results

OPS_BY_NAME = {op.name: op for op in OPS}


def case_of(name):
    return OPS_BY_NAME[name].make_case(np.random.default_rng(1), 20)


def run(name, device, case):
    return results(OPS_BY_NAME[name], device, case)


class BookAdam:
    """The book's Adam, for one array."""

    def __init__(self, lr=0.001, beta1=0.9, beta2=0.999):
        self.lr, self.beta1, self.beta2, self.iter, self.m, self.v = lr, beta1, beta2, 0, None, None

    def update(self, param, grad):
        if self.m is None:
            self.m, self.v = np.zeros_like(param), np.zeros_like(param)
        self.iter += 1
        lr_t = self.lr * np.sqrt(1.0 - self.beta2**self.iter) / (1.0 - self.beta1**self.iter)
        self.m += (1 - self.beta1) * (grad - self.m)
        self.v += (1 - self.beta2) * (grad**2 - self.v)
        param -= lr_t * self.m / (np.sqrt(self.v) + 1e-7)


@pytest.mark.parametrize("device", ["reference", "cpu"])
@pytest.mark.parametrize("name", ["adam", "sparse_adam"])
def test_ten_steps_of_adam(name, device):
    rng = np.random.default_rng(2)
    param = rng.normal(size=(37, 23)).astype(np.float32)
    expected, moments, book = param.copy(), np.zeros((2, 37, 23), np.float32), BookAdam()
    rows = {"rows": np.arange(37)} if name == "sparse_adam" else {}
    for step in range(1, 11):
        grad = rng.normal(size=(37, 23)).astype(np.float32) * (step <= 5)
        before = expected.copy()
        book.update(expected, grad)
        lr_t = 0.001 * np.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        OPS_BY_NAME[name].implementation(device)(
            param, grad, moments[0], v=moments[1], **rows, lr_t=lr_t, beta1=0.9, beta2=0.999
        )
        np.testing.assert_allclose(param, expected, rtol=0, atol=4e-7 * step)
        assert (expected != before).mean() > 0.99  # without gradient they still move


def test_sparse_adam_leaves_other_rows_alone():
    case = case_of("sparse_adam")
    before, others = copy(case), np.setdiff1d(np.arange(37), case["rows"])
    after = run("sparse_adam", "cpu", case)
    for name, array in after.items():
        np.testing.assert_array_equal(array[others], before[name][others])
        assert (array[case["rows"]] != before[name][case["rows"]]).any(axis=1).all()


def test_moments_that_have_decayed_become_zero_not_denormal():
    case = case_of("adam")
    case["m"][:], case["v"][:], case["grad"][:] = 1e-38, 1e-38, 0
    expected = run("adam", "reference", copy(case))["param"]
    after = run("adam", "cpu", case)
    np.testing.assert_array_equal(after["param"], expected)
    assert not after["m"].any()
    assert not after["v"].any()


def test_adam_of_a_vector_and_of_nothing():
    case = case_of("adam")
    for places in (slice(0, 1), slice(0, 0)):
        arrays = {name: case[name].ravel()[places] for name in ("param", "grad", "m", "v")}
        truth = run("adam", "reference", copy(case | arrays, np.float64))
        assert_parity(run("adam", "cpu", copy(case | arrays)), run("adam", "reference", copy(case | arrays)), truth)

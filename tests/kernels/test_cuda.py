"""Tests for CUDA alone: conflicting rows, ids that are not rows, messages about a missing GPU, CuPy's arrays."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import alias_table
from tests.kernels.harness import copy, results, to_device, to_host

OPS_BY_NAME = {op.name: op for op in OPS}
GB = 10**9
HAS_CUPY = importlib.util.find_spec("cupy") is not None
on_cuda = pytest.mark.cuda


def case_of(name, size=5, **changes):
    return OPS_BY_NAME[name].make_case(np.random.default_rng(1), size) | changes


def run(name, case, device="cuda"):
    return results(OPS_BY_NAME[name], device, case)


@on_cuda
def test_repeated_rows_add_up_over_warps_and_blocks():
    ids = np.random.default_rng(0).integers(0, 2, (30, 4))
    case = case_of("embedding_backward", scale=1.0, ids=ids, stale_ids=np.arange(2), dout=np.ones((30, 5), np.float32))
    dw = run("embedding_backward", case)["dw"]
    np.testing.assert_array_equal(dw[:2], np.bincount(ids.ravel())[:, None] * np.ones(5))


@on_cuda
def test_repeated_targets_add_up():
    targets = np.zeros((30, 6), np.int64)
    ones = {
        "h": np.ones((30, 5), np.float32),
        "probability": np.ones((30, 6), np.float32),
        "dh": np.zeros((30, 5), "f"),
    }
    case = case_of("dot_sigmoid_loss_backward", targets=targets, labels=np.zeros(6, np.float32), dout=30.0, **ones)
    case["stale_ids"][0] = 0
    assert (run("dot_sigmoid_loss_backward", case)["dw"][0] == 180).all()


@on_cuda
@pytest.mark.skipif(not cuda_jit.IS_SIMULATED, reason="counts the simulator's atomics")
def test_a_block_adds_to_the_loss_once(monkeypatch):
    from numba.cuda.simulator.kernelapi import FakeCUDAAtomic

    n_added, add = [], FakeCUDAAtomic.add
    monkeypatch.setattr(FakeCUDAAtomic, "add", lambda *args: n_added.append(1) or add(*args))
    monkeypatch.setattr(cuda_jit, "WARPS_PER_BLOCK", 3)
    case = case_of("dot_sigmoid_loss")
    expected = run("dot_sigmoid_loss", copy(case), "reference")["loss"]
    np.testing.assert_allclose(run("dot_sigmoid_loss", case)["loss"], expected, rtol=1e-6)
    assert len(n_added) == cuda_jit._MAX_BLOCKS


@pytest.mark.parametrize(("n_rows", "n_cols"), [(1, 1), (100, 100), (10_000, 100), (10**6, 100), (3, 5000), (10**6, 5)])
def test_a_launch_has_a_thread_for_each_column_and_few_more(monkeypatch, n_rows, n_cols):
    launched = []
    monkeypatch.setattr(cuda_jit, "_launch", lambda kernel, grid, block, *, args: launched.append((grid, block)))
    monkeypatch.setattr(cuda_jit, "_THREADS_PER_BLOCK", 512)
    monkeypatch.setattr(cuda_jit, "_ENOUGH_BLOCKS", 128)
    monkeypatch.setattr(cuda_jit, "_MAX_BLOCKS", 1 << 14)
    cuda_jit.launch_elements(None, n_rows, n_cols)
    (((n_parts, n_blocks), (width, height)),) = launched
    assert n_cols <= n_parts * width < n_cols + n_parts
    assert 1 <= n_blocks <= 1 << 14
    assert n_blocks * height >= n_rows or n_blocks == 1 << 14
    lanes = -(-width * height // 32) * 32
    assert lanes <= 512
    if n_rows >= 10_000:
        assert width * height / lanes > 0.97
    else:
        assert n_blocks >= min(n_rows, 100)


BAD_IDS = [-1, 37, 2**40, -(2**62)]


@on_cuda
@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_is_no_row_reads_nan(bad):
    case = case_of("embedding")
    case["ids"][3, 2] = bad
    assert np.isnan(run("embedding", case)["out"]).all(axis=1).tolist() == [False, False, False, True, False]
    case = case_of("dot_sigmoid_loss")
    case["targets"][3, 2] = bad
    after = run("dot_sigmoid_loss", case)
    assert np.isnan(after["loss"][0])
    assert np.argwhere(np.isnan(after["probability"])).tolist() == [[3, 2]]


@on_cuda
@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize(
    ("name", "ids"),
    [("embedding_backward", "ids"), ("embedding_backward", "stale_ids"), ("dot_sigmoid_loss_backward", "targets"),
     ("dot_sigmoid_loss_backward", "stale_ids"), ("sparse_adam", "rows")],
)  # fmt: skip
def test_an_id_that_is_no_row_writes_nothing(name, ids, bad):
    case, expected = case_of(name), case_of(name)
    case[ids].flat[-1] = bad
    expected[ids] = expected[ids].flatten()[:-1] if expected[ids].ndim == 1 else expected[ids]
    if expected[ids].ndim == 2:  # the example's other ids alone
        expected[ids][-1, -1] = case[ids].flat[0]
        touched = {case[ids].flat[0], case_of(name)[ids].flat[-1]}
    else:
        touched = set()
    others = np.setdiff1d(np.arange(37), list(touched))
    after, right = run(name, case), run(name, expected, "reference")
    for array in OPS_BY_NAME[name].updates:
        np.testing.assert_allclose(after[array][others], right[array][others], rtol=1e-5, atol=1e-6)


@on_cuda
@pytest.mark.parametrize("dtype", [np.int32, np.uint16])
@pytest.mark.parametrize("name", ["embedding", "dot_sigmoid_loss", "unigram_sampler", "sparse_adam", "unique_rows"])
def test_ids_of_any_integer_type(name, dtype):
    case, wide = case_of(name), case_of(name)
    for array in {"ids", "targets", "rows"} & set(case) - ({"rows"} if name == "unique_rows" else set()):
        case[array] = case[array].astype(dtype)
    expected = run(name, wide)
    for array, value in run(name, case).items():
        np.testing.assert_array_equal(value, expected[array])


@on_cuda
@pytest.mark.parametrize("name", ["embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward",
                                  "unigram_sampler", "unique_rows", "sparse_adam", "topk"])  # fmt: skip
def test_an_empty_batch(name):
    case = case_of(name)
    per_example = "ids out dout h targets probability dh rows scores best_scores best_rows".split()
    case |= {array: case[array][:0] for array in per_example if isinstance(case.get(array), np.ndarray)}
    expected = run(name, copy(case), "reference")
    for array, value in run(name, case).items():
        np.testing.assert_array_equal(value, expected[array])


@on_cuda
@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("weights", [np.arange(1, 41) ** -0.75, np.r_[1e12, np.ones(9)], np.ones(7)], ids=len)
def test_the_sampler_draws_what_the_reference_draws(weights, distinct):
    """The mass on one word makes it scan the table, which few draws in a corpus do."""
    alias_prob, alias_id = alias_table(np.array(weights, float))
    case = {
        "alias_prob": alias_prob,
        "alias_id": alias_id,
        "targets": np.arange(9) % len(weights),
        "distinct": distinct,
    }
    case |= {"seed": 2**64 - 1, "first_draw": 2**40, "out": np.zeros((9, 6), np.int32)}
    expected = run("unigram_sampler", {**case, "out": np.zeros((9, 6), np.int32)}, "reference")["out"]
    np.testing.assert_array_equal(run("unigram_sampler", case)["out"], expected)


@on_cuda
def test_too_few_words_leave_no_negative():
    alias_prob, alias_id = alias_table(np.ones(4))
    case = {"alias_prob": alias_prob, "alias_id": alias_id, "targets": np.array([2]), "seed": 1, "first_draw": 0}
    out = run("unigram_sampler", case | {"distinct": True, "out": np.zeros((1, 5), np.int32)})["out"]
    assert sorted(out[0]) == [-1, -1, 0, 1, 3]


@on_cuda
@pytest.mark.parametrize("ids", [[5], [5, 2, 5], [36, 0, 36, 0, 7] * 20], ids=len)
def test_unique_rows_come_in_the_order_of_first_occurrence(ids):
    case = case_of("unique_rows", ids=np.array(ids, np.int64), rows=np.zeros(len(ids), np.int64))
    found, expected = run("unique_rows", case), list(dict.fromkeys(ids))
    assert found["n_unique"] == len(expected)
    np.testing.assert_array_equal(found["rows"], expected + [-1] * (len(ids) - len(expected)))


@pytest.mark.parametrize("device", ["reference", "cpu", "cuda"])
def test_blocks_of_scores_leave_the_best_of_all(device):
    rng = np.random.default_rng(4)
    scores = rng.integers(0, 40, (3, 500)).astype(np.float32)  # many are equal
    scores[0, ::3], scores[1, 5:] = np.nan, -np.inf
    there = to_device if device == "cuda" else dict
    best = there({"best_scores": np.full((3, 9), -np.inf, np.float32), "best_rows": np.full((3, 9), -1, np.int64)})
    for first in range(0, 500, 137):
        block = there({"scores": np.ascontiguousarray(scores[:, first : first + 137])})
        OPS_BY_NAME["topk"].implementation(device)(**block, first_row=first, **best)
    for q, line in enumerate(scores):
        good = [row for row in range(500) if line[row] > -np.inf]
        expected = (sorted(good, key=lambda row: (-line[row], row)) + [-1] * 9)[:9]
        assert to_host(best["best_rows"])[q].tolist() == expected
        expected_scores = [line[row] if row >= 0 else -np.inf for row in expected]
        np.testing.assert_array_equal(to_host(best["best_scores"])[q], expected_scores)


@on_cuda
@pytest.mark.parametrize("name", [op.name for op in OPS if "cuda" in op.devices])
def test_arrays_that_do_not_fit_are_refused(name):
    op, case = OPS_BY_NAME[name], case_of(name)
    for array, fit in case.items():
        if isinstance(fit, np.ndarray) and (name, array) != ("unique_rows", "ids"):  # which may have any shape
            for unfit in (fit.astype(np.complex64), fit[None]):
                with pytest.raises((TypeError, ValueError), match="expected"):
                    op.implementation("cuda")(**to_device(case | {array: unfit}))


@pytest.mark.skipif(cuda_jit.cuda_status() is None, reason="there is a GPU, or the simulator")
@pytest.mark.parametrize(("option", "outcome"), [((), "1 deselected"), (("--require-cuda",), "1 error")])
def test_without_a_gpu_a_test_is_left_out_and_where_one_is_required_it_fails(option, outcome):
    test = f"{__file__}::test_too_few_words_leave_no_negative"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *option, test]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome in done.stdout.splitlines()[-1]


# The tests below need no GPU: packages, driver and memory are replaced by stand-ins.

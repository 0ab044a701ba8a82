"""What parity on one set of cases does not show about the operations under the book's layers."""

import importlib
import multiprocessing
import os

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared import threads as threads_cpu
from fastw2v_kernels.shared.memory import zeros_in_large_pages
from tests.kernels.harness import assert_parity, copy, results

BOOK = ["embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward"]
BOOK += ["unigram_sampler", "adam", "sparse_adam"]
OPS_BY_NAME = {op.name: op for op in OPS}
IDS = {
    "embedding": ["ids"],
    "embedding_backward": ["stale_ids", "ids"],
    "dot_sigmoid_loss": ["targets"],
    "dot_sigmoid_loss_backward": ["targets", "stale_ids"],
    "unigram_sampler": ["targets"],
    "sparse_adam": ["rows"],
    "unique_rows": ["ids"],
}


def case_of(name, size=20, seed=1, **changes):
    return OPS_BY_NAME[name].make_case(np.random.default_rng(seed), size) | changes


def run(name, device, case):
    return results(OPS_BY_NAME[name], device, case)


def check(name, case):
    truth = run(name, "reference", copy(case, np.float64))
    assert_parity(run(name, "cpu", copy(case)), run(name, "reference", copy(case)), truth)


@pytest.fixture
def many_threads(monkeypatch):
    """Let the smallest of calls use threads."""
    for name in BOOK:
        monkeypatch.setattr(importlib.import_module(f"fastw2v_kernels.{name}.cpu"), "_WORK_PER_THREAD", 1)
    before = threads_cpu.set_max_threads(3)
    yield
    threads_cpu.set_max_threads(before)


@pytest.mark.parametrize("size", [1, 2, 50, 100])
@pytest.mark.parametrize("name", BOOK)
def test_threads_do_not_change_a_bit(name, size, many_threads):
    case = case_of(name, size)
    one, *others = (_with_threads(n, name, copy(case)) for n in (1, 2, 3))
    for other in others:
        for array in one:
            np.testing.assert_array_equal(other[array].view(np.uint8), one[array].view(np.uint8))


def _with_threads(n, name, case):
    threads_cpu.set_max_threads(n)
    return run(name, "cpu", case)


def test_threads_are_used_from_a_size_on():
    assert threads_cpu.threads_for(99, 100) == 1
    before = threads_cpu.set_max_threads(3)
    assert [threads_cpu.threads_for(work, 100) for work in (0, 199, 200, 10_000)] == [1, 1, 2, 3]
    threads_cpu.set_max_threads(before)
    with pytest.raises(ValueError, match="n_threads is 0"):
        threads_cpu.set_max_threads(0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_makes_threads_of_its_own(many_threads):
    run("embedding", "cpu", case_of("embedding"))
    child = multiprocessing.get_context("fork").Process(target=run, args=("embedding", "cpu", case_of("embedding")))
    child.start()
    child.join(60)
    child.kill()
    assert child.exitcode == 0


@pytest.mark.parametrize("ids", [[], [5], [5, 2, 5], [36, 0, 36, 0, 7]], ids=str)
@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_unique_rows_come_in_the_order_of_first_occurrence(device, ids):
    case = case_of("unique_rows", ids=np.array(ids, np.int64), rows=np.zeros(len(ids), np.int64))
    found, expected = run("unique_rows", device, case), list(dict.fromkeys(ids))
    assert found["n_unique"] == len(expected)
    np.testing.assert_array_equal(found["rows"], expected + [-1] * (len(ids) - len(expected)))
    assert not case["marks"].any()


@pytest.mark.parametrize("array", ["marks", "rows", "n_unique"])
def test_arrays_that_do_not_fit_unique_rows_are_refused(array):
    case = case_of("unique_rows")
    fit = case[array]
    unfit = [fit.astype(np.float32), fit.astype(np.int8), fit[None]]
    unfit += [] if array == "n_unique" else [np.tile(fit, 2)[::2]]
    unfit += [] if array == "marks" else [fit[1:]]
    for value in unfit:
        with pytest.raises((TypeError, ValueError), match=f"{array} has "):
            OPS_BY_NAME["unique_rows"].implementation("cpu")(**case | {array: value})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(0, 4), (3, 5), (10_000, 100)])
def test_large_pages_hold_an_array_like_any_other(shape, dtype):
    array = zeros_in_large_pages(shape, dtype)
    assert array.shape == shape
    assert array.dtype == dtype
    assert array.flags.carray
    assert not array.any()
    assert array.nbytes < 2**21 or array.ctypes.data % 2**21 == 0


def test_repeated_rows_accumulate_as_add_at():
    case = case_of("embedding_backward", 100, scale=1.0, ids=np.random.default_rng(0).integers(0, 3, (100, 4)))
    expected = case["dw"].copy()
    expected[case["stale_ids"]] = 0
    np.add.at(expected, case["ids"], case["dout"][:, None])
    np.testing.assert_array_equal(run("embedding_backward", "cpu", case)["dw"], expected)


@pytest.mark.parametrize("name", ["embedding_backward", "dot_sigmoid_loss_backward"])
def test_only_stale_rows_are_cleared(name):
    ids = "ids" if name == "embedding_backward" else "targets"
    case = case_of(name, stale_ids=np.array([30, 5, 30]), **{ids: np.full((20, 6), 30)})
    before = case["dw"].copy()
    after = run(name, "cpu", case | {"labels": np.zeros(6, np.float32)} if "labels" in case else case)["dw"]
    others = np.setdiff1d(np.arange(37), [5, 30])
    np.testing.assert_array_equal(after[others], before[others])
    assert not after[5].any()
    check(name, case)


@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint16])
@pytest.mark.parametrize("name", IDS)
def test_ids_of_any_integer_type(name, dtype):
    case = case_of(name)
    expected = run(name, "cpu", copy(case))
    same = run(name, "cpu", copy(case) | {ids: case[ids].astype(dtype) for ids in IDS[name]})
    for array in expected:
        np.testing.assert_array_equal(same[array], expected[array])


@pytest.mark.parametrize("bad", [-1, 1000, 2**40, -(2**62)])
@pytest.mark.parametrize(("name", "ids"), [(name, ids) for name in IDS for ids in IDS[name]])
def test_an_id_that_is_not_a_row_is_named_and_nothing_is_written(name, ids, bad, many_threads):
    case = case_of(name)
    case[ids].flat[-1] = bad
    written = {**OPS_BY_NAME[name].outputs(case), **{array: case[array] for array in OPS_BY_NAME[name].updates}}
    before = {array: value.copy() for array, value in written.items()}
    with pytest.raises(IndexError, match=rf"{ids} has {bad} at position .* expected ids from 0 to \d+"):
        OPS_BY_NAME[name].implementation("cpu")(**case)
    for array, value in written.items():
        np.testing.assert_array_equal(value, before[array])


def _arrays():
    for name in BOOK:
        for array, value in case_of(name).items():
            if isinstance(value, np.ndarray) and array not in ("loss", *IDS.get(name, [])):
                yield pytest.param(name, array, id=f"{name}-{array}")


@pytest.mark.parametrize(("name", "array"), list(_arrays()))
def test_arrays_that_do_not_fit_are_refused(name, array):
    case, op = case_of(name), OPS_BY_NAME[name]
    fit = case[array]
    unfit = [fit.astype(np.float64), fit.astype(np.int64), np.asfortranarray(np.tile(fit, 2))[..., ::2], fit[None]]
    if array != next(iter(case)):  # the others must have its number of rows, or the ids'
        unfit.append(fit[1:])
    if (name, array) != ("unigram_sampler", "out"):  # which may have any number of columns
        unfit.append(fit[..., 1:].copy())
    for value in unfit:
        with pytest.raises((TypeError, ValueError), match=f"{array} has |expected"):
            op.implementation("cpu")(**case | {array: value})
    fit.flags.writeable = False
    if array in {*op.outputs(case), *op.updates}:
        with pytest.raises(ValueError, match=f"{array} is read-only"):
            op.implementation("cpu")(**case)
    else:
        op.implementation("cpu")(**case)


@pytest.mark.parametrize("name", IDS)
def test_ids_that_are_not_integers_are_refused(name):
    for ids in IDS[name]:
        case = case_of(name)
        with pytest.raises(TypeError, match=f"{ids} has dtype float64; expected integers"):
            OPS_BY_NAME[name].implementation("cpu")(**case | {ids: case[ids] + 0.5})


@pytest.mark.parametrize("name", [name for name in BOOK if name != "adam"])
def test_an_empty_batch(name):
    case = case_of(name)
    per_example = ["ids", "out", "dout", "h", "targets", "probability", "dh", "rows"]
    case |= {array: case[array][:0] for array in per_example if isinstance(case.get(array), np.ndarray)}
    check(name, case)
    if "loss" in case:
        assert case["loss"][0] == 0
    for device in ("cpu", "reference"):
        after = run(name, device, copy(case) | ({"stale_ids": np.arange(37)} if "stale_ids" in case else {}))
        assert not after["dw"].any() if "dw" in after else True


@pytest.mark.parametrize("score", [100.0, -100.0, 1e30, 30.0, -8.0])
def test_extreme_scores_do_not_overflow(score):
    case = case_of("dot_sigmoid_loss", 16)
    case["w"][:], case["h"][:] = 1 / 16, score
    check("dot_sigmoid_loss", case)
    run("dot_sigmoid_loss", "cpu", case)
    assert case["loss"][0] < 6 * 1.01 * -np.log(1e-7)


def test_a_loss_of_many_improbable_targets_does_not_underflow():
    case = case_of("dot_sigmoid_loss", 16, targets=np.zeros((16, 300), np.int64), labels=np.ones(300, np.float32))
    case["w"][:], case["h"][:] = -1, 1
    check("dot_sigmoid_loss", case | {"probability": np.zeros((16, 300), np.float32)})


def test_nan_in_a_row_shows_in_the_loss():
    case = case_of("dot_sigmoid_loss")
    case["w"][case["targets"][3, 2], 7] = np.nan
    OPS_BY_NAME["dot_sigmoid_loss"].implementation("cpu")(**case)
    assert np.isnan(case["loss"][0])
    assert np.isnan(case["probability"][3, 2])


@pytest.mark.parametrize("argument", ["w", "h"])
def test_gradient_of_the_loss_by_central_differences(argument):
    forward = copy(case_of("dot_sigmoid_loss", 7), np.float64)
    forward["w"] *= 0.2  # the gradient leaves out the loss's 1e-7, so no probability may come near it
    run("dot_sigmoid_loss", "reference", forward)
    backward = {name: forward[name] for name in ("w", "h", "targets", "labels", "probability")}
    backward |= {"dout": 1.0, "stale_ids": np.arange(37), "dh": np.zeros((7, 7)), "dw": np.ones((37, 7))}
    run("dot_sigmoid_loss_backward", "reference", backward)
    differences = np.zeros_like(forward[argument])
    for place in np.ndindex(differences.shape):
        for step in (1e-6, -1e-6):
            moved = copy(forward, np.float64)
            moved[argument][place] += step
            run("dot_sigmoid_loss", "reference", moved)
            differences[place] += moved["loss"][0] / (2 * step)
    np.testing.assert_allclose(backward[f"d{argument}"], differences, rtol=1e-6, atol=1e-7)

"""Helpers of the kernel tests: copies of cases, poison, truth in float64, the parity rule, toys, other processes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

import fastw2v
import fastw2v_kernels
from fastw2v_kernels._jit.cuda import array_module

EPS = np.finfo(np.float32).eps
KERNELS = Path(fastw2v_kernels.__file__).parent
PACKAGE = Path(fastw2v.__file__).parent
SKIPGRAM_MODES = [{"share_negatives": True}, {"share_negatives": False}]
CBOW_MODES = [
    {"mean_context": True, "mean_gradient": True},
    {"mean_context": True, "mean_gradient": False},
    {"mean_context": False, "mean_gradient": False},
    {"mean_context": False, "mean_gradient": True},
]
MODES = [("skipgram_ns", mode) for mode in SKIPGRAM_MODES] + [("cbow_ns", mode) for mode in CBOW_MODES]


def rates(n_vocab):
    """Factors 0, 0.5 and 1 of the moves of the input rows, in turn."""
    return np.resize(np.array([0, 0.5, 1], np.float32), n_vocab)


def copy(case, float_type=np.float32):
    """Copies of the arguments, with float32 arrays as `float_type`."""
    return {name: _copy(value, float_type) for name, value in case.items()}


def _copy(value, float_type):
    if not isinstance(value, np.ndarray):
        return value
    with np.errstate(invalid="ignore"):  # an output may hold anything, a signalling NaN too
        return value.astype(float_type if value.dtype == np.float32 else value.dtype)


def poison(array):
    array[...] = np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).max // 3


def is_poisoned(array):
    return np.isnan(array) if array.dtype.kind == "f" else array == np.iinfo(array.dtype).max // 3


def results(op, device, case):
    """Poison the outputs, run the operation, and return the arrays that it wrote or changed, as NumPy arrays."""
    for array in op.outputs(case).values():
        poison(array)
    if device != "cuda":
        op.implementation(device)(**case)
        return written(op, case)
    there = to_device(case)
    op.implementation(device)(**there)
    return {name: to_host(array) for name, array in written(op, there).items()}


def written(op, case):
    """The arrays that a call writes or changes, by name."""
    return {**op.outputs(case), **{name: case[name] for name in op.updates}}


def to_device(case):
    """The case with its arrays on the GPU; in the simulator they stay."""
    return {
        name: array_module().asarray(value) if isinstance(value, np.ndarray) else value for name, value in case.items()
    }


def to_host(array):
    return array if isinstance(array, np.ndarray) else array.get()


def assert_parity(kernel, reference, truth):
    """max|kernel - truth| <= 2 max|reference - truth| + 4 eps, relative to the largest value; integers are equal."""
    for name, exact in truth.items():
        assert not is_poisoned(kernel[name]).any(), f"{name}: not every element was written"
        if exact.dtype.kind != "f":
            np.testing.assert_array_equal(kernel[name], exact, err_msg=name)
            continue
        scale = max(1.0, np.abs(exact).max(initial=0))
        allowed = 2 * np.abs(reference[name] - exact).max(initial=0) + 4 * EPS * scale
        assert np.abs(kernel[name] - exact).max(initial=0) <= allowed, name


def toy_case(sentences, n_vocab, only_negative=None, **changes):
    """Arguments of a span kernel: no subsampling, whole windows, negatives uniform or all one row."""
    rng = np.random.default_rng(7)
    n_tokens = sum(map(len, sentences))
    alias_id = np.arange(n_vocab) if only_negative is None else np.full(n_vocab, only_negative)
    return {
        "w_in": rng.normal(0, 0.5, (n_vocab, 16)).astype(np.float32),
        "w_out": rng.normal(0, 0.5, (n_vocab, 16)).astype(np.float32),
        "ids": np.concatenate(sentences).astype(np.int32),
        "starts": np.cumsum([0, *map(len, sentences)]),
        "keep": np.ones(n_vocab, np.float32),
        "alias_prob": np.zeros(n_vocab, np.float32),
        "alias_id": alias_id.astype(np.int32),
        "begin": 0,
        "end": n_tokens,
        "lr_first": 0.05,
        "lr_step": 0.0,
        "seed": 1,
        "epoch": 0,
        "window": 5,
        "negative": 5,
        "shrink_windows": False,
        "with_loss": True,
        "tally": np.zeros(3),
    } | changes


def run_python(code, *args, **environment):
    """Run `code` in a new interpreter on the sources under test, and return its output."""
    path = os.pathsep.join([str(PACKAGE.parent), str(KERNELS.parent)])
    command = [sys.executable, "-W", "error", "-c", code, *args]
    environment = os.environ | environment | {"PYTHONPATH": path}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout

"""What the kernel tests share: copies of cases, poison, truth in float64, and the parity rule."""

import numpy as np

EPS = np.finfo(np.float32).eps


def copy(case, float_type=np.float32):
    """The same arguments in arrays of their own; float32 ones as `float_type`."""
    return {name: _copy(value, float_type) for name, value in case.items()}


def _copy(value, float_type):
    if not isinstance(value, np.ndarray):
        return value
    return value.astype(float_type if value.dtype == np.float32 else value.dtype)


def poison(array):
    array[...] = np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).max // 3


def is_poisoned(array):
    return np.isnan(array) if array.dtype.kind == "f" else array == np.iinfo(array.dtype).max // 3


def results(op, function, case):
    """Run `function` on the case, its outputs poisoned first; return what it wrote and changed."""
    for array in op.outputs(case).values():
        poison(array)
    function(**case)
    return {**op.outputs(case), **{name: case[name] for name in op.updates}}


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

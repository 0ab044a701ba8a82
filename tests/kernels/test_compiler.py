"""The compiler that kernels have of their own."""

import gc

import numpy as np
import pytest
from numba import TypingError

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._simd.shape import Shape


@inline_cpu
def _half(x):
    return x / 2


@inline_cpu
def _quarter(x):
    return _half(_half(x))


@jit_cpu
def _shared_part(x, n):
    """Its own call of `_half` falls away before the parts are linked."""
    if n < 0 and n > 0:
        return _half(x)
    return _quarter(x)


@jit_cpu
def _untypable(x):
    return x.no_such_attribute


@jit_cpu
def _chosen_by_shape(x, shape):
    return x.no_such_attribute if shape.with_loss else x + shape.n_tile


def test_only_what_a_shape_chooses_is_compiled():
    assert _chosen_by_shape(8, Shape.of(16, 6, with_loss=False)) == 14
    with pytest.raises(TypingError, match="no_such_attribute"):
        _chosen_by_shape(8, Shape.of(16, 6, with_loss=True))


def test_a_part_is_found_where_only_another_part_still_calls_it():
    assert _shared_part(8.0, 1) == 2.0


@pytest.mark.parametrize("is_on", [True, False])
def test_compiling_leaves_the_garbage_collector_as_it_was(is_on):
    before = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        _shared_part(np.float32(8), is_on)
        assert gc.isenabled() == is_on
        with pytest.raises(TypingError, match="no_such_attribute"):
            _untypable(1.0)
        assert gc.isenabled() == is_on
    finally:
        (gc.enable if before else gc.disable)()

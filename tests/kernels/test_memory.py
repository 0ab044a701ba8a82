"""Memory of kernels: it shares no cache line with other memory, and a thread reuses it from call to call."""

import threading

import numpy as np
import pytest

from fastw2v_kernels._simd import Shape
from fastw2v_kernels.shared.memory import aligned, cache_per_thread
from fastw2v_kernels.shared.span.scoring_cpu import step_buffers
from fastw2v_kernels.shared.span.walk_cpu import kept_tokens_buffer

PAIR_OF_LINES = 128  # bytes


def has_lines_of_its_own(array):
    """Whether every pair of cache lines that holds some of the array belongs to its allocation as a whole."""
    buffer = array
    while buffer.base is not None:
        buffer = buffer.base
    first, last = array.ctypes.data // PAIR_OF_LINES, (array.ctypes.data + array.nbytes - 1) // PAIR_OF_LINES
    begin = buffer.ctypes.data
    return begin <= first * PAIR_OF_LINES and (last + 1) * PAIR_OF_LINES <= begin + buffer.nbytes


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
@pytest.mark.parametrize("shape", [(1,), (3,), (1, 16), (5, 7), (1000, 112)])
def test_aligned_arrays_are_zero_and_share_no_line(shape, dtype):
    arrays = [aligned(shape, dtype) for _ in range(5)]
    assert all(has_lines_of_its_own(array) and array.ctypes.data % PAIR_OF_LINES == 0 for array in arrays)
    assert all((array.shape, array.dtype) == (shape, dtype) and not array.any() for array in arrays)


def test_working_memory_shares_no_line():
    step = step_buffers(Shape.of(112, 6, False), 5, n_sets=4, n_inputs=10)
    assert all(map(has_lines_of_its_own, [*step._replace(pairs=step.targets), *step.pairs, *kept_tokens_buffer(5)]))


def test_targets_of_an_earlier_call_are_forgotten():
    first = step_buffers(Shape.of(112, 6, False), 5, n_sets=4, n_inputs=10)
    first.targets[:] = 41_660
    assert step_buffers(Shape.of(112, 6, False), 5, n_sets=4, n_inputs=10).targets is first.targets
    assert not first.targets.any()


def test_a_thread_keeps_what_it_was_given_while_it_asks_for_the_same():
    made = []

    @cache_per_thread
    def new(size, fill=0):
        made.append((size, fill))
        return [fill] * size

    mine = new(2)
    assert new(2) is mine
    assert new(2, fill=1) == [1, 1]
    assert new(2) is not mine
    others = []
    thread = threading.Thread(target=lambda: others.append(new(2)))
    thread.start()
    thread.join()
    assert others[0] is not new(2)
    assert made == [(2, 0), (2, 1), (2, 0), (2, 0)]

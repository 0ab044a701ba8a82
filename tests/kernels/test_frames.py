"""Every array of a kernel, and its working memory, in a frame of guard bytes: a store past an array changes them.

SIMD stores bypass Numba's bounds check. The suite with NUMBA_BOUNDSCHECK=1 finds every one that leaves its array; this
test takes the kernels as they are compiled for use.
"""

import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared import memory
from tests.kernels.harness import MODES, copy
from tests.kernels.test_parity import COMMON, OPS_BY_NAME, is_slow

GUARD, GUARD_BYTES = 0xA5, 4096  # a multiple of what `aligned` aligns to


SLOW = pytest.mark.slow  # all but those that test_parity compiles too
VARIANTS = [{"vector_size": 48}, *({"vector_size": 48} | variant for variant in COMMON)]


class Frames:
    """Arrays with guard bytes before and behind them."""

    def __init__(self):
        self._buffers = []

    def empty(self, shape, dtype=np.float32):
        n_bytes = int(np.prod(shape)) * np.dtype(dtype).itemsize
        buffer = memory_of((GUARD_BYTES + n_bytes + GUARD_BYTES,), np.uint8)
        buffer[:] = GUARD
        self._buffers.append((buffer, n_bytes))
        return buffer[GUARD_BYTES : GUARD_BYTES + n_bytes].view(dtype).reshape(shape)

    def zeros(self, shape, dtype=np.float32):
        array = self.empty(shape, dtype)
        array[...] = 0
        return array

    def framed(self, array):
        framed = self.empty(array.shape, array.dtype)
        framed[...] = array
        return framed

    def broken(self):
        """How many frames were written to."""
        return sum(
            not ((buffer[:GUARD_BYTES] == GUARD).all() and (buffer[GUARD_BYTES + n_bytes :] == GUARD).all())
            for buffer, n_bytes in self._buffers
        )


memory_of = memory.aligned
CPU_OPS = [op for op in OPS if "cpu" in op.devices]
for _op in CPU_OPS:
    _op.implementation("cpu")  # imported before the fixture replaces `aligned` in each module


@pytest.fixture
def frames(monkeypatch):
    """Frames, from which the kernels take their working memory as well."""
    made = Frames()
    for module in [module for name, module in sys.modules.items() if name.startswith("fastw2v_kernels")]:
        if getattr(module, "aligned", None) is memory_of:
            monkeypatch.setattr(module, "aligned", made.zeros)
    return made


def run(op, case, frames):
    """Run an operation on framed arrays, in a new thread, which makes its working memory anew."""
    framed = {name: frames.framed(value) if isinstance(value, np.ndarray) else value for name, value in case.items()}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(op.implementation("cpu"), **framed).result()
    return frames.broken()


@pytest.mark.parametrize(
    ("op", "size"),
    [
        pytest.param(op, n, id=f"{op.name}-{n}", marks=SLOW if n != 129 or is_slow(op, n) else ())
        for op in CPU_OPS
        for n in (129, 1, 7, 63)
    ],
)
def test_no_operation_writes_past_its_arrays(op, size, frames):
    assert run(op, copy(op.make_case(np.random.default_rng(size), size)), frames) == 0


@pytest.mark.parametrize(
    "variant", [*VARIANTS[:1], *(pytest.param(v, marks=pytest.mark.slow) for v in VARIANTS[1:])], ids=str
)
@pytest.mark.parametrize(("name", "mode"), MODES[:4], ids=str)
def test_no_mode_of_training_writes_past_its_arrays(name, mode, variant, frames):
    op = OPS_BY_NAME[name]
    case = op.make_case(np.random.default_rng(3), 1100) | mode  # more tokens than one pass takes
    changes = dict(variant)
    if (dim := changes.pop("vector_size", None)) is not None:
        case["w_in"], case["w_out"] = (np.ascontiguousarray(case[w][:, :dim]) for w in ("w_in", "w_out"))
    case |= changes
    case["end"] = len(case["ids"]) if case["end"] is None else case["end"]
    assert run(op, case, frames) == 0
    assert len(frames._buffers) > len([value for value in case.values() if isinstance(value, np.ndarray)])


def test_a_frame_shows_a_write_on_either_side():
    for byte in (-1, 8):
        frames = Frames()
        array = frames.zeros((2,), np.float32)
        assert frames.broken() == 0
        buffer, _ = frames._buffers[0]
        buffer[GUARD_BYTES + byte] = 0
        assert frames.broken() == 1
        assert not array.any()

"""Every CUDA kernel compiles to machine code, without a GPU and without spilling registers to memory.

`pytest tests/kernels/test_ptx.py -s` prints registers and spills.
"""

import importlib.util
import re
from types import SimpleNamespace

import numpy as np
import pytest
from divergence import divergent_collectives

from fastw2v_kernels import _jit_cuda
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared import launch_span_cuda, span_shape

TARGETS = [(8, 0), (9, 0)]
SIZE = 100
CUDA_OPS = [op for op in OPS if "cuda" in op.devices]
VARIANTS = {  # kernels that the operation's case does not reach
    "unigram_sampler": [{"distinct": False}],
    "skipgram_ns": [{"share_negatives": False}, {"negative": 20}],
    "cbow_ns": [{"mean_context": False, "mean_gradient": False}, {"negative": 20}],
}
SIZES = {"skipgram_ns": [100, 128, 300, 1024], "cbow_ns": [100, 128, 300, 1024]}  # dimensions; else SIZE
CASES = [(op, size) for op in CUDA_OPS for size in SIZES.get(op.name, [SIZE])]
REPORTED = [r"Used (\d+) registers", r"(\d+) bytes stack", r"(\d+) bytes spill stores", r"(\d+) bytes spill loads"]
SPILLS = {}  # kernel: why it may use local memory

pytestmark = [
    pytest.mark.skipif(_jit_cuda.IS_SIMULATED, reason="the simulator compiles nothing"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("numba_cuda", "cuda")),
        reason="no numba-cuda with nvJitLink: pip install 'numba-cuda[cu13]>=0.30.4,<0.31'",
    ),
]


def launches(op, size, target, monkeypatch):
    """Kernels that a call of the operation launches, and what with; nothing is run."""
    found = []
    monkeypatch.setattr(_jit_cuda, "array_module", lambda: np)
    monkeypatch.setattr(span_shape, "compute_capability", lambda: 10 * target[0] + target[1])
    monkeypatch.setattr(launch_span_cuda, "array_module", lambda: np)
    monkeypatch.setattr(_jit_cuda, "_launch", lambda kernel, _grid, _block, args: found.append((kernel, args)))
    for change in [{}, *VARIANTS.get(op.name, [])]:
        op.implementation("cuda")(**op.make_case(np.random.default_rng(0), size) | change)
    return found


def compile_ptx(kernel, args, target, monkeypatch):
    from numba import cuda
    from numba.cuda import dispatcher
    from numba.cuda.typing.typeof import typeof

    # Compiling a helper asks the driver for the GPU; this answers in its place.
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=target))
    return cuda.compile_ptx(kernel.py_func, tuple(map(typeof, args)), cc=target)[0]


def assemble(ptx, target):
    """What the assembler says of the machine code that the driver would load."""
    from cuda.bindings import nvjitlink

    options = [f"-arch=sm_{target[0]}{target[1]}", "-verbose"]
    link = nvjitlink.create(len(options), options)
    data = ptx.encode()
    nvjitlink.add_data(link, nvjitlink.InputType.PTX, data, len(data), "kernel")
    nvjitlink.complete(link)
    log = bytearray(nvjitlink.get_info_log_size(link))
    nvjitlink.get_info_log(link, log)
    return log.decode()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: f"sm_{target[0]}{target[1]}")
@pytest.mark.parametrize(("op", "size"), CASES, ids=lambda value: getattr(value, "name", value))
def test_kernels_compile_and_keep_to_registers(op, size, target, monkeypatch):
    found = launches(op, size, target, monkeypatch)
    assert found
    for kernel, args in found:
        name = kernel.py_func.__name__
        ptx = compile_ptx(kernel, args, target, monkeypatch)
        assert divergent_collectives(ptx) == []
        said = assemble(ptx, target)
        registers, stack, *spilled = (int(re.search(pattern, said)[1]) for pattern in REPORTED)
        n_local = stack + sum(spilled)
        label = f"{op.name:16} {size:5} {name:40} sm_{target[0]}{target[1]}"
        print(f"{label} {registers:4} registers {n_local:4} bytes of local memory")
        assert bool(n_local) == (name in SPILLS), said

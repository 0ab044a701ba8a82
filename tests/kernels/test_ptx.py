"""Every CUDA kernel compiles to machine code, as a launch does, without a GPU and without spilling registers to memory.

`pytest tests/kernels/test_ptx.py -s` prints registers and spills.
"""

import importlib.util
import re
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span import launch_cuda as launch_span_cuda
from fastw2v_kernels.shared.span import shape_cuda as span_shape
from fastw2v_kernels.shared.span import subword_launch_cuda as launch_subwords_cuda
from tests.kernels.divergence import divergent_collectives

OLD, NEW = TARGETS = [(8, 0), (9, 0)]
SIZE = 100
CUDA_OPS = [op for op in OPS if "cuda" in op.devices]
VARIANTS = {  # kernels that the operation's case does not reach
    "unigram_sampler": [{"distinct": False}],
    "skipgram_ns": [{"share_negatives": False}, {"negative": 40}],
    "skipgram_hs": [{"negative": 0}, {"share_negatives": False}],
    "cbow_hs": [{"negative": 0}, {"mean_context": False}],
    "cbow_ns": [{"mean_context": False, "mean_gradient": False}, {"mean_context": False}, {"negative": 40}],
    "skipgram_subword_ns": [{"share_negatives": False}],
}
SPANS = ("skipgram_ns", "cbow_ns", "skipgram_hs", "cbow_hs")
SUBWORDS = tuple(f"{model}_subword_{loss}" for model in ("skipgram", "cbow") for loss in ("ns", "hs"))
SPAN_SIZES = {100: True, 128: False, 300: True, 512: False, 1024: False}  # dimension: whether with variants
SUBWORD_SIZES = (SIZE, 300)  # with variants for SIZE alone
OLD_SIZES = (SIZE, 300)  # of the older GPU, with variants for SIZE alone: each kernel of a span takes seconds


def sizes_of(op):
    """The dimensions for which a kernel of an operation is compiled."""
    if op.name in SUBWORDS:
        return SUBWORD_SIZES
    return SPAN_SIZES if op.name in SPANS else [SIZE]


CASES = [(op, n, NEW) for op in CUDA_OPS for n in sizes_of(op)]
CASES += [(op, n, OLD) for op, n, _ in CASES if n in OLD_SIZES and (n == SIZE or op.name not in SUBWORDS)]
REPORTED = [r"Used (\d+) registers", r"(\d+) bytes stack", r"(\d+) bytes spill stores", r"(\d+) bytes spill loads"]
SPILLS = {}  # kernel: why it may use local memory

pytestmark = [
    pytest.mark.skipif(cuda_jit.IS_SIMULATED, reason="the simulator compiles nothing"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("numba_cuda", "cuda")),
        reason="no numba-cuda with nvJitLink: pip install 'numba-cuda[cu13]>=0.30.4,<0.31'",
    ),
]


def launches(op, size, target, *, monkeypatch):
    """Return the kernels that a call of the operation launches, with their arguments. Nothing runs."""
    found = []
    monkeypatch.setattr(cuda_jit, "array_module", lambda: np)
    monkeypatch.setattr(span_shape, "compute_capability", lambda: 10 * target[0] + target[1])
    for module in (launch_span_cuda, launch_subwords_cuda):
        monkeypatch.setattr(module, "array_module", lambda: np)
    monkeypatch.setattr(cuda_jit, "_launch", lambda kernel, _grid, _block, *, args: found.append((kernel, args)))
    case = op.make_case(np.random.default_rng(0), size) | ({"window": 5} if op.name in SPANS + SUBWORDS else {})
    variants = []
    if op.name in SUBWORDS and (size, target) == (SIZE, NEW):
        variants = VARIANTS.get(op.name, [])
    if op.name in SPANS and SPAN_SIZES[size] and (size == SIZE or target == NEW):
        with_weights = [{"centre_weight": np.ones(len(case["ids"]), np.float32)}] if size == SIZE else []
        variants = [*VARIANTS[op.name], {"window": 10}, *with_weights]
    for change in [{}, *variants]:
        op.implementation("cuda")(**case | change)
    return found


def compile_lto(kernel, args, target, *, monkeypatch):
    """Return the code that numba-cuda gives to the linker if nvJitLink is found; the linker optimises it."""
    from numba import cuda
    from numba.cuda import dispatcher
    from numba.cuda.typing.typeof import typeof

    # Compiling a helper asks the driver for the GPU; this answers in its place.
    monkeypatch.setattr(dispatcher, "get_current_device", lambda: SimpleNamespace(compute_capability=target))
    types = tuple(map(typeof, args))
    return cuda.compile(kernel.py_func, types, cc=target, device=False, abi="numba", output="ltoir")[0]


def link(code, target, option):
    """Link as at a launch, and return the assembler's report, or the PTX with the option -ptx."""
    from cuda.bindings import nvjitlink

    options = ["-lto", f"-arch=sm_{target[0]}{target[1]}", option]
    handle = nvjitlink.create(len(options), options)
    nvjitlink.add_data(handle, nvjitlink.InputType.LTOIR, code, len(code), "kernel")
    nvjitlink.complete(handle)
    is_ptx = option == "-ptx"
    size = nvjitlink.get_linked_ptx_size(handle) if is_ptx else nvjitlink.get_info_log_size(handle)
    text = bytearray(size)
    (nvjitlink.get_linked_ptx if is_ptx else nvjitlink.get_info_log)(handle, text)
    nvjitlink.destroy(handle)
    return text.decode().rstrip("\0")


def name_of(value):
    return f"sm_{value[0]}{value[1]}" if value in TARGETS else getattr(value, "name", None)


@pytest.mark.parametrize(("op", "size", "target"), CASES, ids=name_of)
def test_kernels_compile_and_keep_to_registers(op, size, target, monkeypatch):
    found = launches(op, size, target, monkeypatch=monkeypatch)
    assert found
    for kernel, args in found:
        name = kernel.py_func.__name__
        assert kernel.targetoptions["lto"], "a launch would not link at run time: this test looks at other code"
        code = compile_lto(kernel, args, target, monkeypatch=monkeypatch)
        ptx = link(code, target, "-ptx")
        assert ptx.count("\n{") == 1, "a function is not inlined; divergent_collectives reads the first one alone"
        assert divergent_collectives(ptx) == []
        said = link(code, target, "-verbose")
        registers, stack, *spilled = (int(re.search(pattern, said)[1]) for pattern in REPORTED)
        n_local = stack + sum(spilled)
        label = f"{op.name:16} {size:5} {name:40} sm_{target[0]}{target[1]}"
        print(f"{label} {registers:4} registers {n_local:4} bytes of local memory")
        assert bool(n_local) == (name in SPILLS), said

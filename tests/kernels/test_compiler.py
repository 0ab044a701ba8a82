"""The compiler of the kernels, and what their cache notices."""

import gc
import os
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from llvmlite.binding.executionengine import ExecutionEngine
from numba import TypingError
from numba.core.caching import FunctionCache

from fastw2v_kernels._jit.cache import source_stamp
from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels._jit.standard_compiler import StandardCompiler
from fastw2v_kernels._simd.shape import Shape
from tests.kernels.harness import KERNELS, run_python


@inline_cpu
def _half(x):
    return x / 2


@inline_cpu
def _quarter(x):
    return _half(_half(x))


@jit_cpu
def _calls_both(x, n):
    """Its call of `_half` is removed as dead code before the inlined functions are linked."""
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
    shape = Shape.of(16, 3, with_loss=False)
    assert _chosen_by_shape(8, shape) == 8 + shape.n_tile == 11
    with pytest.raises(TypingError, match="no_such_attribute"):
        _chosen_by_shape(8, Shape.of(16, 6, with_loss=True))


def test_an_inlined_function_is_found_where_only_another_inlined_function_still_calls_it():
    assert _calls_both(8.0, 1) == 2.0


@pytest.mark.parametrize("is_on", [True, False])
def test_compiling_leaves_the_garbage_collector_as_it_was(is_on):
    before = gc.isenabled()
    try:
        (gc.enable if is_on else gc.disable)()
        _calls_both(np.float32(8), is_on)
        assert gc.isenabled() == is_on
        with pytest.raises(TypingError, match="no_such_attribute"):
            _untypable(1.0)
        assert gc.isenabled() == is_on
    finally:
        (gc.enable if before else gc.disable)()


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def stop_signal(request, interruptible):
    """A signal that raises KeyboardInterrupt."""
    before = signal.signal(request.param, signal.default_int_handler)
    yield request.param
    assert signal.getsignal(request.param) is signal.default_int_handler
    signal.signal(request.param, before)


@pytest.mark.parametrize(
    "step",
    [
        (FunctionCache, "load_overload"),
        (StandardCompiler, "define_pipelines"),  # before LLVM
        (ExecutionEngine, "_find_module_ptr"),  # LLVM calls it
        (FunctionCache, "save_overload"),
    ],
    ids=lambda step: step[1],
)
def test_a_signal_while_a_kernel_is_compiled_is_obeyed_when_it_is_done(stop_signal, step, monkeypatch):
    """LLVM calls Python, where the exception would be printed and lost, or crash the process."""
    monkeypatch.setattr(FunctionCache, "load_overload", lambda *_: None)
    owner, name = step
    whole, steps = getattr(owner, name), []

    def interrupted(*args):
        steps.append("begun")
        signal.raise_signal(stop_signal)
        steps.append("ended")
        return whole(*args)

    monkeypatch.setattr(owner, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        jit_cpu(lambda x: x)(1)
    assert steps[:2] == ["begun", "ended"]


def test_kernels_are_compiled_in_a_thread_and_where_ctrl_c_is_ignored(interruptible):
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(jit_cpu(lambda x: x), 1).result() == 1
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    assert jit_cpu(lambda x: x)(1) == 1
    assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN


FOLDERS = sorted({path.parent.relative_to(KERNELS) for path in KERNELS.rglob("*.py")})


@pytest.fixture
def package(tmp_path):
    """A copy of the package, with the times of its files."""
    ignore = shutil.ignore_patterns("__pycache__")
    return shutil.copytree(KERNELS, tmp_path / "fastw2v_kernels", ignore=ignore, copy_function=shutil.copy2)


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_the_stamp_of_the_cache_changes_with_every_file(folder, package):
    stamp = source_stamp.__wrapped__
    for file in sorted((package / folder).glob("*.py")):
        before, text = stamp(package), file.read_text(encoding="utf-8")
        file.write_text(f"{text}# one line more\n", encoding="utf-8")
        edited = stamp(package)
        assert edited != before, f"an edit of {file.name}"
        os.utime(file, (0, 0))
        assert stamp(package) != edited, f"a new time of {file.name}"
    before = stamp(package)
    (package / folder / "new.py").touch()
    assert stamp(package) != before


COUNT_COMPILED = """
import numpy as np
from fastw2v_kernels._jit.cpu import n_compiled
from fastw2v_kernels.rehash_slots.cpu import rehash_slots_cpu
rehash_slots_cpu(np.ones(1, np.uint64), np.zeros(2, np.uint64))
print(n_compiled())
"""


def test_an_edit_of_another_file_compiles_a_kernel_again(package, tmp_path):
    def n_compiled():
        first_path = f"import sys; sys.path.insert(0, {str(package.parent)!r})"
        return int(run_python(first_path + COUNT_COMPILED, NUMBA_CACHE_DIR=str(tmp_path / "cache")))

    assert [n_compiled(), n_compiled()] == [1, 0]
    with (package / "shared" / "span" / "contexts.py").open("a", encoding="utf-8") as file:
        file.write("# one line more\n")
    assert n_compiled() == 1

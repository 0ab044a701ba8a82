"""Numba's compiler for the host, with what costs kernels most of their compile time left out. See `_jit_cpu`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numba

try:
    from numba import _dynfunc  # type: ignore[attr-defined]
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import Compiler, Flags
    from numba.core.compiler_machinery import register_pass
    from numba.core.typed_passes import NativeLowering
except ImportError as error:
    raise ImportError(
        f"this is Numba {numba.__version__}, which lacks what the kernels' compiler is made of ({error}); "
        "known to work are 0.65 to 0.68: pip install 'numba>=0.65,<0.69'"
    ) from error


class _Flags(Flags):
    """Compiler flags that are quick to look up: Numba does so at every operator, and hashes all of them each time."""

    def __hash__(self) -> int:
        return hash(_Flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flags) and bool(self._values == other._values)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Keep the garbage collector from going through all that the compiler holds, again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class KernelCompiler(Compiler):
    """Compiles what Python calls."""

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - Numba's
        super().__init__(*args)  # type: ignore[no-untyped-call]
        self.state.flags = _Flags(self.state.flags)  # type: ignore[no-untyped-call]

    def _compile_core(self) -> Any:  # noqa: ANN401 - Numba's CompileResult
        with _without_gc():
            return super()._compile_core()  # type: ignore[no-untyped-call]


class PartCompiler(KernelCompiler):
    """Compiles what kernels call, as far as they need it."""

    def define_pipelines(self) -> list[Any]:
        pipelines: list[Any] = super().define_pipelines()  # type: ignore[no-untyped-call]
        for manager in pipelines:
            manager.passes = [
                (_PartLowering if step is NativeLowering else step, name) for step, name in manager.passes
            ]
            manager._finalized = False
            manager.finalize()
        return pipelines


class _Part(JITCodeLibrary):
    """LLVM code to be linked into kernels, simplified function by function. Only there is it inlined and made code of.

    Unsimplified it would compile sooner still, but what LLVM then makes of kernels is a sixth slower.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _PartLowering(NativeLowering):
    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401 - Numba's StateDict
        state.library = _Part(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        state.flags = state.flags.copy()
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        state.library.finalize()
        lowered, keep_alive = state["cr"], (state.library,)
        module = lowered.fndesc.lookup_module()
        # What Numba knows the code by. It cannot be called: there is no address.
        key = _dynfunc.make_function(module, state.func_id.func_name, "", 0, lowered.env, keep_alive)
        state.targetctx.insert_user_function(key, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=key)
        return True

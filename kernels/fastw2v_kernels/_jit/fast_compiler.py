"""Numba's compiler for the host, without the steps that took most of the kernels' compile time; see `compiler.py`.

It extends private parts of Numba, so its import fails where these have changed.
"""

from __future__ import annotations

from typing import Any

from numba import _dynfunc  # type: ignore[attr-defined]
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import Flags
from numba.core.compiler_machinery import register_pass
from numba.core.typed_passes import NativeLowering

from fastw2v_kernels._jit.standard_compiler import StandardCompiler


class _Flags(Flags):
    """Compiler flags with a cheap hash: Numba looks them up at every operator, and its own hash covers all of them."""

    def __hash__(self) -> int:
        return hash(_Flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flags) and bool(self._values == other._values)


class KernelCompiler(StandardCompiler):
    """Compiles functions that Python calls."""

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - Numba's
        super().__init__(*args)  # type: ignore[no-untyped-call]
        self.state.flags = _Flags(self.state.flags)  # type: ignore[no-untyped-call]


class InlineCompiler(KernelCompiler):
    """Compiles functions that only kernels call, up to LLVM code."""

    def define_pipelines(self) -> list[Any]:
        return _replaced(super().define_pipelines(), NativeLowering, _InlineLowering)


def _replaced(pipelines: list[Any], old: type, new: type) -> list[Any]:
    """Replace one compiler pass by another."""
    for manager in pipelines:
        manager.passes = [(new if step is old else step, name) for step, name in manager.passes]
        manager._finalized = False
        manager.finalize()
    return pipelines


class _InlineLibrary(JITCodeLibrary):
    """LLVM code that is linked into kernels, where it is inlined and becomes machine code.

    Numba simplifies it function by function before. Without that step compiling is faster, but kernels are slower by a
    sixth.
    """

    def _optimize_final_module(self) -> None:
        pass

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _InlineLowering(NativeLowering):
    _name = "inline_lowering"

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401 - Numba's StateDict
        state.library = _InlineLibrary(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        state.flags = state.flags.copy()
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        state.library.finalize()
        lowered, keep_alive = state["cr"], (state.library,)
        module = lowered.fndesc.lookup_module()
        # Numba finds the code by this function object, which has no address and cannot be called.
        key = _dynfunc.make_function(module, state.func_id.func_name, "", 0, lowered.env, keep_alive)
        state.targetctx.insert_user_function(key, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=key)
        return True

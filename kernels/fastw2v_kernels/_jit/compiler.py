"""Numba's compiler for the host, without the steps that took most of the kernels' compile time; see `_jit/cpu.py`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba

try:
    from numba import _dynfunc  # type: ignore[attr-defined]
    from numba.core import ir
    from numba.core.codegen import JITCodeLibrary
    from numba.core.compiler import Compiler, Flags
    from numba.core.compiler_machinery import register_pass
    from numba.core.ir_utils import guard
    from numba.core.typed_passes import NativeLowering
    from numba.core.untyped_passes import RewriteSemanticConstants
except ImportError as error:
    raise ImportError(
        f"this is Numba {numba.__version__}, which lacks names that the kernels' compiler extends ({error}); "
        "expected 0.65 to 0.68: pip install 'numba>=0.65,<0.69'"
    ) from error

from fastw2v_kernels._jit.ctrl_c import ctrl_c_deferred
from fastw2v_kernels._simd.shape import ShapeType

compilation_listeners: list[Callable[[], None]] = []  # called before each compilation; none for a kernel in the cache


class _Flags(Flags):
    """Compiler flags with a cheap hash: Numba looks them up at every operator, and its own hash covers all of them."""

    def __hash__(self) -> int:
        return hash(_Flags)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Flags) and bool(self._values == other._values)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Switch the garbage collector off: it would scan all objects of the compiler again and again."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@register_pass(mutates_CFG=False, analysis_only=False)  # type: ignore[no-untyped-call]
class _ChoicesOfShape(RewriteSemanticConstants):
    """Replace the booleans of a Shape by constants, so that the next pass removes branches that are never taken.

    Its numbers are not replaced: a constant number has a type for its value, and inlined functions would be compiled
    for each of them.
    """

    _name = "choices_of_shape"

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401 - Numba's StateDict
        super().run_pass(state)  # type: ignore[no-untyped-call]
        code = state.func_ir
        for assignment in (a for block in code.blocks.values() for a in block.find_insts(ir.Assign)):
            choice = _choice_of_shape(code, state.args, assignment.value)
            if choice is not None:
                assignment.value = ir.Const(choice, assignment.loc)  # type: ignore[no-untyped-call]
                code._definitions[assignment.target.name] = [assignment.value]
        return True


def _choice_of_shape(code: Any, arguments: Any, value: Any) -> bool | None:  # noqa: ANN401 - Numba's
    """Return the value of an expression that is a boolean of a Shape among the arguments, else None."""
    if not isinstance(value, ir.Expr) or value.op != "getattr":
        return None
    owner = guard(code.get_definition, value.value)  # type: ignore[no-untyped-call]
    ty = arguments[owner.index] if isinstance(owner, ir.Arg) else None
    choice = getattr(ty.shape, value.attr, None) if isinstance(ty, ShapeType) else None
    return choice if isinstance(choice, bool) else None


class KernelCompiler(Compiler):
    """Compiles functions that Python calls."""

    def __init__(self, *args: Any) -> None:  # noqa: ANN401 - Numba's
        super().__init__(*args)  # type: ignore[no-untyped-call]
        self.state.flags = _Flags(self.state.flags)  # type: ignore[no-untyped-call]

    def define_pipelines(self) -> list[Any]:
        pipelines: list[Any] = super().define_pipelines()  # type: ignore[no-untyped-call]
        return _replaced(pipelines, RewriteSemanticConstants, _ChoicesOfShape)

    def _compile_core(self) -> Any:  # noqa: ANN401 - Numba's CompileResult
        for begins in tuple(compilation_listeners):
            begins()
        with _without_gc(), ctrl_c_deferred():
            return super()._compile_core()  # type: ignore[no-untyped-call]


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

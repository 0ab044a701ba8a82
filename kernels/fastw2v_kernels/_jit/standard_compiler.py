"""Numba's compiler for the host by what Numba documents, and a pass that obeys the choices of a Shape."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numba.core import ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.ir_utils import guard
from numba.core.untyped_passes import IRProcessing

from fastw2v_kernels._simd.shape import ShapeType

compilation_listeners: list[Callable[[], None]] = []  # called before each compilation; none for a kernel in the cache


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
class ChoicesOfShape(FunctionPass):
    """Replace the booleans of a Shape by constants, so that a later pass removes branches that are never taken.

    Its numbers are not replaced: a constant number has a type for its value, and inlined functions would be compiled
    for each of them.
    """

    _name = "choices_of_shape"

    def __init__(self) -> None:
        FunctionPass.__init__(self)  # type: ignore[no-untyped-call]

    def run_pass(self, state: Any) -> bool:  # noqa: ANN401 - Numba's StateDict
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


class StandardCompiler(CompilerBase):
    """Numba's compiler, with the pass that obeys a Shape's booleans."""

    def define_pipelines(self) -> list[Any]:
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        passes.add_pass_after(ChoicesOfShape, IRProcessing)
        passes.finalize()
        return [passes]

    def _compile_core(self) -> Any:  # noqa: ANN401 - Numba's CompileResult
        for begins in tuple(compilation_listeners):
            begins()
        with _without_gc():
            return super()._compile_core()  # type: ignore[no-untyped-call]

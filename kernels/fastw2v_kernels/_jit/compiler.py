"""Which compiler the kernels have: the fast one, or Numba's own where that one does not fit.

`fast_compiler` leaves out the steps that take most of the compile time, for which it extends private parts of Numba.
The standard compiler needs what Numba documents alone, takes longer, and gives the same bits, but with SSE.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numba
from numba.core import ir
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.ir_utils import guard
from numba.core.untyped_passes import IRProcessing

from fastw2v_kernels._jit.ctrl_c import ctrl_c_deferred
from fastw2v_kernels._simd.shape import ShapeType

logger = logging.getLogger("fastw2v")

FAST, STANDARD = "fast", "standard"
_FIRST_KNOWN, _FIRST_UNKNOWN = (0, 65), (0, 69)  # versions of Numba that `fast_compiler` was tried with

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
        with _without_gc(), ctrl_c_deferred():
            return super()._compile_core()  # type: ignore[no-untyped-call]


def options() -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Return the compiler's name, and Numba's options for kernels and for functions that are inlined into them.

    Raises
    ------
    ImportError
        FASTW2V_COMPILER names none.
    """
    asked = os.environ.get("FASTW2V_COMPILER", FAST)
    if asked not in (FAST, STANDARD):
        raise ImportError(f"FASTW2V_COMPILER is {asked!r}; expected {FAST} (the default) or {STANDARD}")
    if asked == FAST:
        try:
            return FAST, *_fast_options()
        except ImportError as error:
            logger.info("kernels are compiled by Numba's standard compiler, which takes longer: %s", error)
    standard = {"pipeline_class": StandardCompiler}
    return STANDARD, standard, standard | {"forceinline": True}


def _fast_options() -> tuple[dict[str, Any], dict[str, Any]]:
    if not _FIRST_KNOWN <= numba.version_info[:2] < _FIRST_UNKNOWN:
        raise ImportError(f"the fast one was not tried with Numba {numba.__version__}")
    from fastw2v_kernels._jit.fast_compiler import InlineCompiler, KernelCompiler

    # Without the runtime (_nrt) there are no reference counts to update.
    common = {"_nrt": False, "no_cfunc_wrapper": True}
    # Functions that only kernels call need no entry points for Python or C, which took a third of the compile time.
    inline = common | {"pipeline_class": InlineCompiler, "forceinline": True, "no_cpython_wrapper": True}
    return common | {"pipeline_class": KernelCompiler}, inline

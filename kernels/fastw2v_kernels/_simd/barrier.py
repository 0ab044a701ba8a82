"""A barrier for threads inside kernels, which have no GIL to meet at."""

from __future__ import annotations

import os
import platform
from typing import Any

from llvmlite import ir
from numba.core import cgutils, types

from fastw2v_kernels._simd.ir import intrinsic

_I64 = ir.IntType(64)
_SPINS = 300  # about 10 us; then the core is offered to other threads after each look
_HAS_PAUSE = platform.machine() in ("x86_64", "AMD64")


@intrinsic
def wait_for_all(_typing: Any, arrived: Any, n_threads: Any) -> Any:
    """Return when `n_threads` threads have called this; what each wrote before, all see after.

    arrived : int64[n >= 1], shared by the threads, which count their calls in its first element
    """

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        counter = context.make_array(sig.args[0])(context, builder, args[0]).data
        n = context.cast(builder, args[1], sig.args[1], types.int64)
        before = builder.atomic_rmw("add", counter, _I64(1), "seq_cst")
        goal = builder.mul(builder.add(builder.udiv(before, n), _I64(1)), n)
        entry, look, wait, done = (builder.block, *(builder.append_basic_block(name) for name in _BLOCKS))
        builder.branch(look)
        builder.position_at_end(look)
        looks = builder.phi(_I64)
        looks.add_incoming(_I64(0), entry)
        is_complete = builder.icmp_unsigned(">=", builder.load_atomic(counter, "seq_cst", 8), goal)
        builder.cbranch(is_complete, done, wait)
        builder.position_at_end(wait)
        _let_others_run(builder, looks)
        looks.add_incoming(builder.add(looks, _I64(1)), builder.block)
        builder.branch(look)
        builder.position_at_end(done)
        return context.get_dummy_value()

    return types.void(arrived, n_threads), codegen


_BLOCKS = "look", "wait", "done"


def _let_others_run(builder: ir.IRBuilder, looks: ir.Value) -> None:
    """Pause for a moment; after many looks, offer the core to the threads that are waited for."""
    if _HAS_PAUSE:
        signature = ir.FunctionType(ir.VoidType(), [])
        builder.call(cgutils.get_or_insert_function(builder.module, signature, "llvm.x86.sse2.pause"), [])
    if os.name == "posix":
        with builder.if_then(builder.icmp_unsigned(">", looks, _I64(_SPINS)), likely=False):
            signature = ir.FunctionType(ir.IntType(32), [])
            builder.call(cgutils.get_or_insert_function(builder.module, signature, "sched_yield"), [])

"""The processor's instructions that kernels use: FASTW2V_SIMD, or the best that the host has.

The choice is made when this module is imported, and holds for all that Numba compiles in the process.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from typing import NamedTuple

import llvmlite.binding as llvm
import numba

VARIABLE = "FASTW2V_SIMD"


class InstructionSet(NamedTuple):
    """What the kernels' sizes depend on.

    Parameters
    ----------
    name : str
    n_lanes : int
        float32 values of a vector, which fills one register, or two of NEON or SSE.
    n_registers : int
        Vectors that the registers hold.
    needs : tuple of str
        LLVM's names of what the processor must have.
    excludes : tuple of str
        What LLVM may not use: the names begin so.
    """

    name: str
    n_lanes: int
    n_registers: int
    needs: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()


# The best first.
_NEED_AVX = ("avx", "evex", "fma", "f16c", "xop", "vaes", "vpclmul", "gfni", "sm3", "sm4", "sha512")
_X86 = (
    InstructionSet("avx512", 16, 32, needs=("avx512f", "avx512vl", "avx512dq", "avx512bw")),
    InstructionSet("avx2", 8, 16, needs=("avx2", "fma"), excludes=("avx512", "avx10", "evex")),
    InstructionSet("sse", 8, 8, excludes=_NEED_AVX),
)
_OTHERS = (InstructionSet("neon", 8, 16),)


def available(machine: str, features: Mapping[str, bool]) -> tuple[InstructionSet, ...]:
    """Return the instruction sets of a processor, the best first.

    Parameters
    ----------
    machine : str
        As `platform.machine()` gives it.
    features : mapping of str to bool
        As LLVM names them.
    """
    kinds = _X86 if machine.lower() in ("x86_64", "amd64", "i386", "i686") else _OTHERS
    return tuple(kind for kind in kinds if all(features.get(need) for need in kind.needs))


def chosen(asked: str | None, sets: tuple[InstructionSet, ...]) -> InstructionSet:
    """Return the instruction set with the name `asked`, or the best if that is None or empty.

    Raises
    ------
    ImportError
        There is none with that name.
    """
    if not asked:
        return sets[0]
    found = {kind.name: kind for kind in sets}
    if asked not in found:
        raise ImportError(f"{VARIABLE} is {asked!r}; this processor has {', '.join(found)}: set one of these, or none")
    return found[asked]


def visible(features: Mapping[str, bool], kind: InstructionSet) -> str:
    """Return the features that LLVM may use, as Numba's CPU_FEATURES wants them: ``+sse2,-avx``."""
    shown = {name: has and not name.startswith(kind.excludes) for name, has in features.items()}
    return ",".join(f"{'+' if has else '-'}{name}" for name, has in sorted(shown.items()))


def _check_obeyed(kind: InstructionSet) -> None:
    """Raise ImportError if Numba compiled something before, since it then keeps to its first choice."""
    from numba.core.registry import cpu_target

    if cpu_target.target_context.codegen().magic_tuple()[2] != numba.config.CPU_FEATURES:  # type: ignore[attr-defined]
        raise ImportError(
            f"{VARIABLE}={kind.name} came after Numba had compiled for this processor; import fastw2v before that"
        )


_FEATURES = dict(llvm.get_host_cpu_features())
SETS = available(platform.machine(), _FEATURES)
INSTRUCTIONS = chosen(os.environ.get(VARIABLE), SETS)
# Whether one instruction multiplies and adds.
IS_FUSED = INSTRUCTIONS.name == "neon" or bool(_FEATURES.get("fma") and not "fma".startswith(INSTRUCTIONS.excludes))
if INSTRUCTIONS is not SETS[0]:
    numba.config.CPU_FEATURES = visible(_FEATURES, INSTRUCTIONS)  # type: ignore[attr-defined]
    _check_obeyed(INSTRUCTIONS)

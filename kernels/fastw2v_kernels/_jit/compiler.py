"""Which compiler the kernels have: the fast one, or Numba's own where that one does not fit.

`fast_compiler` leaves out the steps that take most of the compile time, for which it extends private parts of Numba.
`standard_compiler` needs what Numba documents alone, takes longer, and gives the same bits, but with SSE.
"""

from __future__ import annotations

import logging
import os
from typing import Any

import numba

from fastw2v_kernels._jit.standard_compiler import StandardCompiler

logger = logging.getLogger("fastw2v")

FAST, STANDARD = "fast", "standard"
_FIRST_KNOWN, _FIRST_UNKNOWN = (0, 65), (0, 69)  # versions of Numba that `fast_compiler` was tried with


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

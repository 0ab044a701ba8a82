"""Memory of the current GPU as CuPy's pool shares it out, an arena for each stream.

What an array leaves free serves later arrays of its stream alone, and no other library, until the pool gives it back.
`cupy` is the module, which only `_jit/cuda.py` imports.
"""

from __future__ import annotations

from typing import Any


def give_back(cupy: Any, stream: Any = None) -> None:  # noqa: ANN401 - CuPy is not there for the type checker
    """Let the pool return to the device what arrays of the stream, or of all, have left free."""
    cupy.get_default_memory_pool().free_all_blocks(stream=stream)


def unreserved_bytes(cupy: Any) -> int:  # noqa: ANN401
    """Bytes that neither a program nor the pool holds, and that the pool's limit leaves."""
    free, pool = cupy.cuda.runtime.memGetInfo()[0], cupy.get_default_memory_pool()
    limit = pool.get_limit()  # 0: none
    return int(max(0, min(free, limit - pool.total_bytes())) if limit else free)

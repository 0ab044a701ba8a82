"""Free memory of the current GPU, and the memory that CuPy's pool holds.

The pool has an arena for each stream. Memory that an array has freed is reused only by later arrays of the same stream,
and by no other library, until the pool returns it to the device. The argument `cupy` is the module, which only
`_jit/cuda.py` imports.
"""

from __future__ import annotations

from typing import Any


def give_back(cupy: Any, stream: Any = None) -> None:  # noqa: ANN401 - CuPy is not there for the type checker
    """Return to the device the unused memory of a stream's arena, or of all arenas."""
    cupy.get_default_memory_pool().free_all_blocks(stream=stream)


def unreserved_bytes(cupy: Any) -> int:  # noqa: ANN401
    """Return the bytes that neither a program nor the pool holds, and that the pool's limit allows."""
    free, pool = cupy.cuda.runtime.memGetInfo()[0], cupy.get_default_memory_pool()
    limit = pool.get_limit()  # 0: none
    return int(max(0, min(free, limit - pool.total_bytes())) if limit else free)

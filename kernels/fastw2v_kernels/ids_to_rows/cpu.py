"""From word numbers of a block of text to vocabulary rows, on one core and without the GIL."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64

_U0 = np.uint64(0)


@jit_cpu
def _ids_to_rows_cpu_kernel(
    ids: Int32, line_ends: Int64, row_of: Int32, rows: Int32, ends: Int64, n_written: Int64
) -> None:
    n_rows, first, n_ends = _U0, _U0, 0  # unsigned, for an index that may be negative costs a third of the time
    for e in range(line_ends.size + 1):
        last = np.uint64(line_ends[e] if e < line_ends.size else ids.size)
        for i in range(first, last):
            row = row_of[np.uint32(ids[i])]
            rows[n_rows] = row  # overwritten by the next one if this is -1
            n_rows += np.uint64(row >= 0)
        first = last
        if e < line_ends.size and (n_ends == 0 or np.uint64(ends[n_ends - 1]) < n_rows):
            ends[n_ends] = n_rows
            n_ends += 1
    rows[n_rows:] = -1
    ends[n_ends:] = -1
    n_written[0], n_written[1] = n_rows, n_ends


def ids_to_rows_cpu(ids: Int32, line_ends: Int64, row_of: Int32, *, rows: Int32, ends: Int64, n_written: Int64) -> None:
    """Do what `ids_to_rows_reference` does."""
    for name, array in (("ids", ids), ("line_ends", line_ends), ("row_of", row_of)):
        check_axes(name, array, 1)
    check_read("ids", ids, ids.shape, dtype=INT32)
    check_read("line_ends", line_ends, line_ends.shape, dtype=INT64)
    check_read("row_of", row_of, row_of.shape, dtype=INT32)
    check_written("rows", rows, ids.shape, dtype=INT32)
    check_written("ends", ends, line_ends.shape, dtype=INT64)
    check_written("n_written", n_written, (2,), dtype=INT64)
    _ids_to_rows_cpu_kernel(ids, line_ends, row_of, rows, ends, n_written)

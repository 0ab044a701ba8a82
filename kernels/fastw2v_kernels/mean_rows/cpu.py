"""The means of lists of rows on one core, with the rows of the next list prefetched."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import LANES, load, splat, store
from fastw2v_kernels.shared.arguments import INT32, INT64, check_axes, check_read, check_written, outside
from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.rows_cpu import AHEAD, any_outside, prefetch_row


@jit_cpu
def _mean_rows_cpu_kernel(w: Float32, row_ids: Int32, row_starts: Int64, out: Float32) -> bool:
    if any_outside(row_ids, w.shape[0]):
        return False
    for k in range(out.shape[0]):
        begin, end = row_starts[k], row_starts[k + 1]
        for col in range(0, w.shape[1], LANES):
            store(out, k, col, splat(0.0))
        for i in range(begin, end):
            prefetch_row(w, row_ids, i + AHEAD)
            for col in range(0, w.shape[1], LANES):
                store(out, k, col, load(out, k, col) + load(w, row_ids[i], col))
        scale = np.float32(1.0 / max(end - begin, 1))
        for col in range(0, w.shape[1], LANES):
            store(out, k, col, load(out, k, col) * scale)
    return True


def mean_rows_cpu(w: Float32, row_ids: Int32, *, row_starts: Int64, out: Float32) -> None:
    """Do what `mean_rows_reference` does."""
    check_axes("w", w, 2)
    check_axes("row_ids", row_ids, 1)
    check_axes("row_starts", row_starts, 1)
    check_axes("out", out, 2)
    check_read("w", w, w.shape)
    check_read("row_ids", row_ids, row_ids.shape, dtype=INT32)
    check_read("row_starts", row_starts, (out.shape[0] + 1,), dtype=INT64)
    check_written("out", out, (out.shape[0], w.shape[1]))
    if w.shape[1] % 16:
        raise ValueError(f"w has rows of {w.shape[1]} floats; expected a multiple of 16")
    if row_starts[0] != 0 or row_starts[-1] != row_ids.size or (np.diff(row_starts) < 0).any():
        raise ValueError(f"row_ids has {row_ids.size} entries; expected the parts of row_starts, one after the other")
    if not _mean_rows_cpu_kernel(w, row_ids, row_starts, out):
        raise outside("row_ids", row_ids, w.shape[0])

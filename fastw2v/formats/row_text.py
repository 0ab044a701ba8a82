"""Rows of numbers as text: by Python's formatting, or, where there are many, by a compiled kernel."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fastw2v.runtime.arrays import FloatArray

# Loading Numba and the kernel takes as long as Python takes to format the first of these; the kernel alone, where other
# kernels have run, as long as for the second.
_MIN_COMPILED_NUMBERS, _MIN_NUMBERS_AFTER_OTHERS = 2_500_000, 300_000

RowTexts: TypeAlias = Callable[[FloatArray], list[bytes | memoryview]]


def row_texts(vectors: FloatArray) -> RowTexts:
    """Return the function that makes texts of some rows of a matrix, each number with a space before it.

    Numbers have nine significant digits, which is exact for float32, and 17 of float64. The texts of the compiled
    kernel lie in a buffer that the next call overwrites.
    """
    n_least = _MIN_NUMBERS_AFTER_OTHERS if "fastw2v_kernels._jit.cpu" in sys.modules else _MIN_COMPILED_NUMBERS
    if vectors.dtype == np.float32 and vectors.size >= n_least:
        return _CompiledTexts(vectors.shape[1])
    template = _template(vectors)
    return lambda rows: [template % tuple(numbers) for numbers in rows.tolist()]


def _template(vectors: FloatArray) -> bytes:
    number = b" %.17g" if vectors.dtype == np.float64 else b" %.9g"
    return number * int(vectors.shape[1])


class _CompiledTexts:
    """Texts of float32 rows; those with a number that the kernel does not write are left to Python's formatting.

    Parameters
    ----------
    dim : int
        Numbers of a row.
    """

    def __init__(self, dim: int) -> None:
        from fastw2v_kernels.format_floats.reference import NUMBER_BYTES

        self._width = NUMBER_BYTES * dim
        self._text, self._ends = np.empty((0, self._width), np.uint8), np.empty(0, np.int64)

    def __call__(self, rows: FloatArray) -> list[bytes | memoryview]:
        """Return the texts of some rows."""
        from fastw2v.runtime.compilation import log_compilation
        from fastw2v_kernels.format_floats.cpu import format_floats_cpu

        n, width, template = len(rows), self._width, _template(rows)
        if n > len(self._ends):
            self._text, self._ends = np.empty((n, width), np.uint8), np.empty(n, np.int64)
        with log_compilation("the formatting of numbers"):
            format_floats_cpu(np.ascontiguousarray(rows), self._text[:n], self._ends[:n])
        text, ends = self._text.reshape(-1).data, self._ends[:n].tolist()
        return [
            text[i * width : i * width + end] if end >= 0 else template % tuple(rows[i].tolist())
            for i, end in enumerate(ends)
        ]

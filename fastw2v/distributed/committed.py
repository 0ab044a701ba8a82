"""Rows as they were at the last commit, on the node's disk, from which a worker goes on after a failure."""

from __future__ import annotations

import os

import numpy as np

from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.temporary_files import temporary_file
from fastw2v.vectors.weights import Weights


class StoredRows:
    """A copy of the first rows of both matrices in a temporary file without a name, without the padding of the rows.

    The system keeps in memory what is in use of it, and deletes it when the process ends, however that happens.

    Parameters
    ----------
    weights : Weights
        Whose rows are copied.
    n_rows : int, optional
        Of each matrix; default: all.

    Attributes
    ----------
    matrices : tuple of float32[n_rows, dim]
        The input and the output rows.

    Raises
    ------
    OSError
        The disk has too little room.
    """

    def __init__(self, weights: Weights, n_rows: int | None = None) -> None:
        self._both, self._dim = (weights.w_in, weights.w_out), weights.dim
        n_rows = len(weights.w_in) if n_rows is None else n_rows
        with temporary_file() as file:
            n_bytes = 2 * 4 * n_rows * weights.dim
            if hasattr(os, "posix_fallocate"):  # so that a full disk is an error now, and no crash later
                os.posix_fallocate(file.fileno(), 0, max(n_bytes, 1))
            else:
                file.truncate(n_bytes)
            mapped = np.asarray(np.memmap(file, np.float32, mode="r+", shape=(2, n_rows, weights.dim)))
        self.matrices: tuple[FloatArray, FloatArray] = (mapped[0], mapped[1])
        self.take(n_rows)

    def __len__(self) -> int:
        """Rows of each matrix."""
        return len(self.matrices[0])

    def take(self, n_rows: int) -> None:
        """Copy the first rows of the weights to here."""
        for stored, matrix in zip(self.matrices, self._both):
            stored[:n_rows] = matrix[:n_rows, : self._dim]

    def restore(self) -> None:
        """Copy the rows back to the weights."""
        for stored, matrix in zip(self.matrices, self._both):
            matrix[: len(stored), : self._dim] = stored

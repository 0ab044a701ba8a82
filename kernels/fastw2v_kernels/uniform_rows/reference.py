"""The computation of `uniform_rows` in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.rng import random_bits, uniform


def uniform_rows_reference(rows: NDArray[Any], dim: int, row_keys: NDArray[np.uint64], *, seed: int) -> None:
    """Fill rows with uniform numbers in -0.5/dim to 0.5/dim, as word2vec.c does; in gensim 4 they are twice as large.

    Parameters
    ----------
    rows : float32[n_rows, stride], written
        Columns past `dim` become 0.
    dim : int
        Columns that the model uses.
    row_keys : uint64[n_rows]
        A hash of each row's word. The numbers of a row depend on it and on `seed`, not on the order of the vocabulary.
    seed : int
        Any 64-bit number.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    with np.errstate(over="ignore"):
        for row, row_key in zip(rows, row_keys):
            key = random_bits(np.uint64(seed), row_key, 0)
            row[:dim] = (uniform(random_bits(key, 0, np.arange(dim))) - 0.5) / dim
            row[dim:] = 0

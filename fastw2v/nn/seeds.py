"""Random numbers: NumPy's global generator as in the book, or a seed or generator that the user gives."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from fastw2v.config import number
from fastw2v.runtime.arrays import FloatArray
from fastw2v_kernels.shared.memory import zeros_in_large_pages

Generator: TypeAlias = np.random.RandomState | np.random.Generator
Seed: TypeAlias = int | Generator | None


def generator(seed: Seed) -> Generator:
    """Return the random generator for a seed.

    Parameters
    ----------
    seed : int, numpy.random.RandomState, numpy.random.Generator or None
        An int gives the same numbers as the book's code after ``np.random.seed(seed)``. None is NumPy's global
        generator, so ``np.random.seed`` makes a script of the book repeatable.

    Raises
    ------
    TypeError, ValueError
        The seed is not a whole number from 0 to 2^32 - 1.
    """
    if isinstance(seed, np.random.RandomState | np.random.Generator):
        return seed
    if seed is None:
        return np.random.mtrand._rand
    return np.random.RandomState(number("seed", seed, int, least=0, most=2**32 - 1))


def small_normal(rng: Generator, n_rows: int, n_cols: int) -> FloatArray:
    """Return the book's initial weights, ``0.01 * randn``: float32[n_rows, n_cols]."""
    weights = zeros_in_large_pages((n_rows, n_cols))
    weights[...] = rng.standard_normal((n_rows, n_cols))
    weights *= np.float32(0.01)
    return weights


def stream_key(rng: Generator) -> int:
    """Draw a 64-bit seed for the random numbers of a kernel."""
    return int.from_bytes(rng.bytes(8), "little")

"""Random numbers: NumPy's global generator as in the book, or one of the caller's."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v_kernels.shared.memory import zeros_in_large_pages

Generator: TypeAlias = np.random.RandomState | np.random.Generator
Seed: TypeAlias = int | Generator | None


def generator(seed: Seed) -> Generator:
    """Return a generator.

    Parameters
    ----------
    seed : int, numpy.random.RandomState, numpy.random.Generator or None
        An int s gives the draws that ``np.random.seed(s)`` would have given; None is NumPy's global generator, which
        the book draws from, so that ``np.random.seed`` makes a script repeatable.
    """
    if isinstance(seed, np.random.RandomState | np.random.Generator):
        return seed
    if seed is None:
        return np.random.mtrand._rand
    return np.random.RandomState(number("seed", seed, int, least=0, most=2**32 - 1))


def small_normal(rng: Generator, n_rows: int, n_cols: int) -> npt.NDArray[np.float32]:
    """Return the book's first weights, ``0.01 * randn``: float32[n_rows, n_cols]."""
    weights = zeros_in_large_pages((n_rows, n_cols))
    weights[...] = rng.standard_normal((n_rows, n_cols))
    weights *= np.float32(0.01)
    return weights


def stream_key(rng: Generator) -> int:
    """Draw the 64-bit seed of a kernel's stream."""
    return int.from_bytes(rng.bytes(8), "little")

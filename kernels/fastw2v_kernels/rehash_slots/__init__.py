"""The hash table of the encoder, moved to a larger one."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a table of `size` entries, of which half are used, and one of twice the slots."""
    n_old = 1 << size.bit_length()
    entries = rng.integers(1, 2**64, n_old, dtype=np.uint64)
    old = np.where(rng.random(n_old) < 0.5, entries, np.uint64(0))
    return {"old_slots": old, "new_slots": np.zeros(2 * n_old, np.uint64)}


OP = Op("rehash_slots", make_case, updates=("new_slots",))

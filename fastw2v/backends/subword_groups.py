"""Whether skip-gram with subwords trains neighbouring centres in groups."""

from __future__ import annotations

import numpy as np

from fastw2v.runtime.arrays import Array
from fastw2v.vectors.subwords import Subwords
from fastw2v_kernels.shared.span.subwords import POSITIONS_PER_GROUP


def trains_in_groups(subwords: Subwords, kept_counts: Array) -> bool:
    """Return whether each row is used once in a group at most, on average over the tokens.

    All centres of a group are scored before a row moves, so a row that many of them share would be pushed too far. In
    languages the most frequent n-gram is in a twentieth of the tokens. In codes that begin alike it is in all of them,
    and then each centre trains by itself.

    Parameters
    ----------
    subwords
        The rows of each word.
    kept_counts : float64[n_vocab]
        How often each word is left after subsampling.
    """
    uses = np.bincount(subwords.row_ids, weights=np.repeat(kept_counts, np.diff(subwords.row_starts)), minlength=1)
    return bool(POSITIONS_PER_GROUP * uses.max() <= kept_counts.sum())

"""Rows in the order of integer keys, as an embedding layer or an index by id takes them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v.runtime.arrays import FloatArray, RowArray
from fastw2v.vectors.key_table import KeyTable, keys_to_save
from fastw2v.vocab import Vocab

_MOST_NAMED = 5  # missing ids that an error names


def vectors_by_id(kv: KeyTable, n_ids: int | None = None, *, fill: npt.ArrayLike | None = None) -> FloatArray:
    """Copy the vectors into a new array in which row i is the vector of the integer key i.

    Parameters
    ----------
    kv : KeyedVectors
        With integers of 0 or more as keys.
    n_ids : int, optional
        Rows of the result. Default: the largest key and one.
    fill : float or float[dim], optional
        What ids without a vector get, such as 0 or ``np.nan``. Without it, each id must have one.

    Returns
    -------
    float32[n_ids, dim]
        In one piece (C order), of the type of the vectors.

    Raises
    ------
    TypeError
        The keys are words.
    ValueError
        A key is negative, or `n_ids` or more; or ids have no vector, and `fill` is not given.

    Examples
    --------
    >>> from fastw2v import KeyedVectors
    >>> wv = KeyedVectors([2, 0], [[5.0, 6.0], [1.0, 2.0]])
    >>> wv.vectors_by_id(fill=0).tolist()
    [[1.0, 2.0], [0.0, 0.0], [5.0, 6.0]]
    """
    ids = integer_keys(kv)
    if n_ids is not None:
        n_ids = number("n_ids", n_ids, int, least=0, most=np.inf)
    if ids.size and (ids.min() < 0 or (n_ids is not None and ids.max() >= n_ids)):
        expected = "0 or more" if n_ids is None else f"from 0 to {n_ids - 1}, since n_ids is {n_ids}"
        raise ValueError(f"the keys are integers from {ids.min()} to {ids.max()}; expected {expected}")
    size = n_ids if n_ids is not None else int(ids.max()) + 1 if ids.size else 0
    if fill is None and len(ids) < size:
        missing = _first_missing(ids)
        raise ValueError(
            f"{size - len(ids)} of the {size} ids have no vector ({', '.join(map(str, missing))}, ...): say what they "
            "get, fill=0 or fill=np.nan; or train with min_count=0, which gives a row to every id"
        )
    matrix = kv.matrix
    rows = np.empty((size, kv.vector_size), matrix.dtype)
    if fill is not None and len(ids) < size:
        rows[:] = fill
    rows[ids] = matrix
    return rows


def integer_keys(kv: KeyTable) -> RowArray:
    """Return the integer key of each row, int64[n_vocab]; TypeError if the keys are words."""
    if not kv.is_integer and len(kv):
        raise TypeError("the keys are words, which have no order of ids; wv.vectors has them as in wv.index_to_key")
    keys = keys_to_save(kv)
    ids = keys.ids if isinstance(keys, Vocab) else keys
    return np.array(ids, np.int64)


def _first_missing(ids: RowArray) -> list[int]:
    """Return the first few numbers from 0 on that are no id."""
    found = np.zeros(len(ids) + _MOST_NAMED, bool)
    found[ids[ids < len(found)]] = True
    return np.flatnonzero(~found)[:_MOST_NAMED].tolist()  # type: ignore[no-any-return]

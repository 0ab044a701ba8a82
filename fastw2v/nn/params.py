"""The book's file of trained vectors, ``cbow_params.pkl``: written in its format, read without running it."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v import _book_pickle
from fastw2v.formats import existing, replacing


def save_params(
    path: str | PathLike[str], word_vecs: npt.NDArray[Any], word_to_id: dict[str, int], id_to_word: dict[int, str]
) -> None:
    """Write vectors as the book's train.py does: a pickle of `word_vecs`, as float16, `word_to_id` and `id_to_word`.

    Parameters
    ----------
    path : path
        Written whole or not at all.
    word_vecs : float[n_vocab, dim]
    word_to_id, id_to_word : dict

    Raises
    ------
    ValueError
        The vectors have not one row for each word, or a number that float16 cannot hold.
    """
    if word_vecs.ndim != 2 or not len(word_vecs) == len(word_to_id) == len(id_to_word):
        sizes = f"{word_vecs.shape}, {len(word_to_id)} and {len(id_to_word)} words"
        raise ValueError(f"word_vecs, word_to_id and id_to_word have {sizes}; expected a row for each word")
    if not (np.abs(word_vecs) <= float(np.finfo(np.float16).max)).all():
        raise ValueError("word_vecs has NaN, infinity or a number beyond 65504, the largest in float16; save as .npy")
    params = {"word_vecs": word_vecs.astype(np.float16), "word_to_id": word_to_id, "id_to_word": id_to_word}
    with replacing(path) as draft:
        _book_pickle.write(draft, params)


def load_params(path: str | PathLike[str]) -> dict[str, Any]:
    """Read what `save_params`, or the book's train.py, has written; nothing in the file is run.

    Returns
    -------
    dict
        word_vecs : float16[n_vocab, dim]; word_to_id, id_to_word : dict

    Raises
    ------
    ValueError
        The file is damaged, or holds anything but NumPy arrays, dicts, str, int and float.
    """
    return _book_pickle.read(existing(path))

"""The book's file of trained vectors, ``cbow_params.pkl``: written in its format, read without running it."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.formats import book_pickle
from fastw2v.nn._arrays import as_array, to_cpu
from fastw2v.runtime.files import atomic_write, existing_file


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
        Of str to int and of int to str, each the inverse of the other, ids 0 to n_vocab - 1.

    Raises
    ------
    ValueError
        What `load_params` would refuse: the vectors have not one row for each word, the dicts are not each other's
        inverse, or a word is no str; or a number that float16 cannot hold.
    TypeError
        The vectors are no numbers, or the words no dicts.
    """
    vectors = to_cpu(as_array(word_vecs))
    if vectors.dtype.kind not in "fiu":
        raise TypeError(f"word_vecs is {vectors.dtype}; expected an array of floats")
    if vectors.ndim != 2:
        raise ValueError(f"word_vecs has shape {vectors.shape}; expected (n_vocab, dim)")
    word_to_id, id_to_word = book_pickle.checked_words(word_to_id, id_to_word, len(vectors))
    if not (np.abs(vectors) <= float(np.finfo(np.float16).max)).all():
        raise ValueError("word_vecs has NaN, infinity or a number beyond 65504, the largest in float16; save as .npy")
    params = {"word_vecs": vectors.astype(np.float16), "word_to_id": word_to_id, "id_to_word": id_to_word}
    with atomic_write(path) as draft:
        book_pickle.write(draft, params)


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
    return book_pickle.read(existing_file(path))

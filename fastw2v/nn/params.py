"""The book's file of trained vectors, ``cbow_params.pkl``: written in its format, read without running any code."""

from __future__ import annotations

from os import PathLike
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.formats import book_pickle
from fastw2v.nn.arrays import as_array, to_cpu
from fastw2v.runtime.files import atomic_write, existing_file


def save_params(
    path: str | PathLike[str], word_vecs: npt.NDArray[Any], word_to_id: dict[str, int], id_to_word: dict[int, str]
) -> None:
    """Save word vectors as the book's train.py does: a pickle of `word_vecs` (float16), `word_to_id`, `id_to_word`.

    Parameters
    ----------
    path : path
        The write is atomic: after an error the old file is still there.
    word_vecs : float[n_vocab, dim]
        On the host or on the GPU; saved as float16.
    word_to_id, id_to_word : dict
        str to int and int to str, each the inverse of the other, with ids 0 to n_vocab - 1.

    Raises
    ------
    ValueError
        `load_params` would refuse the file: the vectors do not have one row per word, the dicts are not inverse to
        each other, or a word is not a str. Or float16 cannot hold a number.
    TypeError
        The vectors are not numbers, or the words are not in dicts.

    Examples
    --------
    >>> import os, tempfile
    >>> import numpy as np
    >>> from fastw2v.nn import load_params, save_params
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "cbow_params.pkl")
    ...     save_params(path, np.eye(2), {"a": 0, "b": 1}, {0: "a", 1: "b"})
    ...     load_params(path)["word_vecs"]
    array([[1., 0.],
           [0., 1.]], dtype=float16)
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
    """Load word vectors saved by `save_params` or by the book's train.py.

    A pickle can contain code. This function runs none: it refuses everything but NumPy arrays, dicts, str, int and
    float.

    Parameters
    ----------
    path : path

    Returns
    -------
    dict
        word_vecs : float16[n_vocab, dim]; word_to_id, id_to_word : dict

    Raises
    ------
    ValueError
        The file is damaged, or has other contents.
    FileNotFoundError
        There is no such file.

    Examples
    --------
    >>> from fastw2v.nn import load_params
    >>> load_params("cbow_params.pkl")["word_vecs"].shape  # doctest: +SKIP
    (10000, 100)
    """
    return book_pickle.read(existing_file(path))

"""The pickle that the book's scripts write: a dict of `word_vecs` (float16), `word_to_id` and `id_to_word`.

`pickle.load` would run whatever a hostile file says; here `fastw2v.formats.plain_pickle` reads it.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from reprlib import repr as shorten
from typing import Any

import numpy as np

from fastw2v.formats.plain_pickle import PickledArray, load_plain

Params = dict[str, Any]
KEYS = ("word_vecs", "word_to_id", "id_to_word")
GENSIM_CURE = (  # how files of gensim's `save` come here
    "load it with gensim, and save its vectors in a format for both: "
    'model.wv.save_word2vec_format("vectors.bin", binary=True)'
)
_GENSIM, _MOST_HEADER_BYTES = b"gensim", 1000  # the name of a class comes first


def is_pickle(path: Path) -> bool:
    """Whether the file starts like a pickle of protocol 2 to 5."""
    with open(path, "rb") as file:
        start = file.read(2)
    return start[:1] == b"\x80" and start[1:] in (b"\x02", b"\x03", b"\x04", b"\x05")


def read(path: Path) -> Params:
    """Read the book's pickle.

    Returns
    -------
    dict
        "word_vecs": float[n_vocab, dim] (float16 in the book's files); "word_to_id": dict of str to int; "id_to_word":
        dict of int to str, with the ids 0 to n_vocab - 1.

    Raises
    ------
    ValueError
        The file is damaged, has other content, or calls a function; nothing in it has been run.
    """
    with open(path, "rb") as file:
        first = file.read(_MOST_HEADER_BYTES)
    try:
        return _checked(load_plain(path.read_bytes()))
    except Exception as error:  # a broken or hostile pickle can raise anything
        if _GENSIM in first:
            raise ValueError(f"{path} is a pickle of gensim, which is not read here; {GENSIM_CURE}") from error
        raise ValueError(
            f"{path} is refused ({error or type(error).__name__}); nothing in it was run: expected the book's "
            f"pickle, a dict of {', '.join(KEYS)} with NumPy arrays, dicts, str, int and float alone"
        ) from error


def _checked(params: object) -> Params:
    """Return the book's three entries, copied; TypeError or ValueError if one is missing or of another type."""
    if not isinstance(params, dict) or not set(KEYS) <= params.keys():
        raise TypeError(f"it holds a {type(params).__name__} without {', '.join(KEYS)}")
    given = params["word_vecs"]
    vectors = given.array if isinstance(given, PickledArray) else np.empty(0)
    if vectors.ndim != 2 or vectors.dtype.kind != "f":
        raise TypeError("word_vecs is no matrix of floats")
    word_to_id, id_to_word = checked_words(params["word_to_id"], params["id_to_word"], len(vectors))
    return {"word_vecs": vectors.copy(), "word_to_id": word_to_id, "id_to_word": id_to_word}


def checked_words(word_to_id: Any, id_to_word: Any, n: int) -> tuple[dict[str, int], dict[int, str]]:  # noqa: ANN401
    """Check that two dicts are inverse to each other, over the ids 0 to n - 1; return them with Python's int.

    Raises
    ------
    TypeError
        One is no dict.
    ValueError
        They have not n entries, miss an id, or differ.
    """
    for name, given in (("word_to_id", word_to_id), ("id_to_word", id_to_word)):
        if not isinstance(given, dict):
            raise TypeError(f"{name} is a {type(given).__name__}; expected a dict")
        if len(given) != n:
            raise ValueError(f"{name} has {len(given)} entries for {n} rows; expected a row for each word")
    words = [id_to_word.get(word_id) for word_id in range(n)]
    for word_id, word in enumerate(words):
        if type(word) is not str:
            raise ValueError(
                f"id_to_word has {shorten(word)} at the id {word_id}; expected a str at each of 0 to {n - 1}"
            )
        if word_to_id.get(word) != word_id:
            found = shorten(word_to_id.get(word))
            raise ValueError(
                f"id_to_word has {word!r} at {word_id} and word_to_id {found} for it; expected each the inverse of the "
                "other"
            )
    return {word: word_id for word_id, word in enumerate(words)}, dict(enumerate(words))


def write(path: Path, params: Params) -> None:
    """Write the pickle; a plain `pickle.load` reads it too."""
    with open(path, "wb") as file:
        pickle.dump(params, file, -1)

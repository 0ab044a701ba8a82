"""The pickle that the book's scripts write: a dict of `word_vecs` (float16), `word_to_id` and `id_to_word`.

A pickle is a program that `pickle.load` runs, so a hostile file could do anything. The reader here allows only NumPy
arrays and numbers, and the plain types that a pickle makes without a call (dict, str, int, float, ...). Every name in
the file is looked up in a table of stand-ins, so not even NumPy's own unpickling code runs. A small file cannot make
the reader allocate much memory.
"""

from __future__ import annotations

import pickle
import pickletools
import re
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from fastw2v.runtime.arrays import Array

Params = dict[str, Any]
KEYS = ("word_vecs", "word_to_id", "id_to_word")
GENSIM_CURE = (  # how files of gensim's `save` come here
    "load it with gensim, and save its vectors in a format for both: "
    'model.wv.save_word2vec_format("vectors.bin", binary=True)'
)
_GENSIM, _MOST_HEADER_BYTES = b"gensim", 1000  # the name of a class comes first
_DTYPE = re.compile(r"[fiu][1248]")


class _DType:
    """numpy.dtype of a plain number, such as "f2"."""

    def __init__(self, code: object, *_: object) -> None:
        if not (isinstance(code, str) and _DTYPE.fullmatch(code)):
            raise pickle.UnpicklingError(f"an array of {code!r}; expected numbers")
        self.code, self.order = code, "<"

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.order = ">" if state[1] == ">" else "<"

    def array(self, raw: bytes, shape: tuple[int, ...], order: str) -> Array:
        return np.frombuffer(bytes(raw), self.order + self.code).reshape(shape, order="F" if order == "F" else "C")


class _Array:
    """numpy.core.multiarray._reconstruct: an empty array, which __setstate__ fills."""

    def __init__(self, *_: object) -> None:
        self.array = np.empty(0)

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        _, shape, dtype, is_fortran, raw = state
        self.array = dtype.array(raw, shape, "F" if is_fortran else "C")


class _FromBuffer:
    """numpy._core.numeric._frombuffer, of pickle protocol 5."""

    def __init__(self, raw: bytes, dtype: _DType, shape: tuple[int, ...], order: str) -> None:
        self.array = dtype.array(raw, shape, order)

    def __setstate__(self, state: object) -> NoReturn:
        raise pickle.UnpicklingError("an array with more than its content")


class _Scalar:
    """numpy.core.multiarray.scalar."""

    def __new__(cls, dtype: _DType, raw: bytes) -> Any:  # noqa: ANN401
        return dtype.array(raw, (), "C").item()

    def __setstate__(self, state: object) -> NoReturn:
        raise pickle.UnpicklingError("a number with more than its value")


class _Bytes:
    """_codecs.encode, by which protocol 2 writes bytes."""

    def __new__(cls, text: object, codec: object) -> Any:  # noqa: ANN401
        if not (isinstance(text, str) and codec == "latin1"):
            raise pickle.UnpicklingError(f"bytes by the codec {codec!r}")
        return text.encode("latin1")

    def __setstate__(self, state: object) -> NoReturn:
        raise pickle.UnpicklingError("bytes with more than their content")


_STAND_INS: dict[tuple[str, str], Any] = {("numpy", "dtype"): _DType, ("numpy", "ndarray"): "numpy.ndarray"}
_STAND_INS["_codecs", "encode"] = _Bytes
for _core in ("numpy.core", "numpy._core"):
    _STAND_INS[_core + ".multiarray", "_reconstruct"] = _Array
    _STAND_INS[_core + ".multiarray", "scalar"] = _Scalar
    _STAND_INS[_core + ".numeric", "_frombuffer"] = _FromBuffer


class _Unpickler(pickle.Unpickler):
    """An unpickler that finds the stand-ins alone."""

    def find_class(self, module_name: str, global_name: str) -> Any:  # noqa: ANN401
        try:
            return _STAND_INS[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"it calls {module_name}.{global_name}") from None


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
    data = path.read_bytes()
    try:
        _check_sizes(data)
        return _checked(_Unpickler(BytesIO(data), encoding="utf-8").load())
    except Exception as error:  # a broken or hostile pickle can raise anything
        if _GENSIM in data[:_MOST_HEADER_BYTES]:
            raise ValueError(f"{path} is a pickle of gensim, which is not read here; {GENSIM_CURE}") from error
        raise ValueError(
            f"{path} is refused ({error or type(error).__name__}); nothing in it was run: expected the book's "
            f"pickle, a dict of {', '.join(KEYS)} with NumPy arrays, dicts, str, int and float alone"
        ) from error


def _check_sizes(data: bytes) -> None:
    """Raise if a length or memo index exceeds the size of the pickle: Python's unpickler would allocate that much."""
    for opcode, argument, at in pickletools.genops(data):  # genops itself refuses lengths beyond the end
        if opcode.name.endswith("PUT") and (argument or 0) > len(data):
            raise pickle.UnpicklingError(f"a memo index of {argument} at byte {at} of {len(data)}")


def _checked(params: object) -> Params:
    """Return the book's three entries, copied; TypeError or ValueError if one is missing or of another type."""
    if not isinstance(params, dict) or not set(KEYS) <= params.keys():
        raise TypeError(f"it holds a {type(params).__name__} without {', '.join(KEYS)}")
    vectors = getattr(params["word_vecs"], "array", None)
    if not isinstance(vectors, np.ndarray) or vectors.ndim != 2 or vectors.dtype.kind != "f":
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
            raise ValueError(f"id_to_word has {word!r} at the id {word_id}; expected a str at each of 0 to {n - 1}")
        if word_to_id.get(word) != word_id:
            raise ValueError(
                f"id_to_word has {word!r} at {word_id} and word_to_id {word_to_id.get(word)!r} for it; expected each "
                "the inverse of the other"
            )
    return {word: word_id for word_id, word in enumerate(words)}, dict(enumerate(words))


def write(path: Path, params: Params) -> None:
    """Write the pickle; a plain `pickle.load` reads it too."""
    with open(path, "wb") as file:
        pickle.dump(params, file, -1)

"""Vectors in files: word2vec and safetensors, and the book's pickle to read; written whole or not at all."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import safetensors

from fastw2v import _book_pickle, _safetensors_writer, _word2vec_writer
from fastw2v import _word2vec_format as word2vec
from fastw2v._keytable import checked_keys
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.vocab import Vocab

FORMATS = ("word2vec-binary", "word2vec-text", "safetensors")
FORMAT_OF_ENDING = {
    ".bin": "word2vec-binary",
    ".txt": "word2vec-text",
    ".vec": "word2vec-text",
    ".safetensors": "safetensors",
}
Tensors = Mapping[str, npt.NDArray[Any]]


def save(kv: KeyedVectors, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write vectors to a file; a file of that name stays as it was until the new one is complete.

    The word2vec formats hold no counts, and integer keys come back from them as words; safetensors keeps both.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
    format : str, optional
        "word2vec-binary", "word2vec-text" or "safetensors"; by default the ending tells: .bin, .txt or .vec,
        .safetensors.

    Raises
    ------
    ValueError
        Format or ending is unknown; or a word2vec format cannot hold a key (empty, or with whitespace) or a
        vector (not finite).
    OSError
        The folder does not exist, or cannot be written to.
    """
    chosen = _chosen_format(Path(path), format)
    if chosen == "safetensors":
        write_safetensors(path, table_tensors(kv), {"format": "fastw2v"})
        return
    write = _word2vec_writer.write_binary if chosen == "word2vec-binary" else _word2vec_writer.write_text
    keys = _keys(kv)
    with replacing(path) as draft:
        write(draft, keys, kv.vectors)


def check_target(path: str | os.PathLike[str], format: str | None = None) -> None:
    """Raise, before the work is done, what `save` would raise about path and format after it."""
    _chosen_format(Path(path), format)
    writable_target(path)


def _chosen_format(path: Path, format: str | None) -> str:
    endings = ", ".join(FORMAT_OF_ENDING)
    if path.suffix == ".gz":
        raise ValueError(f"{path}: files are written plain, not gzipped; use one of the endings {endings}")
    if format is None and path.suffix not in FORMAT_OF_ENDING:
        raise ValueError(f"{path}: the ending {path.suffix!r} names no format; use {endings}, or give a format")
    chosen = format or FORMAT_OF_ENDING[path.suffix]
    if chosen not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    return chosen


def writable_target(path: str | os.PathLike[str]) -> Path:
    """Path of a file to write; an error with the cure if its folder is missing or closed, or it is no file."""
    target = Path(os.path.realpath(path))
    if not target.parent.is_dir():
        raise FileNotFoundError(f"the folder {target.parent} does not exist; make it first (nothing was written)")
    if target.exists() and not target.is_file():
        raise OSError(f"{path} is not a regular file; give the name of a file (nothing was written)")
    if not os.access(target.parent, os.W_OK):
        raise PermissionError(f"the folder {target.parent} cannot be written to; choose another (nothing was written)")
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a new path in the same folder to write to, and move it to `path` when the block ends without an error.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    OSError
        `path` is something else than a file.
    """
    target = writable_target(path)
    draft = target.with_name(f".{target.name[:100]}.{secrets.token_hex(6)}.tmp")
    try:
        yield draft
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        if target.exists():
            shutil.copymode(target, draft)
        os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> KeyedVectors:
    """Read vectors from a file; the content tells its format, not its name.

    Parameters
    ----------
    path : path
        word2vec text or binary, plain or gzipped; safetensors; or the book's pickle (see `fastw2v.nn.load_params`).

    Returns
    -------
    KeyedVectors
        With counts if the file has them. Bytes of words that are no UTF-8 survive as surrogates.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is empty, damaged, of an unknown kind, or its header does not tell the truth.
    """
    path = existing(path)
    if is_safetensors(path):
        return table_of(read_safetensors(path, lambda name: name != "w_out")[0], path)
    if _book_pickle.is_pickle(path):
        params = _book_pickle.read(path)
        return _keyed(path, list(params["word_to_id"]), params["word_vecs"])
    return load_word2vec(path)


def load_word2vec(path: str | os.PathLike[str], binary: bool | None = None, limit: int | None = None) -> KeyedVectors:
    """Read a word2vec file, of which `binary` says whether it is binary, or only its first `limit` vectors."""
    path = existing(path)
    return _keyed(path, *word2vec.read(path, binary, limit))


def _keyed(
    path: Path,
    keys: Sequence[str] | npt.NDArray[Any],
    vectors: npt.NDArray[Any],
    counts: npt.NDArray[Any] | None = None,
) -> KeyedVectors:
    try:
        return KeyedVectors(keys, vectors, counts)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def existing(path: str | os.PathLike[str]) -> Path:
    """Path of a file to read; an error with the cure if it is missing, a folder or empty."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder; give the name of a file")
    if not path.exists():
        raise FileNotFoundError(f"there is no file {path} (looked in {Path.cwd()}); check the name")
    if path.stat().st_size == 0:
        raise ValueError(f"{path} is empty; save or download it again")
    return path


def table_tensors(kv: KeyedVectors) -> dict[str, npt.NDArray[Any]]:
    """Tensors of keys, vectors and counts.

    Returns
    -------
    dict
        vectors : float32[n_vocab, dim]; counts : int64[n_vocab], if known; for integer keys, keys : int64[n_vocab];
        for words, keys : uint8[n_bytes], UTF-8 end to end, and key_offsets : int64[n_vocab + 1].
    """
    tensors: dict[str, npt.NDArray[Any]] = {"vectors": np.asarray(kv.vectors)}
    if kv.counts is not None:
        tensors["counts"] = np.asarray(kv.counts, np.int64)
    keys = _keys(kv)
    if kv.is_integer:
        return tensors | {"keys": np.array(keys.ids if isinstance(keys, Vocab) else keys, np.int64)}
    if isinstance(keys, Vocab):
        first, stop = keys.word_starts[[0, -1]]
        return tensors | {"keys": keys.letters[first:stop], "key_offsets": keys.word_starts - first}
    words = [word2vec.encode_key(key) for key in keys]
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return tensors | {"keys": np.frombuffer(b"".join(words), np.uint8), "key_offsets": offsets}


def _keys(kv: KeyedVectors) -> list[Any] | Vocab:
    """Keys to save; ValueError where the list was changed so that one occurs twice, which no reader takes."""
    source = kv.key_source
    if isinstance(source, Vocab):
        return source
    hashes = np.fromiter(map(hash, source), np.int64, len(source))  # less memory than a set of the keys
    return checked_keys(source) if len(np.unique(hashes)) < len(hashes) else source


def table_of(tensors: Tensors, path: Path) -> KeyedVectors:
    """Vectors from the tensors that `table_tensors` makes, among others perhaps; `path` is for the errors."""
    if not {"keys", "vectors"} <= tensors.keys():
        raise ValueError(f"{path} has the tensors {sorted(tensors)}, expected keys and vectors as fastw2v saves them")
    keys, counts = tensors["keys"], tensors.get("counts")
    if keys.dtype != np.uint8:
        return _keyed(path, keys, tensors["vectors"], counts)
    offsets = tensors.get("key_offsets", np.empty(0, np.int64))
    if len(offsets) < 2 or offsets[0] != 0 or offsets[-1] != len(keys) or (np.diff(offsets) < 0).any():
        raise ValueError(f"{path}: key_offsets do not divide the {len(keys)} bytes of keys; save the model again")
    blob, bounds = keys.tobytes(), offsets.tolist()
    words = [word2vec.decode_word(blob[start:stop]) for start, stop in pairwise(bounds)]
    return _keyed(path, words, tensors["vectors"], counts)


def write_safetensors(path: str | os.PathLike[str], tensors: Tensors, metadata: Mapping[str, str]) -> None:
    """Write named arrays and strings to a safetensors file, whole or not at all; see `replacing` for the errors."""
    with replacing(path) as draft:
        _safetensors_writer.write(draft, tensors, metadata)


def read_safetensors(
    path: str | os.PathLike[str], wanted: Callable[[str], bool] = lambda name: True
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Read the strings of a safetensors file, and the arrays whose names are wanted; ValueError when it is damaged."""
    try:
        with safetensors.safe_open(path, framework="np") as file:
            return {name: file.get_tensor(name) for name in file.keys() if wanted(name)}, file.metadata() or {}
    except safetensors.SafetensorError as error:
        raise ValueError(f"{path} is a damaged safetensors file ({error}); copy or save it again") from error


def is_safetensors(path: Path) -> bool:
    """Whether the file starts with the length of a JSON header (eight bytes, little-endian) and a brace."""
    with open(path, "rb") as file:
        return file.read(9)[7:] == b"\0{"

"""Save vectors in the format of the file's ending; read them in the format of the file's content."""

from __future__ import annotations

import os
from pathlib import Path

from fastw2v.formats import book_pickle
from fastw2v.formats.safetensors import (
    is_safetensors,
    mapped,
    read_safetensors,
    table_of,
    table_tensors,
    write_safetensors,
)
from fastw2v.formats.word2vec import read_word2vec, write_binary, write_text
from fastw2v.runtime.files import atomic_write, existing_file, writable_target
from fastw2v.vectors.key_table import KeyTable, VectorTable, keys_to_save

FORMATS = ("word2vec-binary", "word2vec-text", "safetensors")
FORMAT_OF_ENDING = {
    ".bin": "word2vec-binary",
    ".txt": "word2vec-text",
    ".vec": "word2vec-text",
    ".safetensors": "safetensors",
}
_OTHERS = {".npy", ".npz", ".pkl", ".pickle", ".csv", ".tsv", ".json", ".h5", ".parquet", ".zip", ".bz2", ".xz", ".zst"}


def save(kv: KeyTable, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write vectors to a file, in the order of the rows.

    The write is atomic: an existing file is replaced only when the new one is complete. The word2vec formats have no
    counts and make words of integer keys; safetensors keeps both.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
    format : str, optional
        "word2vec-binary", "word2vec-text" or "safetensors". Default: by the ending, .bin, .txt or .vec; any other name
        is safetensors.

    Raises
    ------
    ValueError
        The format is unknown, or the ending is another format's; or a word2vec format cannot hold a key (empty, or with
        whitespace) or a vector (not finite).
    OSError
        The folder does not exist, or cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fastw2v import KeyedVectors, formats
    >>> wv = KeyedVectors(["a", "b"], [[1.0, 2.0], [3.0, 4.0]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors.txt")
    ...     formats.save(wv, path)
    ...     print(path.read_text())
    2 2
    a 1 2
    b 3 4
    <BLANKLINE>
    """
    chosen = _chosen_format(Path(path), format)
    if chosen == "safetensors":
        write_safetensors(path, table_tensors(kv), {"format": "fastw2v"})
        return
    write = write_binary if chosen == "word2vec-binary" else write_text
    keys = keys_to_save(kv)
    with atomic_write(path) as draft:
        write(draft, keys, kv.matrix)


def check_target(path: str | os.PathLike[str], format: str | None = None) -> None:
    """Raise what `save` would raise about path and format, before the work is done."""
    _chosen_format(Path(path), format)
    writable_target(path)


def _chosen_format(path: Path, format: str | None) -> str:
    """Return the format, by the ending if `format` is None; ValueError if it is unknown."""
    endings = ", ".join(FORMAT_OF_ENDING)
    if path.suffix == ".gz":
        raise ValueError(f"{path}: files are not gzipped when written; use one of the endings {endings}")
    if format is None and path.suffix in _OTHERS:
        raise ValueError(f"{path}: {path.suffix} is the ending of another format; use {endings}, or give a format")
    chosen = format or FORMAT_OF_ENDING.get(path.suffix, "safetensors")
    if chosen not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    return chosen


def read(path: str | os.PathLike[str], mmap: str | None = None) -> VectorTable:
    r"""Read vectors from a file; its content, not its name, tells the format.

    Parameters
    ----------
    path : path
        word2vec text or binary, plain or gzipped; safetensors; or the book's pickle (see `fastw2v.nn.load_params`).
    mmap : "r" or "c", optional
        Map the vectors of a safetensors file into memory instead of reading them: read-only, or copied where written.

    Returns
    -------
    VectorTable
        Keys, vectors and, if the file has them, counts. Bytes of words that are no UTF-8 survive as surrogates.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        The file is empty, damaged or of an unknown format, or its header does not fit the content; or `mmap` is given
        for another format, or is neither "r" nor "c".

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from fastw2v import formats
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "vectors")
    ...     _ = path.write_text("2 2\na 1 2\nb 3 4\n")
    ...     table = formats.read(path)
    >>> table.keys, table.vectors.tolist()
    (['a', 'b'], [[1.0, 2.0], [3.0, 4.0]])
    """
    path = existing_file(path)
    if mmap not in (None, "r", "c"):
        raise ValueError(f"mmap is {mmap!r}; expected None, 'r' (read-only), or 'c' (what is written stays in memory)")
    if is_safetensors(path):
        unwanted = {"w_out"} if mmap is None else {"w_out", "vectors"}
        tensors = read_safetensors(path, lambda name: name not in unwanted)[0]
        return table_of(tensors if mmap is None else tensors | {"vectors": mapped(path, "vectors", mmap)}, path)
    if mmap is not None:
        raise ValueError(
            f"{path} is no safetensors file, which alone can be mapped; load it without mmap, or save it anew"
        )
    if book_pickle.is_pickle(path):
        params = book_pickle.read(path)
        return VectorTable(list(params["word_to_id"]), params["word_vecs"])
    return read_word2vec_file(path)


def read_word2vec_file(
    path: str | os.PathLike[str], binary: bool | None = None, limit: int | None = None
) -> VectorTable:
    """Read a word2vec file, or only its first `limit` vectors; ValueError if it is not what `binary` says, if given."""
    path = existing_file(path)
    return VectorTable(*read_word2vec(path, binary, limit))

"""Save vectors in the format of the file's ending; read them in the format of the file's content."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from fastw2v.formats import book_pickle, numpy_files
from fastw2v.formats.arrow_table import is_arrow, read_arrow, write_arrow
from fastw2v.formats.names import FORMAT_OF_ENDING, INDEXES, WORD2VEC, chosen_format
from fastw2v.formats.projector import write_projector
from fastw2v.formats.safetensors import is_safetensors, mapped, read_safetensors, write_safetensors
from fastw2v.formats.safetensors_table import TABLE_TENSORS, table_metadata, table_of, table_tensors
from fastw2v.formats.static_embedding import write_static_embedding
from fastw2v.formats.stored_rows import say_keys_become_words
from fastw2v.formats.streams import Source, name_of, reading, writing
from fastw2v.formats.vector_rows import MOST_WORD_BYTES
from fastw2v.formats.word2vec import Reading, read_word2vec
from fastw2v.formats.word2vec_text import pieces
from fastw2v.formats.word2vec_write import Layout, write_binary, write_text
from fastw2v.runtime.files import atomic_write, existing_file
from fastw2v.runtime.signals import finished_first
from fastw2v.runtime.word_bytes import encode_word
from fastw2v.vectors.indexes import KeyIndex
from fastw2v.vectors.key_table import KeyTable, VectorTable, keys_to_save

_MOST_DIGITS = 18  # of a count, which is an int64


def save(kv: KeyTable, path: str | os.PathLike[str], format: str | None = None, *, dtype: str | None = None) -> None:
    """Write vectors to a file, or to a folder, in the order of the rows.

    The write is atomic: an existing file is replaced only when the new one is complete, and a Ctrl-C is obeyed then; a
    second one at once. The word2vec formats have no counts. They and the folders make words of integer keys, which is
    logged; the other formats keep them.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
    format : str, optional
        One of `FORMATS`. Default: by the ending, as in `FORMAT_OF_ENDING`; any other name is safetensors. "projector"
        and "static-embedding" are folders. With .gz, .bz2, .xz or .zst after it a file of word2vec is packed.
    dtype : str, optional
        Store the numbers as "float16", "float32" or "float64", where the format can, or, with safetensors, as "int8"
        with a factor for each row. Default: as they are.

    Raises
    ------
    ValueError
        The format is unknown, or the ending is another format's; or the format cannot hold a key, a vector, or numbers
        of that type.
    ImportError
        The format needs a package that is not installed.
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
    chosen = chosen_format(Path(path), format, dtype)
    if chosen in WORD2VEC:
        save_word2vec(kv, path, binary=chosen == "word2vec-binary")
        return
    with finished_first(str(path)):
        _write(kv, path, chosen=chosen, dtype=dtype)


def _write(kv: KeyTable, path: str | os.PathLike[str], *, chosen: str, dtype: str | None) -> None:
    """Write vectors in any other format than word2vec's."""
    if chosen in INDEXES:
        KeyIndex.build(kv, chosen, dtype=dtype or "float32").save(path)
    elif chosen == "projector":
        write_projector(kv, path)
    elif chosen in ("parquet", "feather"):
        write_arrow(kv, path, is_parquet=chosen == "parquet", dtype=dtype)
    else:
        _WRITERS[chosen](kv, path, dtype=dtype)


def _save_safetensors(kv: KeyTable, path: str | os.PathLike[str], *, dtype: str | None = None) -> None:
    write_safetensors(path, table_tensors(kv, dtype), {"format": "fastw2v"} | table_metadata(kv))


_WRITERS: dict[str, Callable[..., None]] = {
    "safetensors": _save_safetensors,
    "npy": numpy_files.write_npy,
    "npz": numpy_files.write_npz,
    "static-embedding": write_static_embedding,
}


def save_word2vec(
    kv: KeyTable,
    path: str | os.PathLike[str],
    *,
    binary: bool,
    append: bool = False,
    layout: Layout = Layout(),  # noqa: B008 - it is frozen
) -> None:
    """Write word2vec text or binary, packed if the path ends in .gz, .bz2, .xz or .zst.

    Parameters
    ----------
    kv : KeyedVectors
        Written in the order of the rows.
    path : path
    binary : bool
        Binary rather than text.
    append : bool
        Write after what the file holds. The file is replaced by its copy with the new rows, whole or not at all.
    layout : Layout

    Raises
    ------
    ValueError
        The format cannot hold a key (empty, or with whitespace) or a vector (not finite).
    OSError
        The folder does not exist, or cannot be written to.
    """
    write, keys = write_binary if binary else write_text, keys_to_save(kv)
    say_keys_become_words(kv, path)
    with finished_first(str(path)), atomic_write(path) as draft:
        with writing(draft, path) as file:
            write(file, keys, kv.matrix, layout=layout)
        if append and Path(path).exists():
            _put_before(draft, Path(path))


def _put_before(draft: Path, old: Path) -> None:
    """Put the content of an old file before that of the draft; packed files may follow one another."""
    rows = draft.with_name(draft.name + ".rows")
    try:
        shutil.copyfile(draft, rows)
        shutil.copyfile(old, draft)  # into the same file, which is locked
        with open(draft, "ab") as file, open(rows, "rb") as new:
            shutil.copyfileobj(new, file)
    finally:
        rows.unlink(missing_ok=True)


def read(path: str | os.PathLike[str], mmap: str | None = None) -> VectorTable:
    r"""Read vectors from a file; its content, not its name, tells the format.

    Parameters
    ----------
    path : path
        word2vec text or binary or GloVe text, plain or packed by gzip, bzip2, xz or zstd; safetensors; Parquet or
        Feather; .npy, with its keys in another file, or .npz; or the book's pickle (see `fastw2v.nn.load_params`).
    mmap : "r" or "c", optional
        Map the vectors of a file of safetensors or .npy into memory instead of reading them: read-only, or copied where
        written.

    Returns
    -------
    VectorTable
        Keys, vectors and, if the file has them, counts. Bytes of words that are no UTF-8 are private
        characters, which are written back as those bytes.

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
    >>> table.keys.keys, table.vectors.tolist()
    (['a', 'b'], [[1.0, 2.0], [3.0, 4.0]])
    """
    path = existing_file(path)
    if mmap not in (None, "r", "c"):
        raise ValueError(f"mmap is {mmap!r}; expected None, 'r' (read-only), or 'c' (what is written stays in memory)")
    if is_safetensors(path):
        unread = "" if mmap is None else "vectors"
        tensors, metadata = read_safetensors(path, lambda name: name in TABLE_TENSORS and name != unread)
        if mmap is not None:
            tensors["vectors"] = mapped(path, "vectors", mmap)
        return table_of(tensors, path, metadata, checks_keys=mmap is None)
    if numpy_files.is_npy(path):
        return numpy_files.read_npy(path, mmap)
    if mmap is not None:
        raise ValueError(
            f"{path} is no safetensors file and no .npy, which alone can be mapped; load it without mmap, or save anew"
        )
    if is_arrow(path):
        return read_arrow(path)
    if numpy_files.is_npz(path):
        return numpy_files.read_npz(path)
    if book_pickle.is_pickle(path):
        params = book_pickle.read(path)
        return VectorTable(list(params["word_to_id"]), params["word_vecs"].astype(np.float32))
    if FORMAT_OF_ENDING.get(path.suffix) in INDEXES:
        cure = "read it by fastw2v.vectors.indexes.KeyIndex.load(path)"
        raise ValueError(f"{path} has the ending of an index of {path.suffix[1:]}, which is no file of vectors; {cure}")
    return VectorTable(*read_word2vec(path))


def save_counts(kv: KeyTable, path: str | os.PathLike[str], *, prefix: str = "") -> None:
    """Write each key and its count on a line, as the `fvocab` of gensim and word2vec.c; raises as `atomic_write`."""
    counts = np.zeros(0, np.int64) if kv.counts is None else kv.counts
    with atomic_write(path) as draft, writing(draft, path) as file:
        pairs = zip(kv.index_to_key, counts.tolist())
        file.writelines(encode_word(f"{prefix}{key}") + b" %d\n" % count for key, count in pairs)


def read_counts(source: Source, how: Reading = Reading()) -> dict[str, int]:  # noqa: B008 - it is frozen
    """Read keys and their counts, a pair on each line; ValueError for a line without a count."""
    counts, decode = {}, how.decode()
    with reading(source) as stream:
        for first_no, lines in pieces(stream, name_of(source), 1, most_bytes=MOST_WORD_BYTES):
            for line_no, line in enumerate(lines, first_no):
                key, _, count = line.rstrip().rpartition(b" ")
                if not count.isdigit() or len(count) > _MOST_DIGITS:
                    found = f"{name_of(source)}: line {line_no} is {line[:60]!r}"
                    raise ValueError(f"{found}; expected a key and its count, of up to {_MOST_DIGITS} digits")
                counts[decode(key)] = int(count)
    return counts

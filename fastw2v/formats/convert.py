"""Save vectors in the format of the file's ending; read them in the format of the file's content."""

from __future__ import annotations

import logging
import os
import shutil
from pathlib import Path

import numpy as np

from fastw2v.formats import book_pickle
from fastw2v.formats.safetensors import is_safetensors, mapped, read_safetensors, write_safetensors
from fastw2v.formats.safetensors_table import TABLE_TENSORS, table_metadata, table_of, table_tensors
from fastw2v.formats.streams import PACKED_ENDINGS, Source, name_of, reading, writing
from fastw2v.formats.vector_rows import MOST_WORD_BYTES
from fastw2v.formats.word2vec import Reading, read_word2vec
from fastw2v.formats.word2vec_text import pieces
from fastw2v.formats.word2vec_write import Layout, write_binary, write_text
from fastw2v.runtime.files import atomic_write, check_writable, existing_file
from fastw2v.runtime.signals import finished_first
from fastw2v.runtime.word_bytes import encode_word
from fastw2v.vectors.key_table import KeyTable, VectorTable, keys_to_save

logger = logging.getLogger("fastw2v")
FORMATS = ("word2vec-binary", "word2vec-text", "safetensors")
FORMAT_OF_ENDING = {
    ".bin": "word2vec-binary",
    ".txt": "word2vec-text",
    ".vec": "word2vec-text",
    ".safetensors": "safetensors",
}
_MOST_DIGITS = 18  # of a count, which is an int64
_OTHERS = {".npy", ".npz", ".pkl", ".pickle", ".csv", ".tsv", ".json", ".h5", ".parquet", ".zip"}


def save(kv: KeyTable, path: str | os.PathLike[str], format: str | None = None) -> None:
    """Write vectors to a file, in the order of the rows.

    The write is atomic: an existing file is replaced only when the new one is complete, and a Ctrl-C is obeyed then; a
    second one at once. The word2vec formats have no counts and make words of integer keys, which is logged;
    safetensors keeps both.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
    format : str, optional
        "word2vec-binary", "word2vec-text" or "safetensors". Default: by the ending, .bin, .txt or .vec; any other name
        is safetensors. With .gz, .bz2, .xz or .zst after it the file is packed.

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
        with finished_first(str(path)):
            write_safetensors(path, table_tensors(kv), {"format": "fastw2v"} | table_metadata(kv))
        return
    save_word2vec(kv, path, binary=chosen == "word2vec-binary")


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
    if kv.is_integer:
        logger.warning("%s: integer keys become words in this format; save as .safetensors to keep them", path)
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


def check_target(path: str | os.PathLike[str], format: str | None = None) -> None:
    """Raise what `save` would raise about path and format, before the work is done."""
    _chosen_format(Path(path), format)
    check_writable(path)


def _chosen_format(path: Path, format: str | None) -> str:
    """Return the format, by the ending if `format` is None; ValueError if it is unknown."""
    endings, is_packed = ", ".join(FORMAT_OF_ENDING), path.suffix in PACKED_ENDINGS
    ending = path.with_suffix("").suffix if is_packed else path.suffix
    if format is None and (ending in _OTHERS or (is_packed and ending not in FORMAT_OF_ENDING)):
        raise ValueError(f"{path}: {ending or path.suffix} is no ending of a format; use {endings}, or give a format")
    chosen = format or FORMAT_OF_ENDING.get(ending, "safetensors")
    if chosen not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    if is_packed and chosen == "safetensors":
        raise ValueError(f"{path}: safetensors files are not packed, since they are mapped; leave out {path.suffix}")
    return chosen


def read(path: str | os.PathLike[str], mmap: str | None = None) -> VectorTable:
    r"""Read vectors from a file; its content, not its name, tells the format.

    Parameters
    ----------
    path : path
        word2vec text or binary or GloVe text, plain or packed by gzip, bzip2, xz or zstd; safetensors; or the book's
        pickle (see `fastw2v.nn.load_params`).
    mmap : "r" or "c", optional
        Map the vectors of a safetensors file into memory instead of reading them: read-only, or copied where written.

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
    if mmap is not None:
        raise ValueError(
            f"{path} is no safetensors file, which alone can be mapped; load it without mmap, or save it anew"
        )
    if book_pickle.is_pickle(path):
        params = book_pickle.read(path)
        return VectorTable(list(params["word_to_id"]), params["word_vecs"].astype(np.float32))
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

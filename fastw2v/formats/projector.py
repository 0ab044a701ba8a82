"""A folder for the TensorBoard embedding projector: vectors and labels as tab-separated text, and its configuration."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from fastw2v.formats.row_text import RowTexts, row_texts
from fastw2v.formats.stored_rows import keys_of, row_chunks, say_keys_become_words
from fastw2v.runtime.arrays import Array
from fastw2v.runtime.files import atomic_write, writable_folder
from fastw2v.vectors.key_table import KeyTable

logger = logging.getLogger("fastw2v")
_ESCAPES = {ord("\t"): r"\t", ord("\n"): r"\n", ord("\r"): r"\r"}
_CONFIGURATION = """embeddings {
  tensor_name: "fastw2v"
  tensor_path: "vectors.tsv"
  metadata_path: "metadata.tsv"
}
"""


def write_projector(kv: KeyTable, path: str | PathLike[str]) -> None:
    r"""Write vectors.tsv, metadata.tsv and projector_config.pbtxt to a folder, which is made if it does not exist.

    The columns of metadata.tsv are "key" and "count" (or "row", if there are no counts). Tabs and line ends in keys
    are written as \t, \n and \r, which is logged.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
        Of the folder; give it to ``tensorboard --logdir``.
    """
    folder = writable_folder(path)
    say_keys_become_words(kv, path)
    _write_lines(folder / "vectors.tsv", _vector_lines(row_chunks(kv.matrix), row_texts(kv.matrix)))
    numbers = np.arange(len(kv)) if kv.counts is None else kv.counts
    column = "row" if kv.counts is None else "count"
    lines = (
        f"{_label(key)}\t{number}\n".encode("utf-8", "backslashreplace") for key, number in zip(keys_of(kv), numbers)
    )
    _write_lines(folder / "metadata.tsv", lines, head=f"key\t{column}\n".encode())
    _write_lines(folder / "projector_config.pbtxt", [_CONFIGURATION.encode()])
    n_escaped = sum(str(key).translate(_ESCAPES) != str(key) for key in keys_of(kv))
    if n_escaped:
        logger.warning(r"%s: %d keys hold tabs or line ends, which are written as \t, \n and \r", path, n_escaped)


def _write_lines(path: Path, lines: Iterable[bytes], *, head: bytes = b"") -> None:
    with atomic_write(path) as draft, open(draft, "wb") as file:
        file.write(head)
        file.writelines(lines)


def _vector_lines(chunks: Iterable[Array], texts: RowTexts) -> Iterator[bytes]:
    for chunk in chunks:
        for text in texts(chunk):
            yield bytes(text[1:]).replace(b" ", b"\t") + b"\n"


def _label(key: Any) -> str:  # noqa: ANN401 - str or int
    return str(key).translate(_ESCAPES)

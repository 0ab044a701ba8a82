"""Read and write vectors, with a module per file format; writes are atomic."""

from fastw2v.formats.convert import (
    FORMAT_OF_ENDING,
    FORMATS,
    check_target,
    read,
    read_counts,
    read_word2vec_file,
    save,
    save_counts,
    save_word2vec,
)
from fastw2v.formats.word2vec import Reading
from fastw2v.formats.word2vec_write import Layout

__all__ = [
    "FORMATS",
    "FORMAT_OF_ENDING",
    "Layout",
    "Reading",
    "check_target",
    "read",
    "read_counts",
    "read_word2vec_file",
    "save",
    "save_counts",
    "save_word2vec",
]

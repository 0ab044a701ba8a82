"""Read and write vectors, with a module per file format; writes are atomic."""

from fastw2v.formats.convert import read, read_counts, save, save_counts, save_word2vec
from fastw2v.formats.names import FORMAT_OF_ENDING, FORMATS, check_target
from fastw2v.formats.word2vec import Reading, read_word2vec
from fastw2v.formats.word2vec_write import Layout

__all__ = [
    "FORMATS",
    "FORMAT_OF_ENDING",
    "Layout",
    "Reading",
    "check_target",
    "read",
    "read_counts",
    "read_word2vec",
    "save",
    "save_counts",
    "save_word2vec",
]

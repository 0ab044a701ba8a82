"""Read and write vectors, with a module per file format; writes are atomic."""

from fastw2v.formats.convert import FORMAT_OF_ENDING, FORMATS, check_target, read, read_word2vec_file, save

__all__ = ["FORMATS", "FORMAT_OF_ENDING", "check_target", "read", "read_word2vec_file", "save"]

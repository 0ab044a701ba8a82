"""Text to train on: the standard library of the running interpreter, the Penn Treebank; and the data sets of tests."""

from fastw2v.datasets.folder import data_dir, evaluation_files
from fastw2v.datasets.ptb import load_ptb
from fastw2v.datasets.stdlib import default_corpus

__all__ = ["data_dir", "default_corpus", "evaluation_files", "load_ptb"]

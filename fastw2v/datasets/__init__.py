"""Text to train on (Python's standard library, the Penn Treebank), and files to evaluate vectors with."""

from fastw2v.datasets.folder import data_dir, evaluation_files
from fastw2v.datasets.ptb import load_ptb
from fastw2v.datasets.stdlib import default_corpus

__all__ = ["data_dir", "default_corpus", "evaluation_files", "load_ptb"]

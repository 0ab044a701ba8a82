"""Indexes of approximate nearest neighbours that answer with keys; a file for each library."""

from fastw2v.vectors.indexes.key_index import KeyIndex
from fastw2v.vectors.indexes.libraries import PACKAGES

__all__ = ["PACKAGES", "KeyIndex"]

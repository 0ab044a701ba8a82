"""KeyedVectors, as gensim's users know it: keys and rows, queries, and files."""

from fastw2v.keyedvectors.keyed_vectors import KeyedVectors
from fastw2v.keyedvectors.neighbours import Indexer, NeighbourList, QueryItem

__all__ = ["Indexer", "KeyedVectors", "NeighbourList", "QueryItem"]

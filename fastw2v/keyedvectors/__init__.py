"""KeyedVectors, as gensim's users know it: keys and rows, queries, and files."""

from fastw2v.keyedvectors.keyed_vectors import KeyedVectors
from fastw2v.keyedvectors.neighbours import Indexer, NeighbourList, QueryItem
from fastw2v.keyedvectors.subword_vectors import FastTextKeyedVectors

__all__ = ["FastTextKeyedVectors", "Indexer", "KeyedVectors", "NeighbourList", "QueryItem"]

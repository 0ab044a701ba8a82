"""Matrices of vectors: rows with keys, batched search for neighbours, and the two weight matrices of a model."""

"""The k rows of a matrix with the largest cosine to each query."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return 5 * `size` rows of `size` columns, some of them equal, and a few queries with up to 7 places each."""
    n_rows, n_queries = 5 * size, -(-size // 5)
    k = min(7, n_rows)
    vectors = rng.normal(size=(n_rows, size)).astype(np.float32)
    vectors[n_rows // 2 :: 3] = vectors[0]
    queries = rng.normal(size=(n_queries, size)).astype(np.float32)
    return {
        "vectors": vectors,
        "norms": np.linalg.norm(vectors, axis=1),
        "queries": queries / np.linalg.norm(queries, axis=1, keepdims=True),
        "scores": np.empty((n_queries, k), np.float32),
        "rows": np.empty((n_queries, k), np.int64),
    }


OP = Op("nearest", make_case, lambda case: {"scores": case["scores"], "rows": case["rows"]})

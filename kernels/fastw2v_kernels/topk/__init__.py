"""The k best scores of each query, from the best so far and a batch of new ones."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return 5 * `size` new scores for each of a few queries, many of them equal; 3 of 7 places are taken."""
    n_queries = -(-size // 16)
    best_scores = np.full((n_queries, 7), -np.inf, np.float32)
    best_rows = np.full((n_queries, 7), -1, np.int64)
    best_scores[:, :3], best_rows[:, :3] = [1, 0.5, 0.5], [40, 3, 7]
    return {
        "scores": rng.normal(size=(n_queries, 5 * size)).astype(np.float32).round(2),
        "first_row": 100,
        "best_scores": best_scores,
        "best_rows": best_rows,
    }


OP = Op("topk", make_case, updates=("best_scores", "best_rows"), devices=("cpu", "cuda"))

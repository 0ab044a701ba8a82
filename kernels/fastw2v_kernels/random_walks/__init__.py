"""Random walks on a graph, uniform or by the rule of node2vec."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return 40 walks of `size` nodes on a directed graph of 37 nodes with weights, some of them without a way out."""
    n_nodes = 37
    weights = rng.exponential(size=(n_nodes, n_nodes)) * (rng.random((n_nodes, n_nodes)) < 0.2)
    weights[::9] = 0
    present = weights > 0
    cumulative = np.cumsum(weights, axis=1)
    return {
        "indptr": np.concatenate([[0], np.cumsum(present.sum(axis=1))]),
        "indices": np.nonzero(present)[1].astype(np.int32),
        "cumulative": cumulative[present],
        "first_nodes": rng.integers(0, n_nodes, 40).astype(np.int32),
        "p": 0.2,
        "q": 3.0,
        "seed": int(rng.integers(2**63)),
        "first_walk": int(rng.integers(2**40)),
        "out": np.zeros((40, size), np.int32),
    }


OP = Op("random_walks", make_case, outputs=lambda case: {"out": case["out"]}, devices=("cpu", "cuda"))

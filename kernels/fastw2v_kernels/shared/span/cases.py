"""Test cases of the span kernels: small corpora, with tables and weights as a trainer gives them."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64
from fastw2v_kernels.shared.span.paths import path_to


def alias_table(weights: np.ndarray) -> tuple[Float32, Int32]:
    """Return the alias table of a distribution proportional to `weights` (Vose 1991)."""
    prob = weights / weights.mean()
    own, alias = np.ones(len(prob), np.float32), np.arange(len(prob), dtype=np.int32)
    small, large = list(np.flatnonzero(prob < 1)), list(np.flatnonzero(prob >= 1))
    while small and large:
        low, high = small.pop(), large[-1]
        own[low], alias[low] = prob[low], high
        prob[high] -= 1 - prob[low]
        if prob[high] < 1:
            small.append(large.pop())
    return own, alias


def span_case(
    rng: np.random.Generator, size: int, *, dim: int = 100, negative: int = 5, window: int = 3, n_vocab: int = 40
) -> dict[str, Any]:
    """Return the arguments common to the span kernels: `size` tokens in sentences of 1 to 20, and a span of them."""
    stride = -(-dim // 16) * 16
    cuts = np.cumsum(rng.integers(1, 21, size))
    starts = np.concatenate([[0], cuts[cuts < size], [size]]).astype(np.int64)
    alias_prob, alias_id = alias_table(rng.random(n_vocab))
    w_in, w_out = (np.zeros((n_vocab, stride), np.float32) for _ in range(2))
    w_in[:, :dim], w_out[:, :dim] = rng.normal(0, dim**-0.5, (2, n_vocab, dim))
    return {
        "w_in": w_in,
        "w_out": w_out,
        "ids": rng.integers(0, n_vocab, size, dtype=np.int32),
        "starts": starts,
        "keep": rng.uniform(0.3, 1.2, n_vocab).astype(np.float32),
        "alias_prob": alias_prob,
        "alias_id": alias_id,
        "begin": size // 10,
        "end": size - size // 10,
        "lr_first": 0.05,
        "lr_step": -0.03 / size,
        "seed": int(rng.integers(2**63)),
        "epoch": int(rng.integers(5)),
        "window": window,
        "negative": negative,
        "shrink_windows": True,
        "with_loss": True,
        "tally": np.zeros(3),
    }


def random_tree(rng: np.random.Generator, n_vocab: int) -> tuple[Int32, Int64]:
    """Return a tree of random shape, as `huffman_tree` writes it, and the path_starts that belong to it."""
    tree, free = np.full(2 * n_vocab - 1, -1, np.int32), list(range(n_vocab))
    for inner in range(n_vocab - 1):
        for bit in range(2):
            tree[free.pop(int(rng.integers(len(free))))] = 2 * inner + bit
        free.append(n_vocab + inner)
    n_above = np.zeros(2 * n_vocab - 1, np.int64)
    for node in range(2 * n_vocab - 3, -1, -1):
        n_above[node] = n_above[n_vocab + tree[node] // 2] + 1
    return tree, np.concatenate([[0], np.cumsum(n_above[:n_vocab])])


def tree_case(rng: np.random.Generator, size: int, **sizes: int) -> dict[str, Any]:
    """Return the arguments common to the span kernels with hierarchical softmax; `sizes` as in `span_case`."""
    return with_tree(rng, span_case(rng, size, **sizes))


def with_tree(rng: np.random.Generator, case: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a span kernel, and a tree of its words with the rows of the nodes."""
    n_vocab = len(case["w_out"])
    tree, path_starts = random_tree(rng, n_vocab)
    path_steps = np.concatenate([path_to(tree, word) for word in range(n_vocab)]).astype(np.int32)
    w_node = rng.permuted(case["w_out"], axis=0)  # columns past the model's dimension stay 0
    return case | {"w_node": w_node, "path_starts": path_starts, "path_steps": path_steps}

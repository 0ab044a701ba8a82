"""Gradients of `dot_sigmoid_loss`."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return `size` examples with a positive and 5 negatives each, and rows of dimension `size`, some of them stale."""
    return {
        "w": rng.normal(size=(37, size)).astype(np.float32),
        "h": rng.normal(size=(size, size)).astype(np.float32),
        "targets": rng.integers(0, 37, (size, 6)),
        "labels": np.array([1, 0, 0, 0, 0, 0], np.float32),
        "probability": rng.random((size, 6), dtype=np.float32),
        "dout": 1.5,
        "stale_ids": rng.integers(0, 37, 20),
        "dh": np.zeros((size, size), np.float32),
        "dw": rng.normal(size=(37, size)).astype(np.float32),
    }


OP = Op(
    "dot_sigmoid_loss_backward",
    make_case,
    outputs=lambda case: {"dh": case["dh"]},
    updates=("dw",),
    devices=("cpu", "cuda"),
)

"""Scores of targets, their probabilities, and the loss: EmbeddingDot and SigmoidWithLoss in one operation."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.registry import Case, Op


def make_case(rng: np.random.Generator, size: int) -> Case:
    """Return a batch of `size` examples with a positive and 5 negatives, rows of dimension `size`."""
    return {
        "w": rng.normal(0, 2 * size**-0.25, (37, size)).astype(np.float32),
        "h": rng.normal(0, size**-0.25, (size, size)).astype(np.float32),
        "targets": rng.integers(0, 37, (size, 6)),
        "labels": np.array([1, 0, 0, 0, 0, 0], np.float32),
        "probability": np.zeros((size, 6), np.float32),
        "loss": np.zeros(1),
    }


OP = Op(
    "dot_sigmoid_loss",
    make_case,
    outputs=lambda case: {"probability": case["probability"], "loss": case["loss"]},
    devices=("cpu", "cuda"),
)

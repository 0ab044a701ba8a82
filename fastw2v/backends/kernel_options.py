"""What a configuration says to the kernels, the same on every device."""

from __future__ import annotations

from typing import Any

from fastw2v.config import TrainConfig


def kernel_options(config: TrainConfig) -> dict[str, Any]:
    """Return the arguments of `skipgram_ns` or `cbow_ns` that do not change from span to span, but for arrays."""
    knobs: dict[str, Any] = {
        "seed": config.seed,
        "window": config.window,
        "negative": config.negative,
        "shrink_windows": bool(config.shrink_windows),
        "with_loss": bool(config.compute_loss),
    }
    if config.sg:
        return knobs | {"share_negatives": config.shares_negatives}
    return knobs | {"mean_context": bool(config.cbow_mean), "mean_gradient": config.divides_gradient}


def kernel_name(config: TrainConfig) -> str:
    """Return what is compiled, for the log."""
    model = "skip-gram" if config.sg else "CBOW"
    return f"the {model} kernel for vector_size {config.vector_size}, negative {config.negative}"

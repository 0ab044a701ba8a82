"""The options of a configuration that all devices pass to the kernels, and the name of a kernel in the log."""

from __future__ import annotations

from typing import Any

from fastw2v.config import FastTextConfig, TrainConfig


def kernel_options(config: TrainConfig) -> dict[str, Any]:
    """Return the arguments of the kernels that are not arrays and are the same for all spans."""
    options: dict[str, Any] = {
        "seed": config.seed,
        "window": config.window,
        "negative": config.negative,
        "shrink_windows": bool(config.shrink_windows),
        "with_loss": bool(config.compute_loss),
    }
    if config.sg:
        return options | {"share_negatives": config.shares_negatives}
    return options | {"mean_context": bool(config.cbow_mean), "mean_gradient": config.divides_gradient}


def kernel_name(config: TrainConfig) -> str:
    """Return the name of the kernel for the log."""
    model = "skip-gram" if config.sg else "CBOW"
    model += " (subwords)" if isinstance(config, FastTextConfig) else ""
    return f"the {model} kernel for vector_size {config.vector_size}, negative {config.negative}"

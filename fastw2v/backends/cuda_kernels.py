"""The GPU kernel of each configuration. Each is imported when it is asked for, because it brings CUDA's packages."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from fastw2v.config import TrainConfig


def span_kernel(config: TrainConfig, *, with_subwords: bool = False) -> Callable[..., None]:
    """Return the operation that trains a span; `with_subwords`, for weights with rows of n-grams."""
    model, loss = "skipgram" if config.sg else "cbow", "hs" if config.hs else "ns"
    name = f"{model}_subword_{loss}" if with_subwords else f"{model}_{loss}"
    kernel: Callable[..., None] = getattr(import_module(f"fastw2v_kernels.{name}.cuda"), f"{name}_cuda")
    return kernel

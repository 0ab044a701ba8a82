"""The options of a training on explicit pairs: which do not apply, and what they are instead."""

from __future__ import annotations

from fastw2v.config import TrainConfig


def check_pair_options(config: TrainConfig) -> None:
    """Raise ValueError if these options cannot train explicit pairs, or if one is set that does not apply to them."""
    if not config.sg:
        raise ValueError("pairs are trained by skip-gram alone, and sg is 0, which is CBOW; pass sg=1")
    if config.window not in (1, TrainConfig.window):
        raise ValueError(f"window is {config.window}, and explicit pairs have no window; leave it out")
    if config.sample not in (0, TrainConfig.sample):
        cure = "leave it out; frequent pairs may have smaller weights"
        raise ValueError(f"sample is {config.sample:g}, and no explicit pair is left out by subsampling; {cure}")


def options_of_pairs(config: TrainConfig) -> TrainConfig:
    """Return the options by which kernels train explicit pairs as sentences of two tokens."""
    chosen = {"window": 1, "shrink_windows": False, "sample": 0.0, "negative_sharing": "pair"}
    for name, value in chosen.items():
        config = config.with_option(name, value)
    return config

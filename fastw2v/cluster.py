"""Where a cluster is, how often its machines exchange what they have learned, and what it cannot train."""

from __future__ import annotations

import math
from dataclasses import dataclass

from fastw2v.config import FastTextConfig, TrainConfig, number
from fastw2v.runtime.devices import is_cuda

MOST_BLOCK_MB = 64


@dataclass(frozen=True)
class Cluster:
    """A cluster, and how a training uses it.

    Parameters
    ----------
    address : str
        "auto": the Ray cluster that this process is connected to; else that which the environment names, or that of
        this machine. "local": one of this machine alone, started for this training. "HOST:PORT": the head of a cluster.
    nodes : int, optional
        Use so many nodes, once they are there: TimeoutError after two minutes. Default: all that have a CPU now.
    rounds : int, optional
        How often in an epoch the nodes merge what they have learned. Default: about 190 times in a training, often at
        first, and the more seldom the lower the learning rate is; with fewer merges the vectors become worse.
    cycle : int
        Merge all rows in each `cycle`-th round, and the most frequent ones in those between. A power of two. What is
        trained is safe at the end of a cycle.
    block_mb : int
        Exchange so many megabytes of rows together, 1 to 64.
    deadline : float
        Seconds without any progress after which a worker counts as lost.

    Raises
    ------
    TypeError, ValueError
        An argument is out of its range.
    """

    address: str = "auto"
    nodes: int | None = None
    rounds: int | None = None
    cycle: int = 4
    block_mb: int = 32
    deadline: float = 300.0

    def __post_init__(self) -> None:
        if not isinstance(self.address, str) or not self.address:
            raise TypeError(f'cluster is {self.address!r}; expected "auto", "local", or the address of a head')
        ranges = {"nodes": math.inf, "rounds": math.inf, "cycle": 1 << 20, "block_mb": MOST_BLOCK_MB}
        for name, most in ranges.items():
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, number(name, value, int, least=1, most=most))
        object.__setattr__(self, "deadline", number("deadline", self.deadline, float, least=1, most=math.inf))
        if self.cycle & (self.cycle - 1):
            raise ValueError(f"cycle is {self.cycle}; expected a power of two: 1, 2, 4 and so on")


def check_trainable(config: TrainConfig) -> None:
    """Raise ValueError for options that a cluster does not train, each with what to do."""
    refused = {
        "hs": (config.hs, "pass hs=0"),
        "max_vocab_size": (config.max_vocab_size is not None, "use max_final_vocab, or a larger min_count"),
        "deterministic": (config.deterministic, "with workers=1 each node repeats its bits; pass deterministic=False"),
        "device": (is_cuda(config.device), 'nodes train on their CPUs; pass device="cpu"'),
    }
    for name, (is_refused, cure) in refused.items():
        if is_refused:
            raise ValueError(f"{name} is {getattr(config, name)!r}, which a cluster does not train: {cure}")
    if isinstance(config, FastTextConfig):
        raise ValueError("a cluster does not train FastText, whose rows are shared n-grams: use Word2Vec")

"""TrainConfig: every knob of training, with its default, unit and range."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np

NEGATIVE_SHARING = ("window", "pair")
CBOW_GRADIENT = ("mean", "sum")


def available_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True)
class TrainConfig:
    """What to train, and how. Names and defaults are gensim 4's. Numbers of NumPy are taken, and kept as Python's.

    Parameters
    ----------
    vector_size : int >= 1
        Dimension of the vectors.
    alpha, min_alpha : float > 0, float >= 0
        Learning rate at the first and after the last token of the last epoch; it falls linearly with the position.
    window : int >= 1
        Greatest distance between centre and context, in words that survive subsampling.
    min_count : int >= 0
        Words that occur less often get no vector. 0 with integers: every id from 0 to the largest gets one.
    max_vocab_size, max_final_vocab : int >= 1, optional
        Bound on the words held while counting, and on the vocabulary's size.
    sample : float, 0 <= sample <= 1
        Subsampling threshold t: a word of frequency f is kept with probability min(1, sqrt(t/f) + t/f). 0 keeps all.
    seed : int, 0 <= seed < 2**64
        Start of every random stream.
    workers : int >= 1
        Threads of the CPU; default: as many as there are cores. One makes the result reproducible bit for bit on one
        kind of processor; with several it varies from run to run.
    sg : 0 or 1
        1 trains skip-gram, 0 CBOW.
    negative : int >= 1
        Negatives for each positive.
    ns_exponent : float
        Negatives are drawn in proportion to count ** ns_exponent.
    cbow_mean : 0 or 1
        1: the hidden vector of CBOW is the mean of the context vectors, 0: their sum.
    epochs : int >= 1
        Passes over the corpus.
    shrink_windows : bool
        Draw each centre's window from 1..window, or always use the whole.
    sorted_vocab : 0 or 1
        Order the vocabulary by falling count, or by first occurrence.
    compute_loss : bool
        Tally the loss while training (a tenth slower).
    negative_sharing : "window" or "pair"
        All contexts of a centre share one draw of negatives, or each pair has its own, as in word2vec.c, at a quarter
        of the speed (window 5, 5 negatives). Both score within about a point of each other. Skip-gram's shared windows
        above 5 move two contexts at a time: about half as fast, or they would score lower (README). CBOW has one
        example for each centre, so there the two are the same.
    cbow_gradient : "sum" or "mean"
        With cbow_mean=1, "mean" divides the gradient of the hidden vector by the number of contexts, which is the true
        gradient and wants a larger alpha, such as 0.075; "sum" does not, as in word2vec.c and gensim. With cbow_mean=0
        it is always divided, as in gensim: the true gradient of a sum moves the contexts too far together.
    device : "auto", "cpu", "cuda" or "cuda:N"
        Where to train: "auto" is the CPU, "cuda" the GPU that CuPy uses, "cuda:1" a certain one. `workers` does not
        count on a GPU.
    """

    vector_size: int = 100
    alpha: float = 0.025
    min_alpha: float = 0.0001
    window: int = 5
    min_count: int = 5
    max_vocab_size: int | None = None
    max_final_vocab: int | None = None
    sample: float = 1e-3
    seed: int = 1
    workers: int | None = None
    sg: int = 0
    negative: int = 5
    ns_exponent: float = 0.75
    cbow_mean: int = 1
    epochs: int = 5
    shrink_windows: bool = True
    sorted_vocab: int = 1
    compute_loss: bool = False
    negative_sharing: str = "window"
    cbow_gradient: str = "sum"
    device: str = "auto"

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _RANGES and not (value is None and field.default is None):
                object.__setattr__(self, field.name, number(field.name, value, *_RANGES[field.name]))
        _check_choice("negative_sharing", self.negative_sharing, NEGATIVE_SHARING)
        _check_choice("cbow_gradient", self.cbow_gradient, CBOW_GRADIENT)
        if self.min_alpha > self.alpha:
            raise ValueError(f"min_alpha is {self.min_alpha}, above alpha={self.alpha}; lower it, or raise alpha")

    @property
    def n_workers(self) -> int:
        """Threads to use."""
        return self.workers or available_cores()

    @property
    def divides_gradient(self) -> bool:
        """Whether CBOW divides the hidden vector's gradient by the number of contexts."""
        return self.cbow_gradient == "mean" or not self.cbow_mean

    @property
    def shares_negatives(self) -> bool:
        """Whether the contexts of a centre share its negatives."""
        return self.negative_sharing == "window"


KNOBS = tuple(field.name for field in fields(TrainConfig))

_HUGE = 2**31 - 1
_ABOVE_0, BELOW_1 = 1e-12, math.nextafter(1, 0)
_RANGES: dict[str, tuple[type, float, float]] = {
    "vector_size": (int, 1, 1 << 20),
    "alpha": (float, _ABOVE_0, math.inf),
    "min_alpha": (float, 0, math.inf),
    "window": (int, 1, 1 << 16),
    "min_count": (int, 0, math.inf),
    "max_vocab_size": (int, 1, math.inf),
    "max_final_vocab": (int, 1, _HUGE),
    "sample": (float, 0, 1),
    "seed": (int, 0, 2**64 - 1),
    "workers": (int, 1, 1 << 10),
    "sg": (int, 0, 1),
    "negative": (int, 1, 1 << 10),
    "ns_exponent": (float, -math.inf, math.inf),
    "cbow_mean": (int, 0, 1),
    "epochs": (int, 1, _HUGE),
    "shrink_windows": (bool, 0, 1),
    "sorted_vocab": (int, 0, 1),
    "compute_loss": (bool, 0, 1),
}


def number(name: str, value: Any, kind: type, least: float, most: float) -> Any:  # noqa: ANN401
    """Return the value as a Python number of its kind; a whole number may come as a float, a switch as 0 or 1."""
    expected = f"{'a number' if kind is float else 'a whole number'} {_range_text(least, most)}"
    is_switch = (least, most) == (0, 1) and kind is not float
    is_bool = isinstance(value, bool | np.bool_)
    if is_bool > is_switch or not (is_bool or isinstance(value, Real)):
        raise TypeError(f"{name} is {value!r} ({type(value).__name__}); expected {expected}")
    try:
        is_valid = least <= value <= most and math.isfinite(value) and (kind is float or value == int(value))
    except OverflowError:  # an int beyond any float
        is_valid = False
    if not is_valid:
        finite = ", and finite" if value == math.inf and math.isfinite(least) else ""
        raise ValueError(f"{name} is {value!r}; expected {expected}{finite}")
    return kind(value)


def _range_text(least: float, most: float) -> str:
    if not math.isfinite(least):
        return "that is finite"
    if least == _ABOVE_0:
        return "above 0"
    if most == BELOW_1:
        return f"from {least} to below 1"
    return f"of at least {least}" if not math.isfinite(most) else f"from {least} to {most}"


def _check_choice(name: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; expected {' or '.join(map(repr, choices))}")

"""TrainConfig: every option of training, with its default and range."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any

import numpy as np

from fastw2v_kernels.shared.threads import available_cores

NEGATIVE_SHARING = ("window", "pair")
CBOW_GRADIENT = ("mean", "sum")


@dataclass(frozen=True)
class TrainConfig:
    """All options of a training.

    The fields have the names, meanings and defaults of the parameters of `fastw2v.Word2Vec`. NumPy's numbers become
    Python's.

    Raises
    ------
    TypeError
        An option is not a number where one is expected.
    ValueError
        An option is out of its range, or min_alpha is above alpha. The message says what is expected.

    Examples
    --------
    >>> config = TrainConfig(sg=1, vector_size=200)
    >>> config.vector_size, config.window
    (200, 5)
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
    hs: int = 0
    negative: int = 5
    ns_exponent: float = 0.75
    cbow_mean: int = 1
    epochs: int = 5
    shrink_windows: bool = True
    null_word: int = 0
    sorted_vocab: int = 1
    compute_loss: bool = False
    negative_sharing: str = "window"
    cbow_gradient: str = "sum"
    deterministic: bool = False
    device: str = "auto"

    def __post_init__(self) -> None:
        for name in self.names():
            object.__setattr__(self, name, _checked(name, getattr(self, name)))
        self.check_rates()
        if not (self.hs or self.negative):
            raise ValueError("hs is 0 and negative is 0, which trains nothing; pass hs=1, or negative=5")

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Return the names of all options."""
        return tuple(field.name for field in fields(cls))

    def check_rates(self) -> None:
        """Raise ValueError if min_alpha is above alpha, which may be so while `with_option` changes one of them."""
        if self.min_alpha > self.alpha:
            raise ValueError(f"min_alpha is {self.min_alpha}, above alpha={self.alpha}; lower it, or raise alpha")

    def with_option(self, name: str, value: object) -> TrainConfig:
        """Return these options with another value of one of them.

        The value is checked as in the constructor, which raises the same errors. Whether min_alpha is above alpha is
        left to `check_rates`, so that both can be changed one after the other.

        Examples
        --------
        >>> config = TrainConfig(alpha=0.025, min_alpha=0.025).with_option("alpha", 0.02)
        >>> config.with_option("min_alpha", 0.02).check_rates()
        """
        changed = copy.copy(self)
        object.__setattr__(changed, name, _checked(name, value))
        return changed

    @property
    def n_workers(self) -> int:
        """CPU threads: `workers`, or one for each core."""
        return self.workers or available_cores()

    @property
    def divides_gradient(self) -> bool:
        """Whether CBOW divides the hidden vector's gradient by the number of contexts."""
        return self.cbow_gradient == "mean" or not self.cbow_mean

    @property
    def shares_negatives(self) -> bool:
        """Whether the contexts of a centre share its negatives."""
        return self.negative_sharing == "window"


@dataclass(frozen=True)
class FastTextConfig(TrainConfig):
    """All options of a training with subwords: those of `TrainConfig`, and the three of `fastw2v.FastText`.

    Raises
    ------
    TypeError, ValueError
        As `TrainConfig`.

    Examples
    --------
    >>> FastTextConfig(min_n=2).max_n
    6
    """

    min_n: int = 3
    max_n: int = 6
    bucket: int = 2_000_000


OPTIONS = TrainConfig.names()


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
    "hs": (int, 0, 1),
    "negative": (int, 0, 1 << 10),
    "ns_exponent": (float, -math.inf, math.inf),
    "cbow_mean": (int, 0, 1),
    "epochs": (int, 1, _HUGE),
    "shrink_windows": (bool, 0, 1),
    "null_word": (int, 0, 1),
    "sorted_vocab": (int, 0, 1),
    "compute_loss": (bool, 0, 1),
    "deterministic": (bool, 0, 1),
    "min_n": (int, 0, 1 << 16),
    "max_n": (int, 0, 1 << 16),
    "bucket": (int, 0, _HUGE),
}


_CHOICES = {"negative_sharing": NEGATIVE_SHARING, "cbow_gradient": CBOW_GRADIENT}
_MAY_BE_NONE = ("max_vocab_size", "max_final_vocab", "workers")


def _checked(name: str, value: object) -> Any:  # noqa: ANN401 - int, float, bool, str or None
    """Return the value of an option as a Python object; TypeError or ValueError unless it is in its range."""
    if name in _CHOICES:
        _check_choice(name, value, _CHOICES[name])
    if name not in _RANGES or (value is None and name in _MAY_BE_NONE):
        return value
    kind, least, most = _RANGES[name]
    return number(name, value, kind, least=least, most=most)


def number(name: str, value: Any, kind: type, *, least: float, most: float) -> Any:  # noqa: ANN401
    """Return the value as a Python number of its kind. A whole number may be given as a float, a bool as 0 or 1.

    Parameters
    ----------
    name : str
        Name of the option, for the error message.
    value : number
    kind : int, float or bool
    least, most : float
        Smallest and largest value allowed; 0 and 1 make an int a switch, which may be given as a bool.

    Raises
    ------
    TypeError, ValueError
        The value is not a number, or not in the range; the message says what is expected.
    """
    expected = f"{'a number' if kind is float else 'a whole number'} {_range_text(least, most)}"
    if kind is bool:
        expected = "True or False"
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

"""TrainConfig: every option of training, with its default and range."""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from numbers import Real
from typing import Any, Generic, TypedDict, TypeVar, overload

import numpy as np

from fastw2v_kernels.shared.threads import available_cores

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")

NEGATIVE_SHARING = ("window", "pair")
CBOW_GRADIENT = ("mean", "sum")


@dataclass(frozen=True)
class TrainConfig:
    """All options of a training.

    Each field is named, and means, what the parameter of `fastw2v.Word2Vec` does. Numbers of NumPy become Python's.

    Raises
    ------
    TypeError, ValueError
        An option is of the wrong kind or out of its range; the message says what is expected.
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


OPTIONS = tuple(field.name for field in fields(TrainConfig))


class TrainOptions(TypedDict, total=False):
    """The fields of `TrainConfig` as keyword arguments, any of which may be left out."""

    vector_size: int
    alpha: float
    min_alpha: float
    window: int
    min_count: int
    max_vocab_size: int | None
    max_final_vocab: int | None
    sample: float
    seed: int
    workers: int | None
    sg: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    shrink_windows: bool
    sorted_vocab: int
    compute_loss: bool
    negative_sharing: str
    cbow_gradient: str
    device: str


def spell_out_options(function: F) -> F:
    """Show the names behind ``**options: Unpack[TrainOptions]`` in the signature, for help() and editors.

    Their default is shown as ``...``: what leaving an option out means is for the function to say.
    """
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {p.name for p in own}
    spelled = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=field.type)
        for field in fields(TrainConfig)
        if field.name not in taken
    ]
    function.__signature__ = signature.replace(parameters=[*own, *spelled])  # type: ignore[attr-defined]
    return function


class ConfigOption(Generic[T]):
    """An option of a model's `config`, read from the model itself as gensim's scripts do; it cannot be set there."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, model: None, owner: type) -> ConfigOption[T]: ...
    @overload
    def __get__(self, model: object, owner: type) -> T: ...
    def __get__(self, model: Any, owner: type) -> T | ConfigOption[T]:
        return self if model is None else getattr(model.config, self._name)

    def __set__(self, model: Any, value: object) -> None:  # noqa: ANN401
        kind, name = type(model).__name__, self._name
        cure = f"pass it to {kind} or train, or set config = dataclasses.replace(config, {name}=...)"
        raise AttributeError(f"{name} cannot be set on a model; {cure}")


def config_of_call(
    config: TrainConfig,
    epochs: int | None,
    start_alpha: float | None,
    end_alpha: float | None,
    compute_loss: bool | None,
) -> TrainConfig:
    """Return the model's configuration with what one call of `train` replaces; None keeps the model's own."""
    own: dict[str, Any] = {"epochs": epochs, "alpha": start_alpha, "compute_loss": compute_loss}
    own["min_alpha"] = 0.0 if end_alpha is None else end_alpha
    chosen = dataclasses.replace(config, **{name: value for name, value in own.items() if value is not None})
    return (
        chosen if end_alpha is not None else dataclasses.replace(chosen, min_alpha=min(chosen.alpha, config.min_alpha))
    )


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

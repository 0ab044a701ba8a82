"""The options of `TrainConfig` as keyword arguments, as attributes of a model, and for one call of `train`."""

from __future__ import annotations

import dataclasses
import inspect
import secrets
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Generic, TypedDict, TypeVar, overload

from fastw2v.config import TrainConfig

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


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
    hs: int
    negative: int
    ns_exponent: float
    cbow_mean: int
    epochs: int
    shrink_windows: bool
    null_word: int
    sorted_vocab: int
    compute_loss: bool
    negative_sharing: str
    cbow_gradient: str
    deterministic: bool
    device: str


class _LeftOut:
    """The default that signatures show for an option that may be left out."""

    def __repr__(self) -> str:
        return "..."


_LEFT_OUT = _LeftOut()


def spell_out_options(function: F) -> F:
    """Show the names behind ``**options: Unpack[TrainOptions]`` in a function's signature, for help() and editors.

    Their default is shown as ``...``, because each function has its own meaning for an option that is left out.
    """
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not inspect.Parameter.VAR_KEYWORD]
    taken = {p.name for p in own}
    spelled = [
        inspect.Parameter(field.name, inspect.Parameter.KEYWORD_ONLY, default=_LEFT_OUT, annotation=field.type)
        for field in fields(TrainConfig)
        if field.name not in taken
    ]
    function.__signature__ = signature.replace(parameters=[*own, *spelled])  # type: ignore[attr-defined]
    return function


class ConfigOption(Generic[T]):
    """Make an option of `model.config` an attribute of the model, as in gensim: to set it replaces the config."""

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, model: None, owner: type) -> ConfigOption[T]: ...
    @overload
    def __get__(self, model: object, owner: type) -> T: ...
    def __get__(self, model: Any, owner: type) -> T | ConfigOption[T]:
        return self if model is None else getattr(model.config, self._name)

    def __set__(self, model: Any, value: T) -> None:  # noqa: ANN401
        chosen = drawn_seed() if self._name == "seed" and value is None else value
        model.config = model.config.with_option(self._name, chosen)


def drawn_seed() -> int:
    """Return a seed from the system's random numbers, for seed=None; the model shows it, so the run can be repeated."""
    return secrets.randbits(32)


def config_of_call(
    config: TrainConfig,
    *,
    epochs: int | None = None,
    start_alpha: float | None = None,
    end_alpha: float | None = None,
    compute_loss: bool | None = None,
) -> TrainConfig:
    """Return the configuration for one call of `train`.

    Parameters
    ----------
    config : TrainConfig
        The model's configuration.
    epochs, start_alpha, end_alpha, compute_loss : optional
        Arguments of the call. None means the model's own value; but without `end_alpha`, min_alpha is lowered to
        `start_alpha` if that is below it.

    Raises
    ------
    TypeError, ValueError
        An option is out of its range, or min_alpha is above alpha.
    """
    if start_alpha is None and end_alpha is None:
        config.check_rates()  # a rate of this call needs no order between the model's own
    given = {"epochs": epochs, "alpha": start_alpha, "compute_loss": compute_loss}
    changes: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    # min_alpha is checked against the alpha of this call, whose value is checked first.
    changed = dataclasses.replace(config, **changes, min_alpha=0.0 if end_alpha is None else end_alpha)
    if end_alpha is not None:
        return changed
    return dataclasses.replace(changed, min_alpha=min(changed.alpha, config.min_alpha))

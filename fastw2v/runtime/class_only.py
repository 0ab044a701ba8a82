"""A class method that refuses to be called on an instance, whose content it would not change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    class_only = classmethod
else:

    class class_only(classmethod):  # noqa: N801 - a decorator, like classmethod
        """Decorate a method that makes a new object: ``Class.load(path)`` works, and ``object.load(path)`` raises.

        Raises
        ------
        TypeError
            When the method is called on an instance. The instance would stay as it is, which nobody means.
        """

        def __get__(self, instance: object, owner: type | None = None) -> Callable[..., Any]:
            bound = super().__get__(None, owner or type(instance))
            return bound if instance is None else _refuse(type(instance).__name__, bound.__name__)


def _refuse(cls: str, method: str) -> Callable[..., NoReturn]:
    def refused(*_args: object, **_kwargs: object) -> NoReturn:
        cure = f"call it on the class: {cls}.{method}(...)"
        raise TypeError(f"{method} makes a new {cls} and leaves this one as it is; {cure}")

    return refused

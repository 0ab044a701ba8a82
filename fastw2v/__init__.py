"""fastw2v: word2vec training at the speed of the hardware.

`Word2Vec` trains, `KeyedVectors` answers; both carry gensim 4's names. Importing this module is cheap: compiler and
kernels are loaded when they are first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from fastw2v.config import TrainConfig
    from fastw2v.keyedvectors import KeyedVectors
    from fastw2v.model import Word2Vec
    from fastw2v.warm import warmup

_HOMES = {"KeyedVectors": "keyedvectors", "TrainConfig": "config", "Word2Vec": "model", "warmup": "warm"}

__all__ = ["KeyedVectors", "TrainConfig", "Word2Vec", "__version__", "warmup"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name not in _HOMES:
        raise AttributeError(f"module 'fastw2v' has no attribute {name!r}")
    return getattr(import_module(f"fastw2v.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__

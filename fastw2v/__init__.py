"""fastw2v: word2vec training at the speed of the hardware.

`Word2Vec` trains vectors and `KeyedVectors` answers queries on them, both under gensim 4's names. Importing this module
is cheap: each public name loads its module when it is first used.
"""

from __future__ import annotations

from importlib import import_module

from fastw2v.runtime.installation import warn_of_other_kernels

__version__ = "0.1.0"

TYPE_CHECKING = False  # as in `typing`, whose import takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from fastw2v.config import TrainConfig
    from fastw2v.fasttext_model import FastText
    from fastw2v.keyedvectors import KeyedVectors
    from fastw2v.model import Word2Vec
    from fastw2v.warm import warmup

_MODULES = {
    "FastText": "fasttext_model",
    "KeyedVectors": "keyedvectors",
    "TrainConfig": "config",
    "Word2Vec": "model",
    "warmup": "warm",
}

__all__ = ["FastText", "KeyedVectors", "TrainConfig", "Word2Vec", "__version__", "warmup"]


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if name == "word2vec":  # as in gensim, `fastw2v.word2vec.LineSentence` works after `import fastw2v`
        return import_module("fastw2v.word2vec")
    if name not in _MODULES:
        raise AttributeError(f"module 'fastw2v' has no attribute {name!r}")
    return getattr(import_module(f"fastw2v.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return __all__


warn_of_other_kernels(__path__[0], "fastw2v_kernels")

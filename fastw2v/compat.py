"""Arguments of gensim that are not supported: a value that would change gensim's result raises an error with a cure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
T = TypeVar("T")

# For each argument: gensim's default, with which gensim does not use it, and what to do instead.
_UNSUPPORTED: dict[str, tuple[Any, str]] = {
    "hs": (0, "there is no hierarchical softmax yet; use negative sampling, negative=5"),
    "word_count": (0, "give start_alpha and end_alpha"),
    "mmap": (None, "the file is read whole"),
    "indexer": (None, "every search is exact; most_similar_batch is the fast way to ask for many neighbours"),
    "similarity_function": ("most_similar", "analogies are solved by the cosine (3CosAdd) alone"),
    "fvocab": (None, "word2vec files have no counts; save as .safetensors, which keeps them, or set wv.counts"),
    "total_vec": (None, "the first line has the number of vectors that are written"),
    "write_header": (True, "the file always has a first line 'count dim'; remove it with tail -n +2"),
    "prefix": ("", "rename the keys, KeyedVectors([prefix + key for key in wv.index_to_key], wv.vectors)"),
    "append": (False, "a file is written whole; join the vectors before with numpy.concatenate"),
    "sort_attr": ("count", "keys are sorted by count; save(path, format=...) keeps the order of the rows"),
    "encoding": ("utf8", "word2vec files are UTF-8; convert the file, such as with iconv"),
    "unicode_errors": ("strict", "bytes that are no UTF-8 survive as surrogates; replace them in wv.index_to_key"),
    "datatype": (np.float32, "vectors are float32; convert wv.vectors with astype"),
    "no_header": (False, "put a first line 'count dim' in the file"),
    "separately": (None, "vectors go to one file; pass format= to choose its format"),
    "sep_limit": (10 * 1024**2, "vectors go to one file"),
    "ignore": (frozenset(), "keys, vectors and counts are all written"),
    "pickle_protocol": (4, "no pickle is written; pass format= to choose a format"),
}
_RENAMED = {"size": "vector_size", "iter": "epochs"}


def refuse_unsupported(arguments: Mapping[str, Any]) -> None:
    """Raise ValueError, with the cure, if an argument that is not supported has another value than gensim's default."""
    for name in _UNSUPPORTED.keys() & arguments.keys():
        unused, cure = _UNSUPPORTED[name]
        if arguments[name] != unused:
            raise ValueError(f"{name} is not supported: {cure}")


def refuse_gensim3_names(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function raise ValueError with the new name when an argument has the name it had in gensim 3."""

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in _RENAMED.keys() & kwargs.keys():
            raise ValueError(f"{name} is not supported: gensim 4 and fastw2v call it {_RENAMED[name]}")
        return function(*args, **kwargs)

    return checked

"""Arguments of gensim that are not supported: a value that would change gensim's result raises an error with a cure."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Literal, NoReturn, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

# For each argument: gensim's default, with which gensim does not use it, and what to do instead.
_UNSUPPORTED: dict[str, tuple[Any, str]] = {
    "word_ngrams": (1, "word n-grams are for fastText's classifier; leave it out, or pass 1"),
    "word_count": (0, "give start_alpha and end_alpha"),
    "ignore": (frozenset(), "keys, vectors and attributes are all written; delete from wv.expandos what is not wanted"),
}
# What gensim 3 called otherwise. Arguments, and then attributes and methods with what to write today.
_RENAMED_ARGUMENTS = {"size": "vector_size", "iter": "epochs", "sentences": "corpus_iterable"}
_OF_VECTORS = {  # on a model of gensim 3; today on its vectors
    name: f"write model.wv.{name}"
    for name in (
        "doesnt_match",
        "evaluate_word_pairs",
        "intersect_word2vec_format",
        "log_accuracy",
        "most_similar",
        "most_similar_cosmul",
        "n_similarity",
        "save_word2vec_format",
        "similar_by_vector",
        "similar_by_word",
        "similarity",
        "wmdistance",
    )
}
_RENAMED_ATTRIBUTES = {
    "Word2Vec": _OF_VECTORS
    | {
        "accuracy": "write model.wv.evaluate_word_analogies",
        "clear_sims": "write model.wv.fill_norms(force=True)",
        "delete_temporary_training_data": "leave it out, nothing temporary is kept; model.wv alone can be saved",
        "finalize_vocab": "write model.prepare_vocab",
        "index2entity": "write model.wv.index_to_key",
        "index2word": "write model.wv.index_to_key",
        "iter": "write model.epochs",
        "load_word2vec_format": "write KeyedVectors.load_word2vec_format",
        "reset_weights": "write model.init_weights",
        "scale_vocab": "write model.prepare_vocab",
        "size": "write model.vector_size",
        "sort_vocab": "write sorted_vocab=1, the default",
        "syn0": "write model.wv.vectors",
        "syn0_lockf": "write model.wv.vectors_lockf",
        "syn0norm": "write model.wv.get_normed_vectors()",
        "trainables": "write model.wv.vectors and model.syn1neg",
        "vocabulary": "write model.wv.key_to_index; options are attributes of the model",
    },
    "KeyedVectors": {
        "accuracy": "write evaluate_word_analogies",
        "get_keras_embedding": "write keras.layers.Embedding with weights=[wv.vectors]",
        "index2entity": "write index_to_key",
        "index2word": "write index_to_key",
        "syn0": "write vectors",
        "syn0_lockf": "write vectors_lockf",
        "syn0norm": "write get_normed_vectors()",
        "train": "train a model: Word2Vec(...).train; these are its vectors alone",
        "vectors_norm": "write get_normed_vectors()",
        "vocab": "write key_to_index, and get_vecattr(word, 'count')",
    },
}


def refuse_unsupported(arguments: Mapping[str, Any]) -> None:
    """Raise ValueError, with the cure, if an argument that is not supported has another value than gensim's default."""
    for name in _UNSUPPORTED.keys() & arguments.keys():
        unused, cure = _UNSUPPORTED[name]
        if arguments[name] != unused:
            raise ValueError(f"{name} is not supported: {cure}")


def refuse_gensim3_names(function: Callable[P, T]) -> Callable[P, T]:
    """Make a function raise ValueError with the new name when an argument has the name it had in gensim 3."""
    own_names = inspect.signature(function).parameters

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> T:
        for name in _RENAMED_ARGUMENTS.keys() & kwargs.keys() - own_names.keys():
            raise ValueError(f"{name} is not supported: gensim 4 and fastw2v call it {_RENAMED_ARGUMENTS[name]}")
        return function(*args, **kwargs)

    return checked


class RenamedAttribute:
    """An attribute that gensim 3 had: to read or to set it raises AttributeError with what to write today."""

    def __init__(self, name: str, cure: str) -> None:
        self._name, self._cure = name, cure

    def __get__(self, instance: object, owner: type) -> NoReturn:
        raise AttributeError(f"{owner.__name__} has no {self._name!r}, a name of gensim 3: {self._cure}")

    def __set__(self, instance: object, value: object) -> NoReturn:
        self.__get__(instance, type(instance))


def refuse_renamed(kind: Literal["Word2Vec", "KeyedVectors"]) -> Callable[[type[T]], type[T]]:
    """Decorate a class so that attributes under their names in gensim 3 raise AttributeError with the cure."""

    def decorate(cls: type[T]) -> type[T]:
        for name, cure in _RENAMED_ATTRIBUTES[kind].items():
            setattr(cls, name, RenamedAttribute(name, cure))
        return cls

    return decorate

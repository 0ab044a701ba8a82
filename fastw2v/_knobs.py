"""What Word2Vec lets be read, and what not be set: gensim's scripts read knobs from the model itself."""

from __future__ import annotations

from typing import Any

from fastw2v.config import KNOBS, TrainConfig


class KnobReader:
    """Gives the fields of its `config` as attributes of its own."""

    config: TrainConfig

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the knobs are
        if name in KNOBS and "config" in self.__dict__:
            return getattr(self.config, name)
        is_trained = name in ("wv", "vocab", "syn1neg")
        missing = f"{type(self).__name__!r} object has no attribute {name!r}"
        cure = ": there is no vocabulary yet; pass sentences, or call build_vocab" if is_trained else ""
        raise AttributeError(missing + cure, name=name, obj=self)

    def __setattr__(self, name: str, value: object) -> None:
        if name in KNOBS:
            cure = f"pass it to {type(self).__name__} or train, or set config = dataclasses.replace(config, {name}=...)"
            raise AttributeError(f"{name} cannot be set on a model; {cure}")
        if name == "wv" and name in self.__dict__:
            cure = "write the rows: model.wv.vectors = other[model.wv.index_to_key]"
            raise AttributeError(f"wv cannot be replaced on a model, whose output weights have its order; {cure}")
        super().__setattr__(name, value)

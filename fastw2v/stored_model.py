"""StoredModel: a model that is saved in one file and loaded from it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Any, Self, Unpack

from fastw2v.checkpoint import read_model, write_model
from fastw2v.compat import refuse_unsupported
from fastw2v.loss_model import LossModel
from fastw2v.options import TrainOptions, spell_out_options
from fastw2v.runtime.class_only import class_only

_NOTES = (  # what a saved file holds beside options, vocabulary and weights
    "batch_words",
    "comment",
    "effective_min_count",
    "train_count",
    "total_train_time",
    "running_training_loss",
    "min_alpha_yet_reached",
    "lifecycle_events",
)


class StoredModel(LossModel):
    """Saving and loading; `Word2Vec` adds training."""

    def save(
        self,
        fname: str | PathLike[str],
        separately: Sequence[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
    ) -> None:
        """Save the whole model as one safetensors file, completely or not at all.

        `Word2Vec.load` continues training from it; `KeyedVectors.load` reads the vectors alone.

        Parameters
        ----------
        fname : path
        ignore
            Not supported: everything is written. A value that is not empty raises ValueError.
        separately, sep_limit, pickle_protocol
            Without effect: there is one file, and no pickle.

        Raises
        ------
        RuntimeError
            There are no weights yet.
        OSError
            The file cannot be written.
        """
        refuse_unsupported({"ignore": frozenset(ignore)})
        if self._state is None:
            raise RuntimeError("there is nothing to save yet; train the model first")
        notes = {name: getattr(self, name) for name in _NOTES}
        write_model(fname, self.config, self._state, notes=notes, raw=self._raw)

    @class_only
    @spell_out_options
    def load(
        cls,
        fname: str | PathLike[str],
        mmap: str | None = None,
        *,
        rethrow: bool = False,
        **options: Unpack[TrainOptions],
    ) -> Self:
        """Load a model that `save` wrote.

        Parameters
        ----------
        fname : path
        mmap, rethrow
            Without effect: weights are copied into memory, because training writes to them, and there is one format.
        **options
            Options that replace the saved ones, such as workers=8, or device="cpu" on another machine.

        Raises
        ------
        FileNotFoundError, ValueError
            There is no such file; it is damaged, or holds no output weights, which training needs.
        TypeError
            It is called on a model, which it would not change.
        """
        saved = read_model(fname, options.get("vector_size"))
        chosen: dict[str, Any] = {**saved.options, **options}
        rates = {name: chosen.pop(name) for name in ("alpha", "min_alpha") if name in chosen}
        model = cls(**chosen)
        notes = {name: saved.notes[name] for name in _NOTES if name in saved.notes}
        for name, value in (rates | notes).items():
            setattr(model, name, value)
        model._state, model._raw = saved.state, saved.raw
        return model

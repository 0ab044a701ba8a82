"""StoredModel: a model that is saved in one file and loaded from it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from os import PathLike
from typing import TYPE_CHECKING, Any, Self, Unpack

import numpy as np

from fastw2v.callbacks import Callbacks
from fastw2v.checkpoint import SavedModel, read_model, write_model
from fastw2v.checkpointing import Checkpoints
from fastw2v.compat import refuse_unsupported
from fastw2v.corpus import one_corpus
from fastw2v.encode import Tokens
from fastw2v.loss_model import LossModel
from fastw2v.options import TrainOptions, spell_out_options
from fastw2v.resuming import read_checkpoint, report_figures, report_of
from fastw2v.runtime.class_only import class_only
from fastw2v.runtime.progress import Progress
from fastw2v.runtime.signals import SIGNALS, finished_first
from fastw2v.runtime.warn import warn_user
from fastw2v.session import Session
from fastw2v.trainer import TrainReport
from fastw2v.vocab import Vocab
from fastw2v.vocabulary_model import CorpusFile

if TYPE_CHECKING:
    from fastw2v.distributed import Cluster, Trained
    from fastw2v.resuming import Resumed
    from fastw2v.vocab_rule import TrimRule

logger = logging.getLogger("fastw2v")

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
    """Saving, loading, and going on from a checkpoint; `Word2Vec` adds training from the beginning."""

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
        with finished_first(str(fname)):
            write_model(fname, self.config, self._state, notes=self._notes(), raw=self._raw)

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
        model = cls._restored(fname, saved, options)
        if "report" in saved.notes:
            try:
                model.report = report_of(saved.notes["report"])
            except ValueError as error:  # of no use for training
                logger.warning("%s: %s; the model is loaded without it", fname, error)
        return model

    @class_only
    def resume(
        cls,
        checkpoint: str | PathLike[str],
        sentences: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
        *,
        workers: int | None = None,
        device: str | None = None,
        callbacks: Iterable[object] = (),
        progress: Progress | bool | None = None,
        checkpoint_every: str | int | None = None,
        cluster: Cluster | str | None = None,
    ) -> Self:
        """Go on with a training that ended early, from its checkpoint, and return the trained model.

        With one worker the vectors are, to the byte, those of a training that was never interrupted. With several, and
        on a GPU, training goes on from the same place, and the bytes differ as those of any two such trainings do.
        Vocabulary and options are the checkpoint's. A checkpoint of a training that came to its end returns its model.

        Parameters
        ----------
        checkpoint : path
            As it was given to `Word2Vec` or `train`; new checkpoints are written there. If the file is damaged, the one
            before is read, with a RuntimeWarning.
        sentences, corpus_file
            The corpus that was trained on when the checkpoint was written; it is encoded again.
        workers, device : optional
            Options that replace the saved ones.
        callbacks, progress
            As in `Word2Vec`. Callbacks are told of the begin of the training and of the epoch that goes on once more.
        checkpoint_every : optional
            As in `Word2Vec`; None: as before.
        cluster : optional
            As in `Word2Vec`, for a checkpoint of a training on a cluster; it may have other nodes now.

        Raises
        ------
        FileNotFoundError
            There is no checkpoint.
        ValueError
            The corpus is another; the file is no checkpoint, or damaged together with the one before.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> sentences = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 50
        >>> model = Word2Vec(sentences, min_count=1, sample=0, workers=1, checkpoint="run.checkpoint")
        >>> again = Word2Vec.resume("run.checkpoint", sentences)
        >>> bool((model.wv.vectors == again.wv.vectors).all())
        True
        """
        resumed = read_checkpoint(checkpoint)
        saved, report = resumed.model, resumed.report
        chosen: Any = {name: value for name, value in (("workers", workers), ("device", device)) if value is not None}
        model = cls._restored(checkpoint, saved, chosen)
        chosen_every = resumed.every if checkpoint_every is None else checkpoint_every
        model._checkpoints = checkpoints = Checkpoints(checkpoint, chosen_every, model._own_files)
        model._callbacks, model._progress, model.report = Callbacks(callbacks), progress, report
        model._own_files.add(checkpoints.path)
        checkpoints.keeps_last = not resumed.is_previous
        if resumed.is_finished:
            logger.info("%s: this training had come to its end; its model is returned", checkpoint)
            return model
        if cluster is not None:
            model._train_on_cluster(cluster, (sentences, corpus_file), resumed=resumed)
            model.add_lifecycle_event("resume", log_level=0, epochs=model.epochs)
            return model
        if resumed.cluster is not None:
            raise ValueError(f"{checkpoint} is of a training on a cluster; go on there: pass cluster")
        checkpoints.check()
        session = model._begin(model.config)
        with session.encode_with(one_corpus(sentences, corpus_file), model.vocab) as tokens:
            resumed.check_tokens(tokens)
            logger.info("going on from %s: %d words are trained", checkpoint, report.raw_words)
            model._train(session, tokens, model._callbacks, resumed=report)
        model.add_lifecycle_event("resume", log_level=0, epochs=model.epochs)
        return model

    @classmethod
    def _restored(cls, path: str | PathLike[str], saved: SavedModel, options: Mapping[str, Any]) -> Self:
        """Make a model of what a file holds, with other values of some options."""
        if type(saved.state) is not cls._state_class:
            kind = "FastText" if "min_n" in saved.options else "Word2Vec"
            raise ValueError(f"{path} holds a {kind}; load it with fastw2v.{kind}.load, and not with {cls.__name__}")
        chosen: dict[str, Any] = {**saved.options, **options}
        rates = {name: chosen.pop(name) for name in ("alpha", "min_alpha") if name in chosen}
        try:
            model = cls(**chosen)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}; save the model again with Word2Vec.save") from error
        notes = {name: saved.notes[name] for name in _NOTES if name in saved.notes}
        for rate, value in rates.items():
            setattr(model, rate, value)
        try:
            for name, value in notes.items():
                setattr(model, name, value)
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path} is damaged: {error}; save the model again with Word2Vec.save") from error
        model._state, model._raw = saved.state, saved.raw
        return model

    def _checkpoints_of_call(self, path: str | PathLike[str] | None, every: str | int | None) -> Checkpoints | None:
        """Return the checkpoints of one call of `train`, checked; None for an argument means the model's own."""
        if path is None and every is None:
            chosen = self._checkpoints
        else:
            own = None if self._checkpoints is None else self._checkpoints.path
            chosen = Checkpoints.of(own if path is None else path, every, self._own_files)
        if chosen is not None:
            chosen.check()
        return chosen

    def _notes(self) -> dict[str, Any]:
        """Return the attributes that a file holds beside options, vocabulary and weights."""
        return {name: copy(getattr(self, name)) for name in _NOTES} | {"report": report_figures(self.report)}

    def _train_new(self, vocab: Vocab, tokens: Tokens, callbacks: Callbacks, *, first_rows: float = 1.0) -> None:
        """Begin with a vocabulary and untrained weights, and train on tokens of it.

        `first_rows` is a factor of the first input rows.
        """
        session, self._callbacks = self._begin(self.config), callbacks
        self._start(vocab, tokens.n_sentences)
        self._state_to_grow().weights.w_in *= np.float32(first_rows)
        self._train(session, tokens, callbacks)

    def _train_on_cluster(
        self,
        cluster: Cluster | str,
        given: tuple[Any, CorpusFile | None],
        *,
        trim_rule: TrimRule | None = None,
        resumed: Resumed | None = None,
    ) -> None:
        """Train on a cluster; `given` is the corpus, as sentences and as corpus_file."""
        from fastw2v.distributed import as_cluster
        from fastw2v.distributed.shards import one_cluster_corpus
        from fastw2v.distributed.training import Request, train_on_ray

        if self._callbacks:
            cure = "leave them out: checkpoints, the log and model.report tell of the training"
            raise ValueError(f"callbacks see the model while it is trained, and on a cluster there is none: {cure}")
        request = Request(
            one_cluster_corpus(*given), as_cluster(cluster), self.config, trim_rule=trim_rule, resumed=resumed
        )
        request.checkpoints, request.notes, request.progress = self._checkpoints, self._notes, self._progress
        trained = train_on_ray(request)
        self._take(trained)
        if trained.report.stopped_by in SIGNALS:
            stopped = f"stopped by {trained.report.stopped_by} in {trained.report.stopped_at}"
            warn_user(f"{stopped}; the vectors that all nodes had last are kept")
        if trained.stop is not None:
            raise trained.stop

    def _take(self, trained: Trained) -> None:
        """Become the model that a cluster has trained."""
        self._state, self.report, self.cluster_report = trained.state, trained.report, trained.cluster
        self._effective_min_count = trained.effective_min_count
        self.seconds |= trained.seconds
        counted = {
            "running_training_loss": trained.report.loss,
            "min_alpha_yet_reached": self.config.min_alpha,
            "train_count": getattr(self, "train_count", 0) + 1,
            "total_train_time": getattr(self, "total_train_time", 0.0) + trained.report.train_seconds,
        }
        for name, value in counted.items():
            setattr(self, name, value)

    def _train(
        self,
        session: Session,
        tokens: Tokens,
        callbacks: Callbacks,
        *,
        checkpoints: Checkpoints | None = None,
        resumed: TrainReport | None = None,
    ) -> None:
        """Train on tokens; `checkpoints` replace those of the model."""
        chosen = checkpoints or self._checkpoints
        self._is_training = True
        try:
            session.train(self, self._state_to_grow(), tokens, callbacks=callbacks, checkpoints=chosen, resumed=resumed)
        finally:
            self._is_training = False

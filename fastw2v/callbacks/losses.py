"""Callbacks that measure the loss: LossLogger of the training, HeldOutLoss of another text."""

from __future__ import annotations

import logging
from typing import Any

from fastw2v.callbacks.base import CallbackAny2Vec

logger = logging.getLogger("fastw2v")


class LossLogger(CallbackAny2Vec):
    """Collect the mean loss of a pair in each epoch, and log it at INFO.

    Attributes
    ----------
    losses : list of float
        Of all epochs since the callback was made, in float64; `report.loss_per_epoch` has those of the last training.
        An epoch without a pair has none.

    Raises
    ------
    ValueError
        When training begins without `compute_loss`.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> logged = LossLogger()
    >>> model = Word2Vec([["a", "b"]] * 100, min_count=1, sample=0, compute_loss=True, epochs=3, callbacks=[logged])
    >>> len(logged.losses), logged.losses[2] < logged.losses[0]
    (3, True)
    """

    def __init__(self) -> None:
        self.losses: list[float] = []
        self._n_before = 0

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401
        """Raise ValueError without `compute_loss`."""
        if not model.compute_loss:
            raise ValueError("LossLogger has no loss to log: compute_loss is False; pass compute_loss=True")
        self._n_before = len(model.report.loss_per_epoch)  # of a training that goes on

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Take the loss of the epoch."""
        new = model.report.loss_per_epoch[self._n_before :]
        self._n_before += len(new)
        self.losses += new
        for loss in new:
            logger.info("loss of epoch %d: %.6f for a pair", model.epochs_trained, loss)


class HeldOutLoss(CallbackAny2Vec):
    """Measure the mean loss of a pair of another text after each epoch, by `Word2Vec.mean_loss`.

    It tells when a model has learnt the corpus by heart: the loss of the training falls, and this one rises. The value
    is appended to ``model.report.metrics[name]``, logged at INFO, and used by `EarlyStopping`.

    Parameters
    ----------
    sentences
        What `Word2Vec` takes as `sentences`: a text that is not trained on. Words without a vector are left out.
    name : str
        Name of the metric.

    Attributes
    ----------
    losses : list of float
        Of all epochs since the callback was made.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> sentences, other = [["a", "b", "c"], ["c", "d"]] * 50, [["a", "b"], ["c", "d"]]
    >>> held_out = HeldOutLoss(other)
    >>> model = Word2Vec(sentences, min_count=1, sample=0, epochs=3, callbacks=[held_out])
    >>> len(held_out.losses), held_out.losses == model.report.metrics["heldout_loss"]
    (3, True)
    """

    def __init__(self, sentences: Any, name: str = "heldout_loss") -> None:  # noqa: ANN401
        self.sentences, self.name = sentences, name
        self.losses: list[float] = []

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Measure the loss."""
        loss = float(model.mean_loss(self.sentences))
        self.losses.append(loss)
        model.report.add_metric(self.name, loss)
        logger.info("%s after epoch %d: %.6f for a pair", self.name, model.epochs_trained, loss)

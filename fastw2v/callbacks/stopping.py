"""EarlyStopping: end a training that no longer gets better, and keep its best weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from typing import Any

from fastw2v.callbacks.base import CallbackAny2Vec
from fastw2v.config import number
from fastw2v.runtime.arrays import FloatArray

logger = logging.getLogger("fastw2v")


class EarlyStopping(CallbackAny2Vec):
    """Stop training when a measure has not got better for `patience` epochs, and go back to the best weights.

    The learning rate still falls as planned for all `epochs`, so an early stop ends at a higher rate than the last one
    of a shorter training.

    Parameters
    ----------
    monitor : str or callable
        Name of the measure: "loss", that of the training (needs `compute_loss`), or a metric that a callback before
        this one measures, such as "heldout_loss" of `HeldOutLoss` or a file's name of `Evaluate`. Or a function
        ``monitor(model)`` that returns a number.
    patience : int >= 1
        Epochs without an improvement after which training stops.
    min_delta : float >= 0
        What counts as an improvement: to be better by more than this.
    restore_best : bool
        When training ends, for whatever reason, put back the input and output weights of the best epoch. This keeps a
        copy of both matrices.
    larger_is_better : bool, optional
        Default: False for names that contain "loss", else True. A function needs it.

    Attributes
    ----------
    best, best_epoch : float, int
        Best value, and its epoch counted from 1 in this training; NaN and 0 before the first.

    Raises
    ------
    ValueError, TypeError
        An argument is out of its range. After the first epoch: nothing of that name is measured.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> from fastw2v.callbacks import EarlyStopping, HeldOutLoss
    >>> sentences, other = [["a", "b", "c"], ["c", "d"]] * 50, [["a", "d"], ["c", "b"]]
    >>> stopping = EarlyStopping("heldout_loss", patience=2)
    >>> callbacks = [HeldOutLoss(other), stopping]
    >>> model = Word2Vec(sentences, min_count=1, sample=0, epochs=100, alpha=0.2, workers=1, callbacks=callbacks)
    >>> model.report.stopped_by
    'heldout_loss has not got better for 2 epochs (best: ... in epoch ...)'
    >>> model.mean_loss(other) == stopping.best
    True
    """

    def __init__(
        self,
        monitor: str | Callable[[Any], float] = "heldout_loss",
        patience: int = 1,
        min_delta: float = 0.0,
        *,
        restore_best: bool = True,
        larger_is_better: bool | None = None,
    ) -> None:
        if not isinstance(monitor, str) and not callable(monitor):
            raise TypeError(f"monitor is {monitor!r}; expected the name of a metric, or a function monitor(model)")
        if larger_is_better is None and not isinstance(monitor, str):
            raise ValueError("monitor is a function; say which values are better: larger_is_better=True or False")
        self.monitor, self.restore_best = monitor, restore_best
        self.patience = int(number("patience", patience, int, least=1, most=math.inf))
        self.min_delta = float(number("min_delta", min_delta, float, least=0, most=math.inf))
        self._sign = 1 if ("loss" not in str(monitor) if larger_is_better is None else larger_is_better) else -1
        self._forget()

    def _forget(self) -> None:
        self.best, self.best_epoch, self._epoch = math.nan, 0, 0
        self._weights: tuple[FloatArray, dict[str, FloatArray]] | None = None

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401
        """Forget an earlier training."""
        self._forget()

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Compare the value with the best one; keep the weights, or stop."""
        self._epoch += 1
        value = self._value(model)
        if self.best_epoch == 0 or self._sign * (value - self.best) > self.min_delta or math.isnan(self.best):
            self.best, self.best_epoch = value, self._epoch
            if self.restore_best:
                self._weights = model._state.rows()
        elif self._epoch - self.best_epoch >= self.patience:
            name = self.monitor if isinstance(self.monitor, str) else getattr(self.monitor, "__name__", "the measure")
            n_epochs = f"{self.patience} epoch{'s' * (self.patience > 1)}"
            best = f"best: {self.best:.6g} in epoch {self.best_epoch}"
            model.stop_training(f"{name} has not got better for {n_epochs} ({best})")

    def on_train_end(self, model: Any) -> None:  # noqa: ANN401
        """Put back the best weights, unless they are those of the last epoch."""
        if self._weights is not None and self.best_epoch < self._epoch:
            model._state.restore(self._weights)
            logger.info("restored the weights of epoch %d", self.best_epoch)
        self._weights = None

    def _value(self, model: Any) -> float:  # noqa: ANN401
        if not isinstance(self.monitor, str):
            return float(self.monitor(model))
        report = model.report
        values = report.loss_per_epoch if self.monitor == "loss" else report.metrics.get(self.monitor, [])
        if len(values) < self._epoch:
            there = ["loss"] * bool(report.loss_per_epoch) + sorted(report.metrics)
            cure = "put the callback that measures it before EarlyStopping"
            cure = "pass compute_loss=True" if self.monitor == "loss" else cure
            raise ValueError(f"EarlyStopping: {self.monitor!r} is not measured (there is: {there}); {cure}")
        return float(values[-1])

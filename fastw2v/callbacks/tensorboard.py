"""TensorBoard: write the figures of each epoch as curves for TensorBoard."""

from __future__ import annotations

from os import PathLike, fspath
from typing import Any

from fastw2v.callbacks.base import CallbackAny2Vec
from fastw2v.callbacks.figures import Figures


class TensorBoard(CallbackAny2Vec):
    """Write speed, loss, and what callbacks measured, after each epoch, for TensorBoard: curves over raw words.

    It needs tensorboardX, which does without torch: ``pip install 'fastw2v[tensorboard]'``. Put it behind the callbacks
    that measure.

    Parameters
    ----------
    log_dir : path
        Folder of this run; TensorBoard shows the runs below the folder that ``tensorboard --logdir`` names.

    Raises
    ------
    ImportError
        tensorboardX is not installed.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> curves = TensorBoard("runs/first")  # doctest: +SKIP
    >>> model = Word2Vec([["a", "b"]] * 50, min_count=1, sample=0, callbacks=[curves])  # doctest: +SKIP
    """

    def __init__(self, log_dir: str | PathLike[str]) -> None:
        self.log_dir = log_dir
        self._writer_class = _writer_class()
        self._writer = None

    def on_train_begin(self, model: Any) -> None:  # noqa: ANN401
        """Open a file of events."""
        self._figures, self._writer = Figures(model), self._writer_class(fspath(self.log_dir))

    def on_epoch_end(self, model: Any) -> None:  # noqa: ANN401
        """Write the figures of the epoch."""
        figures = self._figures.take(model)
        n_words, seconds = int(figures.pop("words")), figures.pop("seconds")
        speed = (n_words - self._figures.words_before) / max(seconds, 1e-9)
        for name, value in {"words_per_s": speed, **figures}.items():
            self._writer.add_scalar(name, value, n_words)  # type: ignore[attr-defined]
        self._writer.flush()  # type: ignore[attr-defined]

    def on_train_end(self, model: Any) -> None:  # noqa: ANN401
        """Close the file."""
        self._writer.close()  # type: ignore[attr-defined]
        self._writer = None


def _writer_class() -> Any:  # noqa: ANN401
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        cure = "pip install 'fastw2v[tensorboard]', or pip install tensorboardX"
        raise ImportError(f"TensorBoard needs tensorboardX, which is not installed ({error}); {cure}") from None
    return SummaryWriter

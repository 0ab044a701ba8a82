"""Curves of a training as a picture, by Matplotlib."""

from __future__ import annotations

from os import PathLike
from typing import Any

from fastw2v.model_base import ModelBase
from fastw2v.report.history import History, Points, history_of_file, history_of_report, title_of
from fastw2v.report.words import shown
from fastw2v.runtime.pictures import check_picture, figure_class, write_picture

_PURPOSE = "A picture of the curves"


def write_curves(training: ModelBase | str | PathLike[str], path: str | PathLike[str]) -> None:
    """Draw the losses of a training, and what callbacks measured, against the epochs; of a log the speed as well.

    Parameters
    ----------
    training : Word2Vec or path
        A trained model, the file of a model that `Word2Vec.save` or a checkpoint wrote, or a log of
        `fastw2v.callbacks.JsonLines`; of a log with several trainings, the last is drawn.
    path : path
        The picture; its ending is .png, .svg or .pdf.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        There is no curve to draw; or the ending names no kind of picture.
    OSError
        A file cannot be read or written.

    Examples
    --------
    >>> from fastw2v import Word2Vec
    >>> from fastw2v.report import write_curves
    >>> model = Word2Vec([["a", "b"]] * 50, min_count=1, sample=0, epochs=3, compute_loss=True)
    >>> write_curves(model, "loss.png")  # doctest: +SKIP
    """
    check_picture(path, _PURPOSE)
    if isinstance(training, ModelBase):
        history, title = history_of_report(training.report), ""
        if not history.measures:
            raise ValueError("the model has no curve; train it with compute_loss=True, or with callbacks that measure")
    else:
        history, title = history_of_file(training), title_of(training)
    write_picture(_figure(history, title), path)


def _figure(history: History, title: str) -> Any:  # noqa: ANN401 - Matplotlib is optional
    speed = {"speed": [(words, speed / 1e6) for words, speed in history.speed]} if len(history.speed) > 1 else {}
    panels: list[tuple[dict[str, Points], str, str]] = [
        (history.losses(), "epoch", "loss of a pair (nats)"),
        (history.scores(), "epoch", "score"),
        (speed, "words trained (millions)", "million words/s"),
    ]
    panels = [panel for panel in panels if panel[0]]
    figure = figure_class(_PURPOSE)(figsize=(7, 3.4 * len(panels) + 0.4), layout="constrained")
    figure.suptitle(title, parse_math=False)
    for axes, (curves, x_label, y_label) in zip(figure.subplots(len(panels), 1, squeeze=False)[:, 0], panels):
        _draw(axes, curves)
        axes.set(xlabel=x_label, ylabel=y_label)
        if x_label == "epoch":
            axes.xaxis.get_major_locator().set_params(integer=True)
        else:
            axes.set_ylim(bottom=0)
    return figure


def _draw(axes: Any, curves: dict[str, Points]) -> None:  # noqa: ANN401
    for name, points in curves.items():
        label = shown(name)
        label = f" {label}" if label.startswith("_") else label  # Matplotlib leaves such names out of the legend
        axes.plot(*zip(*points), marker="o", markersize=4, label=label)
    axes.grid(alpha=0.3)
    if len(curves) > 1 or "loss" in curves:
        for text in axes.legend(frameon=False).get_texts():
            text.set_parse_math(False)

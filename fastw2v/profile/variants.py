"""The three variants that are compared, and the stage that each of their layers is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

import numpy as np

from fastw2v import nn
from fastw2v.nn.row_gradient import TouchedRows
from fastw2v.profile.case import MODELS, Case
from fastw2v.profile.clock import BACKWARD_IN as IN
from fastw2v.profile.clock import BACKWARD_OUT as OUT
from fastw2v.profile.clock import GATHER, HIDDEN, LOSS, OPTIMISER, SAMPLER, SCORE, Region, fused
from fastw2v.profile.softmax import OneHot, SoftmaxCBOW, SoftmaxSkipGram
from fastw2v.runtime.arrays import Array

Prepare = Callable[[Array, Array], tuple[Array, Array]]

# What is said of each, in the order in which they are measured.
VARIANTS = {
    "softmax": "chapter 3's softmax over all words, one-hot x MatMul, NumPy",
    "reference": "chapter 4's negative sampling, the book's NumPy layers",
    "cpu": "chapter 4's negative sampling, compiled kernels",
}


class Variant:
    """A model in training.

    Attributes
    ----------
    model
        Of `fastw2v.nn`, or the softmax baseline.
    optimizer : fastw2v.nn.Adam
    prepare : callable
        Makes what the model takes of contexts int64[B, 2 w] and target int64[B]; not a part of an iteration.
    regions : list of Region
        Methods whose calls make up an iteration, and their stages.
    """

    def __init__(self, name: str, case: Case, corpus: Array, seed: int) -> None:
        self.prepare: Prepare = OneHot(case) if name == "softmax" else lambda contexts, target: (contexts, target)
        self.model: Any = _model(name, case, corpus, seed=seed)
        kind = getattr(nn, case.optimizer if name == "cpu" else "Adam")
        self.optimizer: nn.Adam = kind(device="cpu" if name == "cpu" else "reference")
        layers = {"softmax": _softmax_layers, "reference": _reference_layers, "cpu": _compiled_layers}[name]
        self.regions = [Region(OPTIMISER, "optimiser", self, "update"), *chain(*layers(self.model, case.model))]

    def iterate(self, contexts: Array, target: Array) -> float:
        """Do what `fastw2v.nn.Trainer` does with a batch, and return the loss."""
        loss = float(self.model.forward(contexts, target))
        self.model.backward()
        self.update()
        return loss

    def update(self) -> None:
        """Merge the gradients of shared weights, and change the weights."""
        self.optimizer.update(*nn.remove_duplicate(self.model.params, self.model.grads))

    def touch_memory(self) -> None:
        """Write to all memory that an iteration may write to, which the system maps at the first touch of a page."""
        for array in chain(self.model.grads, self.optimizer.m or [], self.optimizer.v or []):
            array.view(np.ndarray)[...] += 0

    def n_rows(self) -> int | None:
        """Rows that the last batch touches, each once; None where gradients are plain matrices, of all rows."""
        return n_touched(self.model.grads)


def n_touched(grads: Iterable[Array]) -> int | None:
    """Rows that gradients touch, each once; None where none of them knows its rows."""
    known = [grad.unique_rows() for grad in grads if isinstance(grad, TouchedRows)]
    return sum(len(rows) for rows in known if rows is not None) if known else None


def _model(name: str, case: Case, corpus: Array, *, seed: int) -> Any:  # noqa: ANN401
    if name == "softmax":
        return (SoftmaxCBOW if case.model == "cbow" else SoftmaxSkipGram)(case, seed)
    sampler = nn.UnigramSampler(corpus, 0.75, case.sample_size, device=name, seed=seed)
    sizes = case.vocab_size, case.hidden_size, case.window_size
    return getattr(nn, MODELS[case.model])(*sizes, corpus, device=name, seed=seed, sampler=sampler)


def _layer(label: str, layer: object, forward: str, *, backward: str, method: str = "forward") -> list[Region]:
    return [
        Region(forward, f"{label}.forward", layer, method),
        Region(backward, f"{label}.backward", layer, "backward"),
    ]


def _layers(
    label: str, layers: list[Any], forward: str, *, backward: str, method: str = "forward"
) -> Iterator[list[Region]]:
    return (_layer(f"{label}[{i}]", layer, forward, backward=backward, method=method) for i, layer in enumerate(layers))


def _sampler(ns_loss: Any) -> list[Region]:  # noqa: ANN401
    return [Region(SAMPLER, "sampler", ns_loss.sampler, "draw")]


def _softmax_layers(model: Any, kind: str) -> Iterator[list[Region]]:  # noqa: ANN401
    """What is left of the model's own calls: sum and mean of CBOW, sums over the contexts of skip-gram."""
    forward, backward = (HIDDEN, IN) if kind == "cbow" else (LOSS, OUT)
    yield _layer("model", model, forward, backward=backward)
    yield from _layers("in_layers", model.in_layers, GATHER, backward=IN)
    yield _layer("out_layer", model.out_layer, SCORE, backward=OUT)
    yield from _layers("loss_layers", model.loss_layers, LOSS, backward=OUT)


def _reference_layers(model: Any, kind: str) -> Iterator[list[Region]]:  # noqa: ANN401
    """What is left of the model's own calls: as for softmax."""
    is_cbow = kind == "cbow"
    ns_losses = [model.ns_loss] if is_cbow else model.loss_layers
    forward, backward = (HIDDEN, IN) if is_cbow else (LOSS, OUT)
    yield _layer("model", model, forward, backward=backward)
    yield from _layers(
        "in_layers", model.in_layers if is_cbow else [model.in_layer], GATHER, backward=IN, method="rows"
    )
    for i, ns_loss in enumerate(ns_losses):
        yield _layer(f"ns_loss[{i}]", ns_loss, LOSS, backward=OUT)
        yield from _layers("embed_dot_layers", ns_loss.embed_dot_layers, SCORE, backward=OUT)
        yield from _layers("loss_layers", ns_loss.loss_layers, LOSS, backward=OUT)
    yield _sampler(ns_losses[0])  # one for all


def _compiled_layers(model: Any, kind: str) -> Iterator[list[Region]]:  # noqa: ANN401
    """One kernel gathers and averages, one scores and takes the loss; what is left of the model's calls is checks."""
    is_cbow = kind == "cbow"
    gather, ns_loss = (fused(GATHER, HIDDEN), model.ns_loss) if is_cbow else (GATHER, model.loss_layers[0])
    yield _layer("model", model, gather, backward=IN)
    in_layer, method = (model.in_layers[0], "forward") if is_cbow else (model.in_layer, "rows")
    yield _layer("in_layer", in_layer, gather, backward=IN, method=method)
    yield _layer("ns_loss", ns_loss, fused(SCORE, LOSS), backward=OUT, method="loss_of")
    yield _sampler(ns_loss)

"""Bytes that an iteration must move at the least, and memory that it needs: the formulas, all in one place.

V words, H hidden, B batch, C = 2 w contexts, K negatives; weights and one-hot arrays are float32. Each operand of an
operation counts as read once and each result as written once, from or to wherever it lies: caches save some of this,
temporary arrays of NumPy cost more.
"""

from __future__ import annotations

from fastw2v._profile.case import Case
from fastw2v._profile.clock import (
    BACKWARD_IN,
    BACKWARD_OUT,
    GATHER,
    HIDDEN,
    LOSS,
    OPTIMISER,
    SAMPLER,
    SCORE,
    fused,
)

_FLOAT = 4
_ID = _DOUBLE = 2  # an int64 id, or a float64, in floats
_SAMPLER_PASSES = 7  # of the book's sampler over the probabilities: p.copy() 2, p.sum() 1, p /= sum 2, cumsum 2
_ADAM_PASSES = 7  # read parameter, gradient, m and v; write parameter, m and v
_TABLES = 150  # bytes a word: corpus, counts, probabilities
_MERGE_PASSES = 3  # read two gradients, write their sum


def bytes_moved(case: Case, variant: str, n_rows: int | None) -> dict[str, int]:
    """Return the bytes that each stage reads and writes.

    Parameters
    ----------
    case : Case
    variant : str
        "softmax", "reference" or "cpu".
    n_rows : int or None
        Rows of W_in and W_out that a batch touches, each once, where they are known; what `SparseAdam` updates.
    """
    formulas = {"softmax": _softmax, "reference": _reference, "cpu": _compiled}
    floats = formulas[variant](case)
    if variant == "cpu" and case.optimizer == "SparseAdam" and n_rows is not None:
        floats[OPTIMISER] = _ADAM_PASSES * n_rows * case.hidden_size
    return {stage: _FLOAT * n for stage, n in floats.items()}


def _sizes(case: Case) -> tuple[int, int, int]:
    """Floats of one-hot words or scores of a batch, of a weight matrix, and of hidden vectors of a batch."""
    v, h, b = case.vocab_size, case.hidden_size, case.batch_size
    return b * v, v * h, b * h


def _softmax(case: Case) -> dict[str, int]:
    n_in, n_out = case.n_inputs, case.n_outputs
    bv, vh, bh = _sizes(case)
    product = bv + vh + bh
    floats = {
        GATHER: n_in * product,
        SCORE: product,
        LOSS: n_out * 3 * bv,  # scores and labels in, probabilities out
        BACKWARD_IN: n_in * 2 * product,  # dW, and dx, which nothing uses
        BACKWARD_OUT: n_out * 2 * bv + (n_out - 1) * 3 * bv + 2 * product,
        OPTIMISER: (n_in - 1) * _MERGE_PASSES * vh + 2 * _ADAM_PASSES * vh,
    }
    return floats | _hidden(case)


def _hidden(case: Case) -> dict[str, int]:
    """CBOW's mean of C rows; skip-gram's hidden layer is the row itself."""
    return {HIDDEN: (case.n_contexts + 1) * case.batch_size * case.hidden_size} if case.model == "cbow" else {}


def _reference(case: Case) -> dict[str, int]:
    n_in, n_scores, b = case.n_inputs, case.n_outputs * (case.sample_size + 1), case.batch_size
    _, vh, bh = _sizes(case)
    floats = {
        GATHER: n_in * (2 * bh + _ID * b),
        SCORE: n_scores * (3 * bh + _ID * b + b),  # rows of W in and out, h in
        LOSS: n_scores * 3 * b,  # scores and labels in, probabilities out
        SAMPLER: case.n_outputs * b * _SAMPLER_PASSES * case.vocab_size * _DOUBLE,
        BACKWARD_IN: n_in * (vh + 3 * bh),  # dW cleared; its rows, and dout, read, and the rows written
        BACKWARD_OUT: n_scores * (vh + 5 * bh),  # the same, and the rows of W read, and dh written
        OPTIMISER: (n_in + n_scores - 2) * _MERGE_PASSES * vh + 2 * _ADAM_PASSES * vh,
    }
    return floats | _hidden(case)


def _compiled(case: Case) -> dict[str, int]:
    n_in, n_scores, b = case.n_inputs, case.n_outputs * (case.sample_size + 1), case.batch_size
    _, vh, bh = _sizes(case)
    entry = _ID  # of the alias table: a float32 and an int32
    return {
        fused(GATHER, HIDDEN) if case.model == "cbow" else GATHER: (n_in + 1) * bh + n_in * _ID * b,
        fused(SCORE, LOSS): n_scores * (bh + _ID * b + b) + bh,
        SAMPLER: case.n_outputs * b * (_ID + case.sample_size * (entry + 1)),
        BACKWARD_IN: n_in * 3 * bh + bh,  # rows of dW cleared, read and written
        BACKWARD_OUT: n_scores * (4 * bh + _ID * b + b) + 2 * bh,  # the same, and the rows of W read; h in, dh out
        OPTIMISER: 2 * _ADAM_PASSES * vh,
    }


def bytes_needed(case: Case, variant: str) -> int:
    """Return the memory that a variant holds at its peak: weights, gradients, Adam's moments, what NumPy makes."""
    bv, vh, bh = _sizes(case)
    n_in, n_out, n_scores = case.n_inputs, case.n_outputs, case.n_outputs * (case.sample_size + 1)
    weights_and_moments, adam = 2 + 4, 4 * vh  # lr_t * m is of float64, since lr_t is
    floats = {
        "softmax": (weights_and_moments + n_in + 1) * vh
        + (case.n_contexts + 1 + n_out) * bv  # one-hot arrays, probabilities
        + max(4 * bv, 2 * bv + vh, adam),
        "reference": (weights_and_moments + n_in + n_scores) * vh + adam + n_scores * bh,  # rows that the layers keep
        "cpu": (weights_and_moments + 2) * vh,
    }
    return _FLOAT * floats[variant] + _TABLES * case.vocab_size

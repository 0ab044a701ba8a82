"""What an iteration must move and compute at the least, and memory that it needs: the formulas, all in one place.

V words, H hidden, B batch, C = 2 w contexts, K negatives; weights and one-hot arrays are float32. Each operand of an
operation counts as read once and each result as written once, from or to wherever it lies: caches save some of this,
temporary arrays of NumPy cost more. Additions, multiplications, divisions, exp, log and square roots of floats count as
one operation each, comparisons and integers as none.
"""

from __future__ import annotations

from typing import NamedTuple

from fastw2v.profile.case import Case
from fastw2v.profile.clock import (
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
_SAMPLER_FLOPS = 3  # a word: sum, division, sum
_ADAM_PASSES = 7  # read parameter, gradient, m and v; write parameter, m and v
_ADAM_FLOPS = 12  # 3 for m, 4 for v, 5 for the parameter
_LOGISTIC_FLOPS = 4  # exp, addition, division, log
_SOFTMAX_FLOPS = 4  # subtraction of the greatest, exp, sum, division
_TABLES = 150  # bytes a word: corpus, counts, probabilities
_MERGE_PASSES = 3  # read two gradients, write their sum


class Cost(NamedTuple):
    """What is done at the least: bytes read and written, and float operations."""

    n_bytes: int
    flops: int

    @classmethod
    def of(cls, floats: int, flops: int = 0) -> Cost:
        """Count bytes by the number of float32 that they are."""
        return cls(_FLOAT * floats, flops)


def costs(case: Case, variant: str, n_rows: int | None) -> dict[str, Cost]:
    """Return what each stage does.

    Parameters
    ----------
    case : Case
    variant : str
        "softmax", "reference" or "cpu".
    n_rows : int or None
        Rows of W_in and W_out that a batch touches, each once, where they are known; what `SparseAdam` updates.
    """
    found = {"softmax": _softmax, "reference": _reference, "cpu": _compiled}[variant](case)
    if variant == "cpu" and case.optimizer == "SparseAdam" and n_rows is not None:
        found[OPTIMISER] = adam(n_rows * case.hidden_size)
    return found


def total(parts: dict[str, Cost]) -> Cost:
    """Return what all stages do together."""
    return Cost(sum(cost.n_bytes for cost in parts.values()), sum(cost.flops for cost in parts.values()))


def adam(n_weights: int, n_merged: int = 0) -> Cost:
    """Return what Adam does to `n_weights`, after `n_merged` numbers were added to others in merging gradients."""
    return Cost.of(_ADAM_PASSES * n_weights + _MERGE_PASSES * n_merged, _ADAM_FLOPS * n_weights + n_merged)


def independent_draws(case: Case) -> Cost:
    """Return what NumPy does for one batch of draws with replacement, which it makes at once."""
    n_words = case.vocab_size  # the probabilities: their sum 1, their cumulative sum 2, its division by the last 2
    return Cost.of(5 * n_words * _DOUBLE, 3 * n_words)


def _sizes(case: Case) -> tuple[int, int, int]:
    """Floats of one-hot words or scores of a batch, of a weight matrix, and of hidden vectors of a batch."""
    v, h, b = case.vocab_size, case.hidden_size, case.batch_size
    return b * v, v * h, b * h


def _softmax(case: Case) -> dict[str, Cost]:
    n_in, n_out = case.n_inputs, case.n_outputs
    bv, vh, bh = _sizes(case)
    product, product_flops = bv + vh + bh, 2 * bv * case.hidden_size
    labels, sums = n_out * 2 * bv, (n_out - 1) * 3 * bv
    return {
        GATHER: Cost.of(n_in * product, n_in * product_flops),
        SCORE: Cost.of(product, product_flops),
        LOSS: Cost.of(n_out * 3 * bv, n_out * _SOFTMAX_FLOPS * bv),  # scores and labels in, probabilities out
        BACKWARD_IN: Cost.of(n_in * 2 * product, n_in * 2 * product_flops),  # dW, and dx, which nothing uses
        BACKWARD_OUT: Cost.of(labels + sums + 2 * product, (2 * n_out - 1) * bv + 2 * product_flops),
        OPTIMISER: adam(2 * vh, (n_in - 1) * vh),
    } | _hidden(case)


def _hidden(case: Case) -> dict[str, Cost]:
    """CBOW's mean of C rows; skip-gram's hidden layer is the row itself."""
    bh = case.batch_size * case.hidden_size
    return {HIDDEN: Cost.of((case.n_contexts + 1) * bh, case.n_contexts * bh)} if case.model == "cbow" else {}


def _reference(case: Case) -> dict[str, Cost]:
    n_in, n_scores, b = case.n_inputs, case.n_outputs * (case.sample_size + 1), case.batch_size
    _, vh, bh = _sizes(case)
    drawn_from = case.n_outputs * b * case.vocab_size
    return {
        GATHER: Cost.of(n_in * (2 * bh + _ID * b)),
        SCORE: Cost.of(n_scores * (3 * bh + _ID * b + b), n_scores * 2 * bh),  # rows of W in and out, h in
        LOSS: Cost.of(n_scores * 3 * b, n_scores * _LOGISTIC_FLOPS * b),  # scores and labels in, probabilities out
        SAMPLER: Cost.of(drawn_from * _SAMPLER_PASSES * _DOUBLE, drawn_from * _SAMPLER_FLOPS),
        BACKWARD_IN: Cost.of(n_in * (vh + 3 * bh), n_in * bh),  # dW cleared; its rows and dout read, the rows written
        BACKWARD_OUT: Cost.of(n_scores * (vh + 5 * bh), n_scores * 4 * bh),  # the same; rows of W read, dh written
        OPTIMISER: adam(2 * vh, (n_in + n_scores - 2) * vh),
    } | _hidden(case)


def _compiled(case: Case) -> dict[str, Cost]:
    n_in, n_scores, b = case.n_inputs, case.n_outputs * (case.sample_size + 1), case.batch_size
    _, vh, bh = _sizes(case)
    entry, is_cbow = _ID, case.model == "cbow"  # an entry of the alias table is a float32 and an int32
    rows_out, ids_and_numbers = n_scores * bh, n_scores * (_ID * b + b)
    return {
        fused(GATHER, HIDDEN) if is_cbow else GATHER: Cost.of((n_in + 1) * bh + n_in * _ID * b, is_cbow * n_in * bh),
        fused(SCORE, LOSS): Cost.of(rows_out + ids_and_numbers + bh, 2 * rows_out + n_scores * _LOGISTIC_FLOPS * b),
        SAMPLER: Cost.of(case.n_outputs * b * (_ID + case.sample_size * (entry + 1))),
        BACKWARD_IN: Cost.of(n_in * 3 * bh + bh, 2 * n_in * bh),  # rows of dW cleared, read and written
        # The same, and the rows of W read; h in, dh out.
        BACKWARD_OUT: Cost.of(4 * rows_out + ids_and_numbers + 2 * bh, 4 * rows_out),
        OPTIMISER: adam(2 * vh),
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

"""Skip-gram with negative sampling in mini-batches, in NumPy."""

from __future__ import annotations

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import (
    FloatMatrix,
    batches,
    draw_targets,
    error_coefs,
    move_in_turn,
    weight_of,
    windows,
)


def skipgram_ns_batched_reference(
    *,
    w_in: FloatMatrix,
    w_out: FloatMatrix,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    alias_prob: Float32,
    alias_id: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    negative: int,
    shrink_windows: bool,
    share_negatives: bool,
    with_loss: bool,
    tally: Float64,
    batch_tokens: int,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end in mini-batches.

    The steps are those of `skipgram_ns_reference`, but without `share_negatives` each pair is a step of its own, in
    which a repeated target moves once. In a batch, all steps are scored before any of them moves a row. Then they move
    rows one after the other, the contexts of a step in turn: each by the error coefficients of its scores and by the
    rows as they are at that moment.

    Parameters
    ----------
    w_in, w_out, ids, starts, keep, alias_prob, alias_id, begin, end, lr_first, lr_step, seed, epoch, window, negative,
    shrink_windows, share_negatives, with_loss, tally, rate_in, centre_weight
        As in `skipgram_ns_reference`.
    batch_tokens : int
        Tokens in a batch, 1 to 1,024. Batches end at multiples of it, so a span that ends at one may be cut there.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, a span outside of the corpus, or a batch that is too large.
        The reference checks nothing.
    """
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    n_scored = SCORED_TOGETHER if share_negatives else 1
    for first, last in batches(begin, end, batch_tokens):
        steps = []
        for token_pos, contexts in windows(tokens, first, last):
            weight = weight_of(tokens, token_pos)
            lr = (lr_first + lr_step * token_pos) * weight
            for ordinal in range(0, len(contexts), n_scored):
                rows = contexts[ordinal : ordinal + n_scored]
                targets = draw_targets(sampler, ids[token_pos], token_pos, ordinal=0 if share_negatives else ordinal)
                coef, loss = error_coefs(w_in[rows], w_out, targets, lr=lr)
                steps.append((rows, targets, coef))
                tally[0] += loss * weight * with_loss
            tally[1:] += len(contexts), 1
        for rows, targets, coef in steps:
            move_in_turn((w_in, w_out), rows, targets, coef, rate_in)

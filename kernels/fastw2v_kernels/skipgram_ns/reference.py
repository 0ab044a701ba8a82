"""Skip-gram with negative sampling, in NumPy."""

from __future__ import annotations

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP, SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import (
    FloatMatrix,
    draw_targets,
    error_coefs,
    move_in_turn,
    train_pairs,
    weight_of,
    windows,
)


def skipgram_ns_reference(
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
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    The input rows are those of the context words and the output rows those of the centre and the negatives, as in
    word2vec.c and gensim. All contexts of a centre share its negatives (Ji et al. 2016, "Parallelizing word2vec in
    shared and distributed memory"). `SCORED_TOGETHER` contexts are scored before any of them moves; then they move in
    turn, each by the target rows as those before it have moved them (see `move_in_turn`). Without `share_negatives`,
    each context has its own negatives; `PAIRS_PER_STEP` of these pairs are scored together, then moved in turn.

    Parameters
    ----------
    w_in, w_out : float32[n_vocab, stride], changed in place
        Input and output rows; stride is a multiple of 16, columns past the model's dimension are 0 and stay so.
    ids : int32[n_tokens]
        The corpus as vocabulary rows; launchers do not check that they are rows.
    starts : int64[n_sentences + 1]
        Sentence s is ids[starts[s]:starts[s + 1]]; no sentence is empty.
    keep : float32[n_vocab]
        Probability that a token of this row survives subsampling.
    alias_prob, alias_id : float32[n_vocab], int32[n_vocab]
        Alias table of the negatives.
    begin, end : int
        Token positions. Contexts may lie outside, within the centre's sentence.
    lr_first, lr_step : float
        The learning rate at token position p is lr_first + lr_step * p.
    seed, epoch : int
        Each random number is a function of these two, the token position, and the number of the draw.
    window : int
        Greatest distance of a context; with `shrink_windows` each centre draws its own from 1..window.
    negative : int
        Negatives for each positive.
    share_negatives : bool
        One set of negatives for all contexts of a centre, or one for each.
    with_loss : bool
        Whether to sum the loss.
    tally : float64[3], added to
        Sum of the pairs' losses (negative log-likelihood of positive and negatives), number of pairs, number of kept
        tokens.

    rate_in : float32[n_vocab], optional
        Factor of the moves of each input row; 0 leaves the row as it is, to the byte. None: 1 for all. On the GPU a row
        moves on chip at the full rate while its word is in the window, and what is written back is scaled.

    centre_weight : float32[n_tokens], optional
        Factor of the learning rate, and of the loss, of each token as a centre. A token of weight 0 is no centre, and
        still a context of others. None: 1 for all.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    n_scored = SCORED_TOGETHER if share_negatives else PAIRS_PER_STEP
    for token_pos, contexts in windows(tokens, begin, end):
        weight = weight_of(tokens, token_pos)
        lr = (lr_first + lr_step * token_pos) * weight
        for first in range(0, len(contexts), n_scored):
            rows = contexts[first : first + n_scored]
            if share_negatives:
                targets = draw_targets(sampler, ids[token_pos], token_pos, ordinal=0)
                error_coef, loss = error_coefs(w_in[rows], w_out, targets, lr=lr)
                move_in_turn((w_in, w_out), rows, targets, error_coef, rate_in)
            else:
                ordinals = range(first, first + len(rows))
                sets = [draw_targets(sampler, ids[token_pos], token_pos, ordinal=ordinal) for ordinal in ordinals]
                loss = train_pairs(w_in, w_out, rows, sets, lr=lr, rate_in=rate_in)
            tally[0] += loss * weight * with_loss
        tally[1:] += len(contexts), 1

"""Skip-gram with hierarchical softmax, in NumPy."""

from __future__ import annotations

from typing import Any, cast

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP, SCORED_TOGETHER, contexts_per_step
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.reference import (
    FloatMatrix,
    draw_targets,
    error_coefs,
    move_in_turn,
    move_rows,
    path_gradients,
    train_pairs,
    weight_of,
    windows,
)


def skipgram_hs_reference(
    *,
    w_in: FloatMatrix,
    w_node: FloatMatrix,
    ids: Int32,
    starts: Int64,
    keep: Float32,
    path_starts: Int64,
    path_steps: Int32,
    begin: int,
    end: int,
    lr_first: float,
    lr_step: float,
    seed: int,
    epoch: int,
    window: int,
    shrink_windows: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    share_negatives: bool = True,
    w_out: FloatMatrix | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    The rows of the contexts are trained on the decisions at the nodes of a Huffman tree, from its root to the centre,
    as in word2vec.c and gensim (Morin and Bengio 2005, "Hierarchical probabilistic neural network language model").
    All nodes of the path and `contexts_per_step` contexts make one gradient step. With `negative` above 0, the contexts
    are then trained against the centre and its negatives as in `skipgram_ns_reference`, and the losses are added.

    Parameters
    ----------
    w_in, ids, starts, keep, begin, end, lr_first, lr_step, seed, epoch, window, shrink_windows, with_loss, rate_in,
    centre_weight
        As in `skipgram_ns_reference`.
    w_node : float32[n_vocab, stride], changed in place
        Rows of the n_vocab - 1 inner nodes; the last row is not used.
    path_starts, path_steps : int64[n_vocab + 1], int32[n_steps]
        The paths, as `huffman_paths` writes them; no path has more than 96 steps.
    tally : float64[3], added to
        Sum of the pairs' losses (negative log-likelihood of all decisions, and of positive and negatives), number of
        pairs, number of kept tokens.
    negative : int
        Negatives for each positive; 0 for none. Only if there are some, the next four are looked at.
    share_negatives, w_out, alias_prob, alias_id
        As in `skipgram_ns_reference`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key, paths, out = epoch_key(seed, epoch), Paths(path_starts, path_steps), cast(FloatMatrix, w_out)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler: Any = Sampler(alias_prob, alias_id, key, negative)  # type: ignore[arg-type] # unused if there are none
    n_per_step = contexts_per_step(window)
    n_scored = SCORED_TOGETHER if share_negatives else PAIRS_PER_STEP
    for token_pos, contexts in windows(tokens, begin, end):
        weight = weight_of(tokens, token_pos)
        lr, centre = (lr_first + lr_step * token_pos) * weight, ids[token_pos]
        for first in range(0, len(contexts), n_per_step):
            rows = contexts[first : first + n_per_step]
            d_in, d_node, nodes, loss = path_gradients(w_in[rows], w_node, paths, centre, lr=lr)
            move_rows(w_in, rows, d_in, rate_in)
            w_node[nodes] += d_node
            tally[0] += loss * weight * with_loss
        for first in range(0, len(contexts) if negative else 0, n_scored):
            rows = contexts[first : first + n_scored]
            if share_negatives:
                targets = draw_targets(sampler, centre, token_pos, ordinal=0)
                error_coef, loss = error_coefs(w_in[rows], out, targets, lr=lr)
                move_in_turn((w_in, out), rows, targets, error_coef, rate_in)
            else:
                ordinals = range(first, first + len(rows))
                sets = [draw_targets(sampler, centre, token_pos, ordinal=ordinal) for ordinal in ordinals]
                loss = train_pairs(w_in, out, rows, sets, lr=lr, rate_in=rate_in)
            tally[0] += loss * weight * with_loss
        tally[1:] += len(contexts), 1

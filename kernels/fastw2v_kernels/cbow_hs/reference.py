"""CBOW with hierarchical softmax, in NumPy."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.reference import (
    FloatMatrix,
    draw_targets,
    gradients,
    move_rows,
    path_gradients,
    weight_of,
    windows,
)


def cbow_hs_reference(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    w_out: FloatMatrix | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    The hidden vector, the mean or the sum of the context rows, is trained on the decisions at the nodes of a Huffman
    tree, from its root to the centre. With `negative` above 0, a hidden vector of the moved rows is then trained
    against the centre and its negatives as in `cbow_ns_reference`, and the losses are added. Both is as in word2vec.c
    and gensim.

    Parameters
    ----------
    w_in, ids, starts, keep, begin, end, lr_first, lr_step, seed, epoch, window, shrink_windows, mean_context,
    mean_gradient, with_loss, rate_in, centre_weight
        As in `cbow_ns_reference`.
    w_node, path_starts, path_steps
        As in `skipgram_hs_reference`.
    tally : float64[3], added to
        Sum of the examples' losses (negative log-likelihood of all decisions, and of positive and negatives), number of
        examples, number of kept tokens.
    negative : int
        Negatives for each positive; 0 for none. Only if there are some, the next three are looked at.
    w_out, alias_prob, alias_id
        As in `cbow_ns_reference`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key, paths, out = epoch_key(seed, epoch), Paths(path_starts, path_steps), cast(FloatMatrix, w_out)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler: Any = Sampler(alias_prob, alias_id, key, negative)  # type: ignore[arg-type] # unused if there are none
    for token_pos, contexts in windows(tokens, begin, end):
        tally[2] += 1
        if len(contexts) == 0:
            continue
        share, weight, centre = w_in.dtype.type(1 / len(contexts)), weight_of(tokens, token_pos), ids[token_pos]
        lr, of_contexts, of_gradient = (
            (lr_first + lr_step * token_pos) * weight,
            share if mean_context else 1,
            share if mean_gradient else 1,
        )
        hidden = w_in[contexts].sum(axis=0, keepdims=True) * of_contexts
        d_hidden, d_node, nodes, loss = path_gradients(hidden, w_node, paths, centre, lr=lr)
        move_rows(w_in, contexts, d_hidden * of_gradient, rate_in)
        w_node[nodes] += d_node
        if negative:
            hidden = w_in[contexts].sum(axis=0, keepdims=True) * of_contexts
            targets = draw_targets(sampler, centre, token_pos, ordinal=0)
            d_hidden, d_out, more = gradients(hidden, out, targets, lr=lr)
            move_rows(w_in, contexts, d_hidden * of_gradient, rate_in)
            np.add.at(out, targets, d_out)
            loss += more
        tally[:2] += loss * weight * with_loss, 1

"""Skip-gram with subwords and hierarchical softmax, in NumPy."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import contexts_per_step
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.reference import FloatMatrix, weight_of, windows
from fastw2v_kernels.shared.span.subword_reference import gradients, negatives_of, paths_gradients
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS


def skipgram_subword_hs_reference(
    *,
    w_in: FloatMatrix,
    w_node: FloatMatrix,
    row_ids: Int32,
    row_starts: Int64,
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
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    As in fastText, the hidden vector is the mean of the centre's rows of w_in. It is trained on the decisions at the
    nodes of a Huffman tree, from its root to each context. The paths to `contexts_per_step` contexts make one gradient
    step, and the next one takes the hidden vector where it was moved. With `negative` above 0, the hidden vector is
    then trained against as many contexts in a step, and negatives that are those of `skipgram_subword_ns_reference`
    without `in_groups`; the losses are added. At last each of the centre's rows moves by the whole move of the hidden
    vector.

    Parameters
    ----------
    w_in, row_ids, row_starts, ids, starts, keep, begin, end, lr_first, lr_step, seed, epoch, window, shrink_windows,
    with_loss, centre_weight
        As in `skipgram_subword_ns_reference`.
    w_node, path_starts, path_steps, tally
        As in `skipgram_hs_reference`.
    negative : int
        Negatives for each positive; 0 for none. Only if there are some, the next four are looked at.
    share_negatives, w_out, alias_prob, alias_id
        As in `skipgram_subword_ns_reference`.

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
    n_scored, n_sets = (n_per_step, NEGATIVE_SETS) if share_negatives else (1, 1)
    for token_pos, contexts in windows(tokens, begin, end):
        tally[1:] += len(contexts), 1
        if len(contexts) == 0:
            continue
        weight, rows = (
            weight_of(tokens, token_pos),
            row_ids[row_starts[ids[token_pos]] : row_starts[ids[token_pos] + 1]],
        )
        lr = (lr_first + lr_step * token_pos) * weight
        hidden = w_in[rows].sum(axis=0) * w_in.dtype.type(1 / len(rows))
        move = np.zeros_like(hidden)
        for first in range(0, len(contexts), n_per_step):
            words = contexts[first : first + n_per_step]
            d_hidden, d_node, nodes, loss = paths_gradients(hidden + move, w_node, paths, words, lr=lr)
            np.add.at(w_node, nodes, d_node)
            move += d_hidden
            tally[0] += loss * weight * with_loss
        for first in range(0, len(contexts) if negative else 0, n_scored):
            negatives = negatives_of(sampler, token_pos, ordinal=0 if share_negatives else first, n_sets=n_sets)
            targets = contexts[first : first + n_scored], negatives
            d_hidden, d_out, loss = gradients(hidden + move, out, targets, lr=lr, share=1 / n_sets)
            np.add.at(out, [*targets[0], *negatives], d_out)
            move += d_hidden
            tally[0] += loss * weight * with_loss
        np.add.at(w_in, rows, move)

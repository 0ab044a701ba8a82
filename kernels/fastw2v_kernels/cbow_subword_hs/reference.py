"""CBOW with subwords and hierarchical softmax, in NumPy."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.reference import FloatMatrix, batches, draw_targets, weight_of
from fastw2v_kernels.shared.span.subword_reference import CarriedSums, centres, gradients, paths_gradients
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords


def cbow_subword_hs_reference(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    negative: int = 0,
    w_out: FloatMatrix | None = None,
    alias_prob: Float32 | None = None,
    alias_id: Int32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    The hidden vector of a centre is that of `cbow_subword_ns_reference`, and rows are summed and moved as there. It is
    trained on the decisions at the nodes of a Huffman tree, from its root to the centre. With `negative` above 0, a
    hidden vector of the sums after this move is then trained against the centre and its negatives, and the losses are
    added.

    Parameters
    ----------
    w_in, row_ids, row_starts, ids, starts, keep, begin, end, lr_first, lr_step, seed, epoch, window, shrink_windows,
    mean_context, mean_gradient, with_loss, centre_weight
        As in `cbow_subword_ns_reference`.
    w_node, path_starts, path_steps
        As in `skipgram_hs_reference`.
    tally, negative, w_out, alias_prob, alias_id
        As in `cbow_hs_reference`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key, paths, out = epoch_key(seed, epoch), Paths(path_starts, path_steps), cast(FloatMatrix, w_out)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler: Any = Sampler(alias_prob, alias_id, key, negative)  # type: ignore[arg-type] # unused if there are none
    for first, stop in batches(begin, end, TOKENS_PER_BLOCK):
        carried = CarriedSums(w_in, Subwords(row_ids, row_starts), ids)
        for centre in centres(tokens, first, stop):
            carried.reach(centre.near)
            token_pos, contexts = centre.token_pos, centre.contexts
            if len(contexts):
                n_rows = sum(carried.n_rows(pos) for pos in contexts)
                share, weight = w_in.dtype.type(1 / n_rows), weight_of(tokens, token_pos)
                lr, word = (lr_first + lr_step * token_pos) * weight, ids[token_pos : token_pos + 1]
                of_contexts, of_gradient = (share if mean else 1 for mean in (mean_context, mean_gradient))
                hidden = np.sum([carried.sums[pos] for pos in contexts], axis=0) * of_contexts
                d_hidden, d_node, nodes, loss = paths_gradients(hidden, w_node, paths, word, lr=lr)
                carried.move(contexts, d_hidden * of_gradient)
                w_node[nodes] += d_node
                if negative:
                    hidden = np.sum([carried.sums[pos] for pos in contexts], axis=0) * of_contexts
                    targets = draw_targets(sampler, word[0], token_pos, ordinal=0)
                    d_hidden, d_out, more = gradients(hidden, out, (word, targets[1:]), lr=lr)
                    carried.move(contexts, d_hidden * of_gradient)
                    np.add.at(out, targets, d_out)
                    loss += more
                tally[:2] += loss * weight * with_loss, 1
            tally[2] += 1
            carried.leave(centre.last)
        carried.leave_all()

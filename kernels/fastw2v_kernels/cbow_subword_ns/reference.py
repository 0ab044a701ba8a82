"""CBOW with subwords and negative sampling, in NumPy."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import FloatMatrix, batches, draw_targets, weight_of
from fastw2v_kernels.shared.span.subword_reference import CarriedSums, centres, gradients
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, Subwords


def cbow_subword_ns_reference(
    *,
    w_in: FloatMatrix,
    w_out: FloatMatrix,
    row_ids: Int32,
    row_starts: Int64,
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    As in fastText, the hidden vector is the mean (or the sum) of all rows of all contexts: their own rows and those of
    their n-grams. The centre is the positive. Otherwise than in fastText, the rows of a token are summed once, when the
    window reaches it, and moved once, when the window has left it: until then its sum follows its own moves, but not
    those of other tokens near it. So each row is read and written once for a token, and not for each of its windows.
    All moves have reached their rows at the end of the span, and at positions that are multiples of TOKENS_PER_BLOCK:
    the result is the same wherever spans are cut, as long as they are cut there.

    Parameters
    ----------
    w_in, w_out, row_ids, row_starts, ids, starts, keep, alias_prob, alias_id, begin, end, lr_first, lr_step, seed,
    epoch, window, negative, shrink_windows, with_loss, centre_weight
        As in `skipgram_subword_ns_reference`.
    mean_context : bool
        True if the hidden vector is the mean of these rows, False if it is their sum.
    mean_gradient : bool
        True if each row moves by the hidden vector's move divided by the number of rows, which is the gradient of a
        mean. False if it moves by the whole move, as in fastText and gensim.
    tally : float64[3], added to
        As in `cbow_ns_reference`.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    for first, stop in batches(begin, end, TOKENS_PER_BLOCK):
        carried = CarriedSums(w_in, Subwords(row_ids, row_starts), ids)
        for centre in centres(tokens, first, stop):
            carried.reach(centre.near)
            token_pos, contexts = centre.token_pos, centre.contexts
            if len(contexts):
                n_rows = sum(carried.n_rows(pos) for pos in contexts)
                share = w_in.dtype.type(1 / n_rows)
                hidden = np.sum([carried.sums[pos] for pos in contexts], axis=0) * (share if mean_context else 1)
                targets = draw_targets(sampler, ids[token_pos], token_pos, ordinal=0)
                weight = weight_of(tokens, token_pos)
                lr = (lr_first + lr_step * token_pos) * weight
                d_hidden, d_out, loss = gradients(hidden, w_out, (np.array(targets[:1]), targets[1:]), lr=lr)
                carried.move(contexts, d_hidden * (share if mean_gradient else 1))
                np.add.at(w_out, targets, d_out)
                tally[:2] += loss * weight * with_loss, 1
            tally[2] += 1
            carried.leave(centre.last)
        carried.leave_all()

"""CBOW with subwords and negative sampling, in NumPy."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import FloatMatrix, draw_targets, weight_of, windows
from fastw2v_kernels.shared.span.subword_reference import gradients


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
    their n-grams. The centre is the positive.

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
    for token_pos, contexts in windows(tokens, begin, end):
        tally[2] += 1
        if len(contexts) == 0:
            continue
        rows = np.concatenate([row_ids[row_starts[word] : row_starts[word + 1]] for word in contexts])
        share = w_in.dtype.type(1 / len(rows))
        hidden = w_in[rows].sum(axis=0) * (share if mean_context else 1)
        targets = draw_targets(sampler, ids[token_pos], token_pos, ordinal=0)
        weight = weight_of(tokens, token_pos)
        lr = (lr_first + lr_step * token_pos) * weight
        d_hidden, d_out, loss = gradients(hidden, w_out, (np.array(targets[:1]), targets[1:]), lr=lr)
        np.add.at(w_in, rows, d_hidden * (share if mean_gradient else 1))
        np.add.at(w_out, targets, d_out)
        tally[:2] += loss * weight * with_loss, 1

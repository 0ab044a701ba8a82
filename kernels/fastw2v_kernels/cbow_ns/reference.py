"""CBOW with negative sampling, in NumPy."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import FloatMatrix, draw_targets, gradients, move_rows, weight_of, windows


def cbow_ns_reference(
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
    mean_context: bool,
    mean_gradient: bool,
    with_loss: bool,
    tally: Float64,
    rate_in: Float32 | None = None,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    The hidden vector is the mean (or the sum) of the context rows; the centre is the positive.

    Parameters
    ----------
    w_in, w_out, ids, starts, keep, alias_prob, alias_id, begin, end, lr_first, lr_step, seed, epoch, window, negative,
    shrink_windows, with_loss
        As in `skipgram_ns_reference`.
    mean_context : bool
        True if the hidden vector is the mean of the context rows, False if it is their sum.
    mean_gradient : bool
        True if each context row moves by the hidden vector's move divided by the number of contexts, which is the
        gradient of a mean (Irsoy et al. 2021, "Corrected CBOW performs as well as skip-gram"). False if it moves by the
        whole move, as in word2vec.c and gensim.
    tally : float64[3], added to
        Sum of the examples' losses (negative log-likelihood of positive and negatives), number of examples, number of
        kept tokens.

    rate_in : float32[n_vocab], optional
        Factor of the moves of each input row; 0 leaves the row as it is, to the byte. None: 1 for all. On the GPU a row
        moves on chip at the full rate while its word is in the window, and what is written back is scaled.

    centre_weight : float32[n_tokens], optional
        As in `skipgram_ns_reference`.

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
        share = w_in.dtype.type(1 / len(contexts))
        hidden = w_in[contexts].sum(axis=0, keepdims=True) * (share if mean_context else 1)
        targets = draw_targets(sampler, ids[token_pos], token_pos, ordinal=0)
        weight = weight_of(tokens, token_pos)
        d_hidden, d_out, loss = gradients(hidden, w_out, targets, lr=(lr_first + lr_step * token_pos) * weight)
        move_rows(w_in, contexts, d_hidden * (share if mean_gradient else 1), rate_in)
        np.add.at(w_out, targets, d_out)
        tally[:2] += loss * weight * with_loss, 1

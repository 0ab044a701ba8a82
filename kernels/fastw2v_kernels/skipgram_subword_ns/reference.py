"""Skip-gram with subwords and negative sampling, in NumPy."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Float64, Int32, Int64
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.reference import FloatMatrix, weight_of, windows
from fastw2v_kernels.shared.span.subword_reference import gradients, groups, negatives_of
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS, POSITIONS_PER_GROUP, is_one_step


def skipgram_subword_ns_reference(
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
    share_negatives: bool,
    in_groups: bool,
    with_loss: bool,
    tally: Float64,
    centre_weight: Float32 | None = None,
) -> None:
    """Train the centres at token positions begin to end by stochastic gradient descent.

    As in fastText (Bojanowski et al. 2017, "Enriching word vectors with subword information"), the hidden vector is
    the mean of the centre's rows of w_in, the output rows are those of the contexts and of the negatives, and each of
    the centre's rows moves by the whole move of the hidden vector. The hidden vector is made once for a centre.
    Centres whose positions have the same quotient by POSITIONS_PER_GROUP are a group. They make one gradient step, in
    which all scores are computed before a row moves, and share negatives: NEGATIVE_SETS times as many as a pair has,
    each of which counts as much less, since few negatives for many pairs cost quality. In wide windows (see
    `contexts_per_step`), and without `in_groups`, each centre is a group. It makes a step for every CONTEXTS_PER_STEP
    of its contexts, which share the negatives, and a step takes the hidden vector where the last one moved it. Without
    `share_negatives`, each context has its own, and its own step. A span should begin and end where blocks of
    TOKENS_PER_BLOCK do, lest groups be cut.

    Parameters
    ----------
    w_in : float32[n_rows, stride], changed in place
        A row for each word and, behind these, for n-grams; stride is a multiple of 16, columns past the model's
        dimension are 0 and stay so.
    w_out : float32[n_vocab, stride], changed in place
        Output rows of the words.
    row_ids, row_starts : int32[n_ids], int64[n_vocab + 1]
        The rows of w_in that word w is made of: row_ids[row_starts[w]:row_starts[w + 1]], at least one. Launchers do
        not check that they are rows.
    ids, starts, keep, alias_prob, alias_id, begin, end, lr_first, lr_step, seed, epoch, window, negative,
    shrink_windows, with_loss, tally, centre_weight
        As in `skipgram_ns_reference`.
    share_negatives : bool
        The same negatives for all contexts of a group, or others for each context.
    in_groups : bool
        False for a corpus in which so many tokens share a row that the moves of a group would push it too far.

    Raises
    ------
    TypeError, ValueError
        A dtype, shape or memory order that does not fit, or a span outside of the corpus. The reference checks nothing.
    """
    key = epoch_key(seed, epoch)
    tokens = TokenSource(ids=ids, starts=starts, keep=keep, key=key, window=window, shrink_windows=shrink_windows)
    tokens = tokens if centre_weight is None else tokens._replace(weight=centre_weight)
    sampler = Sampler(alias_prob=alias_prob, alias_id=alias_id, key=key, negative=negative)
    size, n_per_step, n_sets = 1, 1, 1
    if share_negatives:
        is_whole = is_one_step(window, in_groups)
        size, n_per_step = (POSITIONS_PER_GROUP, 2 * window) if is_whole else (1, CONTEXTS_PER_STEP)
        n_sets = NEGATIVE_SETS
    for first_pos, centres in groups(windows(tokens, begin, end), size):
        rows = [row_ids[row_starts[ids[pos]] : row_starts[ids[pos] + 1]] for pos, _ in centres]
        hidden = [w_in[of_centre].sum(axis=0) * w_in.dtype.type(1 / len(of_centre)) for of_centre in rows]
        moves = [np.zeros_like(vector) for vector in hidden]
        for first in range(0, max(len(contexts) for _, contexts in centres), n_per_step):
            ordinal = 0 if share_negatives else first
            negatives, found = negatives_of(sampler, first_pos, ordinal=ordinal, n_sets=n_sets), []
            for (token_pos, contexts), start, move in zip(centres, hidden, moves):
                targets, weight = (contexts[first : first + n_per_step], negatives), weight_of(tokens, token_pos)
                lr = (lr_first + lr_step * token_pos) * weight
                d_hidden, d_out, loss = gradients(start + move, w_out, targets, lr=lr, share=1 / n_sets)
                found.append(([*targets[0], *negatives], d_out))
                move += d_hidden
                tally[0] += loss * weight * with_loss
            for listed, d_out in found:
                np.add.at(w_out, listed, d_out)
        for (_, contexts), of_centre, move in zip(centres, rows, moves):
            np.add.at(w_in, of_centre if len(contexts) else of_centre[:0], move)
            tally[1:] += len(contexts), 1

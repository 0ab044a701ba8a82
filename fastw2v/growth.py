"""Growth of a model over a new corpus: known keys keep their rows and add up their counts, new keys get rows behind."""

from __future__ import annotations

import numpy as np

from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vectors.weights import Weights, padded_weights
from fastw2v.vocab import Vocab


def check_same_kind(vocab: Vocab, is_integer: bool) -> None:
    """Raise TypeError unless the new keys are of the kind that the vocabulary has: words, or integers."""
    if vocab.is_integer != is_integer:
        kinds = ("integers", "words") if vocab.is_integer else ("words", "integers")
        raise TypeError(f"the vocabulary holds {kinds[0]} and the new corpus {kinds[1]}; pass a corpus of {kinds[0]}")


def grown_vocab(vocab: Vocab, raw: Vocab, kept: Array) -> Vocab:
    """Add the counts of a new corpus to a vocabulary.

    Parameters
    ----------
    vocab : Vocab
        Its keys keep their rows.
    raw : Vocab
        All keys of the new corpus, by first occurrence. The counts of known keys add up, however rare they are here.
    kept : bool[len(raw)]
        Which of the keys get a row if they are new. New rows come behind the old ones, by first occurrence.

    Returns
    -------
    Vocab
        With the `n_raw_tokens` of the new corpus.

    Raises
    ------
    TypeError
        One holds words and the other integers.

    Examples
    --------
    >>> import numpy as np
    >>> old = Vocab.from_keys(["to", "be"], np.array([2, 1]))
    >>> new = Vocab.from_keys(["or", "be", "not"], np.array([5, 3, 1]))
    >>> grown = grown_vocab(old, new, np.array([True, True, False]))
    >>> dict(zip(grown.keys, grown.counts.tolist()))
    {'to': 2, 'be': 4, 'or': 5}
    """
    check_same_kind(vocab, raw.is_integer)
    row = known_rows(vocab, raw)
    is_known = row >= 0
    counts = vocab.counts.copy()
    counts[row[is_known]] += raw.counts[is_known]
    new = raw.take(np.flatnonzero(kept & ~is_known))
    return appended(vocab, new, np.concatenate([counts, new.counts]))


def known_rows(vocab: Vocab, other: Vocab) -> Array:
    """Return the row in `vocab` of each key of `other`, -1 for an unknown one: int64[len(other)]."""
    if vocab.ids is not None:
        ids, wanted = vocab.ids, np.asarray(other.ids)
        by_id = np.argsort(ids, kind="stable")
        at = by_id[np.minimum(np.searchsorted(ids, wanted, sorter=by_id), len(ids) - 1)]
        return np.where(ids[at] == wanted, at, -1)
    rows = {word: row for row, word in enumerate(vocab.words(slice(None)))}
    return np.fromiter((rows.get(word, -1) for word in other.words(slice(None))), np.int64, len(other))


def appended(vocab: Vocab, new: Vocab, counts: Array) -> Vocab:
    """Return a vocabulary with more keys behind, the given counts (int64), and the `n_raw_tokens` of `new`."""
    if vocab.ids is not None:
        ids = np.concatenate([vocab.ids, np.asarray(new.ids)])
        return Vocab.from_ids(ids, counts, n_raw_tokens=new.n_raw_tokens)
    letters = np.concatenate([vocab.letters[: vocab.word_starts[-1]], new.letters])
    starts = np.concatenate([vocab.word_starts, vocab.word_starts[-1] + new.word_starts[1:]])
    return Vocab(counts, letters, starts, n_raw_tokens=new.n_raw_tokens)


def grown_weights(weights: Weights, vocab: Vocab, seed: int) -> Weights:
    """Return a copy of the weights with a row for every key of a grown vocabulary.

    New input rows are those that `initial_weights` draws, new output rows are 0. A tree is built anew, as in gensim,
    while the rows of its inner nodes stay: each then belongs to another node than before.
    """
    grown, n_old = padded_weights(len(vocab), weights.dim, outputs=tuple(weights.outputs)), len(weights.w_in)
    for name, matrix in {"w_in": weights.w_in, **weights.outputs}.items():
        getattr(grown, name)[:n_old] = matrix
    draw_rows(grown.w_in[n_old:], weights.dim, vocab.key_hashes()[n_old:], seed=seed)
    if weights.tree is not None:
        grown.tree = HuffmanTree.of_counts(vocab.counts)
    return grown


def draw_rows(rows: FloatArray, dim: int, hashes: Array, *, seed: int) -> None:
    """Draw the first input rows, float32[n, stride], of keys with these hashes: uint64[n]."""
    from fastw2v_kernels.uniform_rows.cpu import uniform_rows_cpu

    if len(rows):
        uniform_rows_cpu(rows, dim, np.ascontiguousarray(hashes), seed=seed)


NULL_WORD = "\0"


def with_null_word(vocab: Vocab) -> Vocab:
    r"""Return the vocabulary with gensim's null word "\0" in the last row, with count 1; unchanged if it has the word.

    Raises
    ------
    ValueError
        The keys are integers.
    """
    if vocab.is_integer:
        raise ValueError("null_word=1 adds a word and the keys are integers; put an id of your own into the corpus")
    null_word = Vocab.from_keys([NULL_WORD], np.ones(1, np.int64), n_raw_tokens=vocab.n_raw_tokens)
    if known_rows(null_word, vocab).max(initial=-1) >= 0:
        return vocab
    return appended(vocab, null_word, np.append(vocab.counts, 1))

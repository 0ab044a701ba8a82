"""fastText's .bin files as models and vectors, and models as such files; under gensim's names."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike

import numpy as np

from fastw2v.config import TrainConfig, number
from fastw2v.fasttext_model import FastText
from fastw2v.formats import fasttext as file_format
from fastw2v.formats.streams import Source, name_of
from fastw2v.keyedvectors import FastTextKeyedVectors, KeyedVectors
from fastw2v.runtime.arrays import FloatArray, RowArray
from fastw2v.runtime.named_errors import errors_named
from fastw2v.state import ModelState
from fastw2v.subword_state import SubwordState
from fastw2v.vectors.subwords import MOST_NGRAMS, NgramRule, Subwords
from fastw2v.vectors.tree import HuffmanTree
from fastw2v.vectors.weights import Weights

_ROWS_AT_ONCE = 1 << 14


def load_facebook_model(path: Source, encoding: str = "utf-8") -> FastText:
    """Load a model from a .bin file of fastText, gensim or fastw2v; training can go on.

    All buckets of n-grams are loaded, as gensim does: 4 bytes x vector_size x (words + buckets), and as much again for
    the words' output rows.

    Parameters
    ----------
    path : path, or binary file object
        The .bin, packed or not. A .ftz, which is quantised, is refused.
    encoding : str
        Of the words in the file.

    Returns
    -------
    FastText
        With the options that the file holds; others, such as `alpha`, have their defaults.

    Raises
    ------
    FileNotFoundError, IsADirectoryError
        There is no such file.
    ValueError
        The file is quantised, a classifier, damaged, or no file of fastText; or the model was trained with another loss
        than negative sampling or hierarchical softmax.
    """
    found = file_format.read_fasttext(path, encoding=encoding)
    options, vocab = found.options, found.vocab
    hs = options.loss == file_format.HIERARCHICAL_SOFTMAX
    if found.w_out is None or not (hs or options.loss == file_format.NEGATIVE_SAMPLING):
        raise ValueError(
            f"{name_of(path)} was trained with another loss than negative sampling or hierarchical softmax (fastText's "
            f"number {options.loss}), with which FastText cannot go on; load_facebook_vectors loads its vectors"
        )
    with errors_named(name_of(path)):
        model = FastText(
            vector_size=options.dim,
            window=options.ws,
            epochs=options.epoch,
            hs=int(hs),
            negative=0 if hs else options.neg,
            sg=int(options.model == file_format.SKIPGRAM),
            bucket=options.bucket,
            min_count=max(options.minCount, 0),
            sample=options.t,
            min_n=options.minn,
            max_n=options.maxn,
        )
    subwords = _subwords_of(found, path)
    weights = Weights(found.w_in, found.w_out, options.dim, subwords=subwords)
    if hs:
        weights.w_node, weights.w_out = np.negative(found.w_out, out=found.w_out), found.w_out[:0]
        with errors_named(name_of(path)):
            weights.tree = HuffmanTree.of_counts(vocab.counts, as_fasttext=True)
    model._state = SubwordState.of_weights(vocab, weights, 0, seed=model.seed)
    model.add_lifecycle_event("load_fasttext_format", log_level=0, path=name_of(path))
    return model


def load_facebook_vectors(path: Source, encoding: str = "utf-8") -> FastTextKeyedVectors:
    """Load the vectors of a .bin file of fastText, gensim or fastw2v, without what training needs.

    Parameters
    ----------
    path, encoding
        As for `load_facebook_model`, with the same errors, except that the loss does not matter.

    Returns
    -------
    FastTextKeyedVectors
    """
    found = file_format.read_fasttext(path, encoding=encoding, with_output=False)
    return FastTextKeyedVectors(found.vocab, found.w_in, found.options.dim, _subwords_of(found, path), seed=1)


def load_any(path: str | PathLike[str]) -> KeyedVectors:
    """Load the vectors of any file that fastw2v or fastText writes, with its n-grams if it has them.

    Raises
    ------
    FileNotFoundError, ValueError, ImportError
        As `KeyedVectors.load` and `load_facebook_vectors`.
    """
    if file_format.is_fasttext(path):
        return load_facebook_vectors(path)
    if FastTextKeyedVectors.has_file_ngrams(path):
        return FastTextKeyedVectors.load(path)
    return KeyedVectors.load(path)


def save_facebook_model(
    model: FastText,
    path: str | PathLike[str],
    encoding: str = "utf-8",
    lr_update_rate: int = 100,
    word_ngrams: int = 1,
) -> None:
    """Write a model as a .bin file that fastText and gensim read.

    The file has a row for each bucket, 4 bytes x vector_size x bucket, also for those that no n-gram of the vocabulary
    has: these rows are as drawn from `seed`. With hierarchical softmax, the words are in the order of their counts.

    Parameters
    ----------
    model : FastText
    path : path
    encoding : "utf-8"
        Others raise ValueError: fastText hashes the bytes of UTF-8.
    lr_update_rate, word_ngrams : int
        Numbers to write into the header; fastText's program shows them.

    Raises
    ------
    RuntimeError
        The model has no vocabulary yet.
    TypeError
        The model is no FastText.
    ValueError
        An argument is wrong, a word holds a zero byte, the model has both losses, for which the file has no room, or
        its counts are others than those that its tree was built from.
    OSError
        The file cannot be written.
    """
    if not isinstance(model, FastText):
        raise TypeError(f"model is a {type(model).__name__}; expected a FastText, since others have no n-grams")
    if encoding.lower() not in ("utf-8", "utf8"):
        raise ValueError(f'encoding is {encoding!r}; expected "utf-8", whose bytes fastText hashes')
    state, config = model._state_to_grow(), model.config
    options = file_format.Options(
        dim=config.vector_size,
        ws=config.window,
        epoch=config.epochs,
        minCount=config.min_count,
        neg=config.negative,
        wordNgrams=number("word_ngrams", word_ngrams, int, least=0, most=2**31 - 1),
        loss=file_format.HIERARCHICAL_SOFTMAX if config.hs else file_format.NEGATIVE_SAMPLING,
        model=file_format.SKIPGRAM if config.sg else file_format.CBOW,
        bucket=model.bucket if model.wv.subwords.rule.has_ngrams else 0,
        minn=model.min_n,
        maxn=model.max_n if model.wv.subwords.rule.has_ngrams else 0,
        lrUpdateRate=number("lr_update_rate", lr_update_rate, int, least=0, most=2**31 - 1),
        t=config.sample,
    )
    vocab, order, output_rows = state.vocab, np.arange(len(state.vocab)), state.weights.w_out
    if config.hs:
        order, output_rows = _order_of_tree(state, config), -state.weights.outputs["w_node"]
        vocab = vocab.take(order)
    file_format.write_fasttext(
        path,
        options,
        vocab,
        counts=vocab.counts,
        input_rows=_all_rows(model.wv, order, options.bucket),
        output_rows=output_rows[:, : config.vector_size],
    )


def _subwords_of(found: file_format.FastTextFile, path: Source) -> Subwords:
    options = found.options
    rule = NgramRule(options.minn, options.maxn, options.bucket)
    with errors_named(name_of(path)):
        return Subwords.with_all_buckets(found.vocab, rule, most_ngrams=MOST_NGRAMS + found.w_in.size)


def _order_of_tree(state: ModelState, config: TrainConfig) -> RowArray:
    """Return the rows of the words in an order in which fastText, which reads no tree, builds that of the model."""
    weights = state.weights
    weights.check_outputs(hs=config.hs, negative=config.negative)
    if config.negative or weights.tree is None:
        cure = "set one of them to 0 to write its rows alone"
        raise ValueError(f"hs is {config.hs} and negative {config.negative}, and the file has rows of one loss; {cure}")
    order = weights.tree.fasttext_order()
    own = HuffmanTree.of_counts(state.vocab.counts[order], as_fasttext=True)
    if not np.array_equal(own.links, weights.tree.in_order(order).links):
        raise ValueError("the counts of the words are no longer those of the Huffman tree, which fastText builds anew")
    return order


def _all_rows(wv: FastTextKeyedVectors, order: RowArray, n_buckets: int) -> Iterator[FloatArray]:
    """Yield the rows of words, in an order, and of all buckets, some at a time."""
    for first in range(0, len(wv), _ROWS_AT_ONCE):
        yield wv.vectors_vocab[order[first : first + _ROWS_AT_ONCE]]
    for first in range(0, n_buckets, _ROWS_AT_ONCE):
        buckets = np.arange(first, min(first + _ROWS_AT_ONCE, n_buckets))
        yield wv.ngram_rows(buckets)[:, : wv.vector_size]

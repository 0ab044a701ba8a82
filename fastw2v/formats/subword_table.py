"""The rows of words and n-grams as arrays and strings of a safetensors file, and back with every check."""

from __future__ import annotations

import json
from collections.abc import Mapping
from os import PathLike
from typing import NamedTuple

import numpy as np

from fastw2v.formats.safetensors import Tensors
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.named_errors import errors_named
from fastw2v.vectors.subwords import MOST_NGRAMS, NgramRule, Subwords
from fastw2v.vocab import Vocab

SUBWORD_TENSORS = ("word_rows", "ngram_rows", "ngram_buckets")
NGRAMS = "ngrams"  # of the metadata
_COLUMNS = 16
_NUMBERS = {"min_n": 1 << 16, "max_n": 1 << 16, "bucket": 2**31 - 1, "seed": 2**64 - 1}  # and the greatest values


class SubwordRows(NamedTuple):
    """Rows of words and n-grams.

    rows : float32[n_rows, stride], as in `fastw2v.vectors.weights.Weights`
    subwords : Subwords
    seed : int, of the rows of n-grams that do not occur
    """

    rows: FloatArray
    subwords: Subwords
    seed: int


def subword_tensors(rows: FloatArray, subwords: Subwords) -> dict[str, Array]:
    """Return the tensors for rows float32[n_rows, dim]: those of words, those of n-grams, and the buckets of these."""
    n_vocab, buckets = subwords.n_vocab, subwords.bucket_of_row.astype(np.int64)
    return dict(zip(SUBWORD_TENSORS, (rows[:n_vocab], rows[n_vocab:], buckets)))


def subword_metadata(subwords: Subwords, seed: int) -> dict[str, str]:
    """Return the lengths of n-grams, the number of buckets and the seed as JSON in "ngrams"."""
    rule = subwords.rule
    numbers = {"min_n": rule.min_n, "max_n": rule.max_n, "bucket": rule.n_buckets, "seed": seed}
    return {NGRAMS: json.dumps(numbers)}


def subword_rows(
    tensors: Tensors, metadata: Mapping[str, str], vocab: Vocab, *, path: str | PathLike[str]
) -> SubwordRows:
    """Return the rows from what `subword_tensors` and `subword_metadata` made.

    Raises
    ------
    ValueError
        Names the file: an array is missing, or of another type or shape, or the n-grams are not those of the words.
    """
    numbers = _numbers(metadata, path)
    rule, seed = NgramRule(numbers["min_n"], numbers["max_n"], numbers["bucket"]), numbers["seed"]
    missing = [name for name in SUBWORD_TENSORS if name not in tensors]
    if missing:
        raise ValueError(f"{path} lacks {', '.join(missing)}; expected the arrays that FastText.save writes")
    words, ngrams, buckets = (tensors[name] for name in SUBWORD_TENSORS)
    shapes = f"{words.shape}, {ngrams.shape} and {buckets.shape}"
    if not (words.ndim == ngrams.ndim == 2 and buckets.ndim == 1):
        raise ValueError(f"{path} is damaged: the rows of words, of n-grams and buckets have {shapes}")
    dim = words.shape[1]
    if words.shape != (len(vocab), dim) or ngrams.shape != (len(buckets), dim) or dim == 0:
        raise ValueError(f"{path} is damaged: the rows of {len(vocab)} words, of n-grams and buckets have {shapes}")
    if buckets.dtype.kind not in "iu" or {words.dtype.kind, ngrams.dtype.kind} != {"f"}:
        raise ValueError(f"{path} is damaged: its rows are {words.dtype} and {ngrams.dtype}, buckets {buckets.dtype}")
    is_possible = len(buckets) == 0 or 0 <= buckets.min() <= buckets.max() < rule.n_buckets
    if not is_possible or len(np.unique(buckets)) < len(buckets):
        raise ValueError(f"{path} is damaged: its buckets are not different numbers from 0 to {rule.n_buckets - 1}")
    most_ngrams = MOST_NGRAMS + words.size + ngrams.size
    with errors_named(path):
        subwords = Subwords.of(vocab, rule, buckets.astype(np.int32), most_ngrams=most_ngrams)
    if len(subwords.bucket_of_row) > len(buckets):
        raise ValueError(f"{path} is damaged: it has no row for some n-grams of its words; save the model again")
    return SubwordRows(_joined(words, ngrams), subwords, seed)


def _joined(words: Array, ngrams: Array) -> FloatArray:
    from fastw2v_kernels.shared.memory import zeros_in_large_pages

    dim = words.shape[1]
    rows = zeros_in_large_pages((len(words) + len(ngrams), -(-dim // _COLUMNS) * _COLUMNS))
    with np.errstate(over="ignore"):  # of float64: as any vectors that are not finite
        rows[: len(words), :dim], rows[len(words) :, :dim] = words, ngrams
    return rows


def _numbers(metadata: Mapping[str, str], path: str | PathLike[str]) -> dict[str, int]:
    try:
        found = json.loads(metadata.get(NGRAMS, ""))
    except (ValueError, RecursionError):
        found = None
    is_right = isinstance(found, dict) and found.keys() == _NUMBERS.keys()
    if not is_right or not all(type(n) is int and 0 <= n <= _NUMBERS[name] for name, n in found.items()):
        raise ValueError(f"{path} is damaged, or no FastText: its n-grams are {metadata.get(NGRAMS)!r:.200}")
    return dict(found)

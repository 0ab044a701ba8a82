"""Vectors of whole texts: means of the vectors of their words, plain or weighted by how rare the words are (SIF)."""

from __future__ import annotations

import logging
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from fastw2v.config import number
from fastw2v.evaluation.sessions import SessionRows, checked_session, session_rows
from fastw2v.runtime.arrays import FloatArray
from fastw2v.vectors.bags import bag_sums
from fastw2v.vectors.key_table import KeyTable

logger = logging.getLogger("fastw2v")


def sentence_vectors(
    kv: KeyTable,
    texts: Any,  # noqa: ANN401 - texts, or whatever training takes
    weighting: str,
    *,
    a: float,
    component: npt.ArrayLike | None = None,
) -> FloatArray:
    """Do what `KeyedVectors.sentence_vectors` does."""
    if weighting not in ("mean", "sif"):
        raise ValueError(f"weighting is {weighting!r}; expected 'mean' or 'sif'")
    if weighting == "mean":
        if component is not None:
            raise ValueError("component is of weighting='sif'; leave it out")
        return _means(kv, texts, np.ones(len(kv), np.float32))
    vectors = _means(kv, texts, _sif_weights(kv, a))
    direction = _first_component(vectors) if component is None else np.asarray(component, np.float32)
    if direction.shape != (kv.vector_size,):
        raise ValueError(f"component has shape {direction.shape}, expected ({kv.vector_size},): from sif_component")
    vectors -= np.outer(vectors @ direction, direction)
    return vectors


def sif_component(kv: KeyTable, texts: Any, *, a: float) -> FloatArray:  # noqa: ANN401
    """Do what `KeyedVectors.sif_component` does."""
    return _first_component(_means(kv, texts, _sif_weights(kv, a)))


def _means(kv: KeyTable, texts: Any, weights: FloatArray) -> FloatArray:  # noqa: ANN401
    """Return the weighted sum of the known words of each text, divided by their number: float32[n_texts, dim]."""
    rows = _text_rows(kv, texts)
    known = rows.known()
    n_empty = int((known.lengths == 0).sum())
    logger.info("%d of %d words of %d texts have a vector", len(known.rows), len(rows.rows), len(rows.lengths))
    if n_empty:
        logger.warning(
            "%d of %d texts have no word with a vector; their rows are zeros (letter case as in training?)",
            n_empty,
            len(rows.lengths),
        )
    sums = bag_sums(kv.matrix, weights, known.rows, starts=known.starts)
    sums /= np.maximum(known.lengths, 1)[:, None]
    return sums


def _text_rows(kv: KeyTable, texts: Any) -> SessionRows:  # noqa: ANN401
    """Look up the words of texts, each a str or a list of words."""
    if isinstance(texts, str | bytes):
        raise TypeError(f"texts is one text, {texts[:40]!r}; expected a list of texts: [text]")
    return session_rows(kv, texts, lambda text: text.split() if isinstance(text, str) else checked_session(text))


def _sif_weights(kv: KeyTable, a: float) -> FloatArray:
    """Return a / (a + p) for each word of relative frequency p, float32[n_vocab]."""
    a = number("a", a, float, least=1e-12, most=math.inf)
    if kv.counts is None or not kv.counts.any():
        cure = "set wv.counts, load a file that has them (safetensors, Parquet), or pass weighting='mean'"
        raise ValueError(f"{kv} has no counts of its words, which SIF needs; {cure}")
    return np.asarray(a / (a + kv.counts / kv.counts.sum()), np.float32)


def _first_component(vectors: FloatArray) -> FloatArray:
    """Return the unit vector along which the squares of the rows are largest, float32[dim]; of either sign."""
    wide = vectors.astype(np.float64)
    return np.asarray(np.linalg.eigh(wide.T @ wide)[1][:, -1], np.float32)

"""Vectors with gensim's twin, for the tests of evaluation."""

import os
from pathlib import Path

import numpy as np
import pytest

from fastw2v.keyedvectors import KeyedVectors


def data_file(name):
    if "FASTW2V_DATA_DIR" in os.environ:
        return Path(os.environ["FASTW2V_DATA_DIR"]) / name
    datapath = pytest.importorskip("gensim.test.utils", reason=f"no {name}: set FASTW2V_DATA_DIR", exc_type=ImportError)
    return Path(datapath.datapath(name))


def words_of(*names, share=0.9):
    """Most words of the files, in several letter cases, in a random order: some are unknown, some come twice."""
    rng = np.random.default_rng(11)
    words = {word for name in names for word in data_file(name).read_text().split()}
    cased = sorted(words | {word.upper() for word in words} | {word.lower() for word in words})
    return rng.permutation(cased)[: int(share * len(cased))].tolist()


def vectors_with_structure(n_words, dim=12):
    """Few directions and some noise, so that some of the analogies are solved."""
    rng = np.random.default_rng(12)
    return (rng.integers(-1, 2, size=(n_words, dim)) + 0.1 * rng.normal(size=(n_words, dim))).astype(np.float32)


def twins(words):
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    vectors = vectors_with_structure(len(words))
    peer = models.KeyedVectors(vectors.shape[1])
    peer.add_vectors(words, vectors)
    return KeyedVectors(words, vectors), peer


OPTIONS = [{}, {"case_insensitive": False}, {"dummy4unknown": True}, {"restrict_vocab": 1500}]

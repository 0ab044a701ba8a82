"""More of what `fuzz.py` damages: models with trees or subwords, checkpoints, fastText's files."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.fuzz_formats import SENTENCES, Input, written
from fastw2v import FastText, KeyedVectors, Word2Vec
from fastw2v.facebook import load_any, load_facebook_model, load_facebook_vectors, save_facebook_model
from fastw2v.resuming import read_checkpoint


def model_inputs() -> dict[str, Input]:
    """Return the formats of models other than that of plain `Word2Vec.save`."""
    options: dict[str, Any] = {"vector_size": 4, "min_count": 1, "workers": 1, "epochs": 1, "sample": 0}
    tree = Word2Vec(SENTENCES, hs=1, **options)
    subwords = FastText(SENTENCES, min_n=2, max_n=3, bucket=30, **options)
    both = FastText(SENTENCES, min_n=2, max_n=3, bucket=30, hs=1, negative=0, **options)
    checkpoint = written(lambda path: Word2Vec(SENTENCES, checkpoint=path, checkpoint_every="epoch", **options))
    return {
        "model, hierarchical softmax": Input(written(tree.save), read_tree),
        "model, subwords": Input(written(subwords.save), read_subwords),
        "model, subwords and hierarchical softmax": Input(written(both.save), read_subwords),
        "checkpoint": Input(checkpoint, read_training),
        "fastText": Input(written(lambda path: save_facebook_model(subwords, path)), read_facebook),
        "fastText, hierarchical softmax": Input(written(lambda path: save_facebook_model(both, path)), read_facebook),
    }


def read_tree(path: Path, _: random.Random) -> None:
    """A model with a Huffman tree, which scores sentences."""
    model = Word2Vec.load(path, device="cpu")  # whether there is the one of the file is asked by the first use
    assert len(model.score(SENTENCES)) == len(SENTENCES)


def read_subwords(path: Path, _: random.Random) -> None:
    """A model of subwords, which has vectors of unseen words."""
    model = FastText.load(path)
    assert "unseen" not in model.wv or np.asarray(model.wv["unseen"]).shape == (model.vector_size,)


def read_training(path: Path, _: random.Random) -> None:
    """A checkpoint."""
    assert read_checkpoint(path).report.raw_words >= 0


def read_facebook(path: Path, rng: random.Random) -> None:
    """A file of fastText as a model, as vectors, or by its content."""
    kv: KeyedVectors = rng.choice([load_facebook_vectors, _vectors_of_model, load_any])(path)
    assert len(kv) == len(set(kv.index_to_key))
    if "unseen" in kv:  # the file may say that there are no n-grams
        assert kv["unseen"].shape == (kv.vector_size,)


def _vectors_of_model(path: Path) -> KeyedVectors:
    return load_facebook_model(path).wv

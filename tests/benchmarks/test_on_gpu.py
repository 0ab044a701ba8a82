"""The benchmarks of layers and models on a GPU give them arrays in its memory, so that no copy is timed."""

import numpy as np
import pytest

from benchmarks import layers
from fastw2v import nn

pytestmark = pytest.mark.cuda


@pytest.fixture
def moved(monkeypatch):
    """Shapes of what is brought to the GPU, with small sizes."""
    shapes, to_gpu = [], nn.to_gpu
    monkeypatch.setattr(nn, "to_gpu", lambda array: shapes.append(array.shape) or to_gpu(array))
    for name, size in {"N_BATCHES": 2, "BATCH": 3, "DIM": 5}.items():
        monkeypatch.setattr(layers, name, size)
    monkeypatch.setattr(layers, "corpus", lambda n_words: ("made up", np.tile(np.arange(n_words), 2)))
    return shapes


@pytest.mark.parametrize("layer", layers.LAYER_OPS)
def test_a_call_of_a_layer_moves_nothing(moved, layer):
    call = layers.layer_call(layer, 20, "cuda")
    assert (2, 3) in moved  # the batches
    moved.clear()
    call()
    assert moved == []


@pytest.mark.parametrize("model", ["CBOW", "SkipGram"])
def test_a_batch_is_there_before_an_iteration(moved, model):
    iteration = layers.Iteration(model, "cuda", "SparseAdam", 20, 1)
    moved.clear()
    iteration.next_batch()
    assert moved == [(3, 2), (3,)]
    iteration()
    assert len(moved) == 2
    assert iteration.loss > 0

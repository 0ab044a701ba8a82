"""The book's layers on arrays that never become NumPy's by themselves, as CuPy's do not: by a stand-in for CuPy."""

import numpy as np
import pytest

from fastw2v import nn
from tests import fake_cupy
from tests.nn.cases import zipf_corpus

N_WORDS, DIM, WINDOW = 12, 6, 2
CORPUS = zipf_corpus(60, N_WORDS)


@pytest.fixture(autouse=True)
def gpu(monkeypatch):
    fake_cupy.install_layers(monkeypatch)
    yield
    monkeypatch.undo()
    fake_cupy.forget_layers()


@pytest.mark.parametrize("move", [np.asarray, nn.to_gpu, fake_cupy.ByDlpack, fake_cupy.ByInterface])
@pytest.mark.parametrize("model_class", [nn.CBOW, nn.SkipGram])
def test_a_batch_of_any_library(model_class, move):
    rng, losses = np.random.default_rng(0), {}
    contexts, target = rng.integers(0, N_WORDS, (5, 2 * WINDOW)), rng.integers(0, N_WORDS, 5)
    for device in ("cuda", "cpu"):
        model = model_class(N_WORDS, DIM, WINDOW, CORPUS, device=device, seed=3)
        batch = (move(contexts), move(target)) if device == "cuda" else (contexts, target)
        losses[device] = model.forward(*batch)
        model.backward()
    assert losses["cuda"] == pytest.approx(losses["cpu"])


@pytest.mark.parametrize("optimizer", [nn.Adam, nn.SparseAdam, nn.SGD])
@pytest.mark.parametrize("model_class", [nn.CBOW, nn.SkipGram])
def test_training(model_class, optimizer, capsys):
    data = nn.create_contexts_target(CORPUS[:20], WINDOW)
    vectors = []
    for device in ("cuda", "cpu"):
        model = model_class(N_WORDS, DIM, WINDOW, CORPUS, device=device, seed=3)
        there = tuple(map(nn.to_gpu, data)) if device == "cuda" else data
        nn.Trainer(model, optimizer(), seed=1).fit(*there, max_epoch=1, batch_size=5, max_grad=0.01)
        assert isinstance(model.word_vecs, fake_cupy.ndarray) == (device == "cuda")
        vectors.append(nn.to_cpu(model.word_vecs))
    np.testing.assert_allclose(*vectors, rtol=0, atol=1e-6)


def test_weights_of_another_library_are_trained_where_they_lie():
    weights = np.ones((7, DIM), np.float32)
    for foreign in (fake_cupy.ByInterface(weights), fake_cupy.ByDlpack(weights)):
        layer = nn.EmbeddingDot(foreign)
        layer.forward(nn.to_gpu(np.ones((3, DIM), np.float32)), np.array([1, 2, 1]))
        layer.backward(nn.to_gpu(np.ones(3, np.float32)))
        assert layer.params[0].data.ptr == weights.ctypes.data
        assert layer.grads[0].get()[:3].sum(axis=1).tolist() == [0, 2 * DIM, DIM]


def test_questions(capsys):
    matrix = np.random.default_rng(0).normal(size=(N_WORDS, DIM)).astype(np.float32)
    ids = {str(row): row for row in range(N_WORDS)}
    words = {row: word for word, row in ids.items()}
    there = nn.to_gpu(matrix)
    for found, expected in zip(
        nn.most_similar("3", ids, words, there, top=3), nn.most_similar("3", ids, words, matrix, top=3)
    ):
        assert found == (expected[0], pytest.approx(expected[1]))
    best = [word for word, _ in nn.analogy("1", "2", "3", ids, words, there, top=3)]
    assert best == [word for word, _ in nn.analogy("1", "2", "3", ids, words, matrix, top=3)]
    assert float(nn.cos_similarity(there[0], there[1])) == pytest.approx(nn.cos_similarity(matrix[0], matrix[1]))


@pytest.mark.parametrize("mode", ["distinct", "iid"])
def test_a_sampler(mode):
    drawn = {}
    for device, move in (("cuda", nn.to_gpu), ("cpu", np.asarray)):
        sampler = nn.UnigramSampler(CORPUS, 0.75, 5, mode=mode, device=device, seed=9)
        drawn[device] = nn.to_cpu(sampler.get_negative_sample(move(np.arange(7))))
    np.testing.assert_array_equal(drawn["cuda"], drawn["cpu"])

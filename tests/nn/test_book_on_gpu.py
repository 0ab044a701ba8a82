"""The book's layers with device="cuda" compute what they compute on the CPU, and on the GPU alone."""

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.nn import arrays, checks, topk
from fastw2v_kernels._jit import cuda as cuda_jit
from tests.kernels.harness import to_host
from tests.nn.cases import zipf_corpus

pytestmark = pytest.mark.cuda
N_WORDS, DIM, WINDOW, BATCH = 12, 6, 2, 5
CORPUS = zipf_corpus(60, N_WORDS)
MODELS = [nn.CBOW, nn.SkipGram]
OPTIMIZERS = [nn.Adam, nn.SparseAdam]

each_model = pytest.mark.parametrize("model_class", MODELS, ids=lambda c: c.__name__)


def make(model_class, device, **options):
    return model_class(N_WORDS, DIM, WINDOW, CORPUS, device=device, seed=3, **options)


def batch(seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, N_WORDS, (BATCH, 2 * WINDOW)), rng.integers(0, N_WORDS, BATCH)


@each_model
@pytest.mark.parametrize("ids_on_gpu", [False, True])
def test_losses_and_gradients_are_those_of_the_cpu(model_class, ids_on_gpu):
    there, here = make(model_class, "cuda"), make(model_class, "cpu")
    for step in range(2):  # the second clears what the first has touched
        contexts, target = batch(step)
        given = (nn.to_gpu(contexts), nn.to_gpu(target)) if ids_on_gpu else (contexts, target)
        assert there.forward(*given) == pytest.approx(here.forward(contexts, target), rel=1e-6)
        there.backward()
        here.backward()
        for on_gpu, on_cpu in zip(there.grads, here.grads):
            np.testing.assert_allclose(to_host(arrays.plain(on_gpu)), on_cpu, rtol=1e-4, atol=1e-9)


@each_model
@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda c: c.__name__)
def test_training_goes_as_on_the_cpu(model_class, optimizer, capsys):
    contexts, target = nn.create_contexts_target(CORPUS[:20], WINDOW)
    vectors = []
    for device in ("cuda", "cpu"):
        model = make(model_class, device)
        trainer = nn.Trainer(model, optimizer(device=device), seed=1)
        on_gpu = device == "cuda"
        data = (nn.to_gpu(contexts), nn.to_gpu(target)) if on_gpu else (contexts, target)
        trainer.fit(*data, max_epoch=1, batch_size=BATCH, max_grad=0.01)
        vectors.append(to_host(model.word_vecs))
    np.testing.assert_allclose(*vectors, rtol=0, atol=2e-5)


def test_parameters_and_gradients_live_on_the_gpu():
    model = make(nn.CBOW, "cuda")
    model.forward(*batch())
    model.backward()
    ndarray = cuda_jit.array_module().ndarray
    assert all(isinstance(array, ndarray) for array in [*model.params, *model.grads])
    assert model.word_vecs is model.params[0]
    assert isinstance(nn.to_cpu(model.word_vecs), np.ndarray)


def test_the_switch_of_the_book(monkeypatch):
    monkeypatch.setattr(nn.config, "GPU", True)
    assert nn.CBOW(N_WORDS, DIM, WINDOW, CORPUS).device == "cuda"
    assert nn.UnigramSampler(CORPUS, 0.75, 5).device == "cuda"
    assert nn.CBOW(N_WORDS, DIM, WINDOW, CORPUS, device="cpu").device == "cpu"


@pytest.mark.parametrize("mode", ["distinct", "iid"])
def test_one_seed_draws_the_same_words_on_both(mode):
    draws = []
    for device in ("cuda", "cpu"):
        sampler = nn.UnigramSampler(CORPUS, 0.75, 5, mode=mode, device=device, seed=9)
        draws.append([to_host(sampler.get_negative_sample(np.arange(7))) for _ in range(2)])
    np.testing.assert_array_equal(*draws)


def test_layers_by_hand():
    weights = np.random.default_rng(0).normal(size=(7, DIM)).astype(np.float32)
    h, idx = np.ones((4, DIM), np.float32), np.array([1, 2, 1, 6])
    layer = nn.EmbeddingDot(nn.to_gpu(weights), device="cuda")
    out = layer.forward(nn.to_gpu(h), idx)
    np.testing.assert_allclose(to_host(out), weights[idx].sum(axis=1), rtol=1e-5)
    layer.backward(nn.to_gpu(np.ones(4, np.float32)))
    np.testing.assert_array_equal(to_host(arrays.plain(layer.grads[0])), np.bincount(idx, minlength=7)[:, None] * h[:1])


@pytest.fixture
def topk_calls(monkeypatch):
    """What `topk` is called with; in the simulator, whose arrays are NumPy's, all scores count as the GPU's."""
    calls, real = [], topk.operation

    def counted(*names):
        def call(*args, **kwargs):
            calls.append(kwargs)
            return real(*names)(*args, **kwargs)

        return call

    monkeypatch.setattr(topk, "operation", counted)
    monkeypatch.setattr(topk, "_LINE", 16)
    if cuda_jit.IS_SIMULATED:
        monkeypatch.setattr(topk, "is_on_gpu", lambda array: True)
    return calls


@pytest.mark.parametrize("n_wanted", [1, 3, 16, 40, 300])
def test_the_best_of_a_gpu_are_the_best_of_the_host(topk_calls, n_wanted):
    scores = np.random.default_rng(0).integers(0, 9, 50).astype(np.float32)  # many are equal
    scores[[3, 40, 41]] = np.nan
    best, rows = topk.topk(nn.to_gpu(scores), n_wanted)
    expected = [row for row in np.argsort(-scores, kind="stable") if not np.isnan(scores[row])][:n_wanted]
    assert rows.tolist() == expected
    np.testing.assert_array_equal(best, scores[expected])
    assert len(topk_calls) == (n_wanted <= topk._MAX_K_ON_GPU)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_neighbours_are_found_where_the_matrix_lies(topk_calls, dtype, capsys):
    matrix = np.random.default_rng(1).normal(size=(50, DIM)).astype(dtype)
    words = {i: f"w{i}" for i in range(50)}
    ids = {word: i for i, word in words.items()}
    there, here = nn.to_gpu(matrix), matrix.astype(np.float64)
    found = (
        nn.most_similar("w7", ids, words, there, top=6),
        nn.analogy("w1", "w2", "w3", ids, words, there, answer="w9"),
    )
    assert len(topk_calls) == (0 if dtype == np.float64 else 2)
    expected = nn.most_similar("w7", ids, words, here, top=6), nn.analogy("w1", "w2", "w3", ids, words, here)
    for ours, right in zip(found, expected):
        assert [word for word, _ in ours] == [word for word, _ in right]
        np.testing.assert_allclose([score for _, score in ours], [score for _, score in right], rtol=1e-4)
    assert "==>w9:" in capsys.readouterr().out


def test_ids_that_are_no_rows_are_named():
    model = make(nn.CBOW, "cuda")
    contexts, target = batch()
    for wrong in (-1, N_WORDS):
        contexts[1, 1] = wrong
        for given in (contexts, nn.to_gpu(contexts)):
            with pytest.raises(IndexError, match=f"contexts has the id {wrong}; expected ids from 0 to {N_WORDS - 1}"):
                model.forward(given, target)


@each_model
def test_a_batch_with_such_an_id_changes_nothing(model_class):
    model = make(model_class, "cuda")
    model.forward(*batch())
    model.backward()
    before = [to_host(arrays.plain(array)).copy() for array in [*model.params, *model.grads]]
    contexts, target = batch(1)
    for good, bad in ((contexts, target + N_WORDS), (contexts - N_WORDS, target)):
        with pytest.raises(IndexError, match="expected ids from 0"):
            model.forward(nn.to_gpu(good), nn.to_gpu(bad))
    for array, old in zip([*model.params, *model.grads], before):
        np.testing.assert_array_equal(to_host(arrays.plain(array)), old)
    twin = make(model_class, "cuda")
    twin.forward(*batch())
    assert model.forward(contexts, target) == pytest.approx(twin.forward(contexts, target), rel=1e-9)  # draws too


@each_model
def test_each_array_of_ids_is_looked_at_once(model_class, monkeypatch):
    """Every look at ids that lie on the GPU waits for it."""
    model, looked_at, real = make(model_class, "cuda"), [], checks._below

    def below(ids, n, what, **noun):
        looked_at.append(what)
        return real(ids, n, what, **noun)

    monkeypatch.setattr(checks, "_below", below)
    model.forward(*map(nn.to_gpu, batch()))
    assert looked_at == ["contexts", "target"]


def test_too_little_memory_is_said_before_any_is_taken(monkeypatch):
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1000)
    with pytest.raises(MemoryError, match="a model of two matrices and their gradients needs"):
        make(nn.CBOW, "cuda")
    if not cuda_jit.IS_SIMULATED:
        with pytest.raises(MemoryError, match="an array of shape"):
            nn.to_gpu(np.zeros(1000))


def test_a_gpu_that_does_not_exist_is_refused():
    with pytest.raises(cuda_jit.CudaUnavailableError, match="there is no device cuda:99"):
        make(nn.CBOW, "cuda:99")


def test_arrays_that_the_kernels_cannot_take_are_refused():
    weights = nn.to_gpu(np.ones((4, 4)))
    with pytest.raises(ValueError, match='device is "cuda" and an array is float64'):
        nn.Embedding(weights, device="cuda")


@pytest.mark.skipif(cuda_jit.IS_SIMULATED, reason="the simulator has one memory")
def test_an_array_of_the_host_is_not_copied_behind_the_caller():
    weights = np.ones((4, 4), np.float32)
    with pytest.raises(TypeError, match="pass to_gpu"):
        nn.Embedding(weights, device="cuda")
    on_gpu = nn.to_gpu(weights)
    assert nn.Embedding(on_gpu).device == "cuda"
    with pytest.raises(TypeError, match="pass to_cpu"):
        nn.Embedding(on_gpu, device="cpu")


@pytest.mark.skipif(cuda_jit.IS_SIMULATED, reason="NumPy's arrays have no such interface")
def test_other_libraries_share_memory_both_ways():
    cupy = cuda_jit.array_module()
    weights = cupy.ones((4, 4), np.float32)

    class Foreign:
        __cuda_array_interface__ = weights.__cuda_array_interface__

    layer = nn.Embedding(Foreign())
    assert layer.params[0].data.ptr == weights.data.ptr
    model = make(nn.CBOW, "cuda")
    assert cupy.from_dlpack(model.word_vecs).data.ptr == model.word_vecs.data.ptr

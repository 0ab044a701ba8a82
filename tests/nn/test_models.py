import os

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.datasets import load_ptb
from fastw2v.nn import checks
from tests.kernels.harness import assert_parity
from tests.nn.cases import Replay, case, central_differences, gradients, parameters, widen, zipf_corpus

MODELS = [nn.CBOW, nn.SkipGram]
SIMPLE_MODELS = [nn.SimpleCBOW, nn.SimpleSkipGram]
DEVICES = ["reference", "cpu"]
GRADIENT_TOLERANCE = {"rtol": 1e-5, "atol": 1e-6}  # the book's gradient leaves out the 1e-7 in log(p + 1e-7)
N_TERMS = {nn.CBOW: 1, nn.SkipGram: 4}  # losses of K + 1 terms each, at window 2


def run(model, contexts, target, *, dout=1):
    """Loss and merged gradients of one batch, by name."""
    loss = model.forward(contexts, target)
    model.backward(dout)
    dW_in, dW_out = gradients(model)
    return {"loss": np.array([loss]), "dW_in": dW_in, "dW_out": dW_out}


@pytest.fixture(params=MODELS, ids=lambda model: model.__name__)
def model_class(request):
    return request.param


@pytest.mark.parametrize("dim", [1, 7, 63, 100, 129])
@pytest.mark.parametrize("dout", [1, -2.5])
def test_whole_model_parity(model_class, dim, dout):
    make, contexts, target = case(model_class, n_words=300, dim=dim, batch=40)
    models = make("cpu"), make("reference"), widen(make("reference"))
    assert_parity(*(run(model, contexts, target, dout=dout) for model in models))


def test_whole_model_parity_of_trained_weights_where_rows_repeat(model_class):
    make, contexts, target = case(model_class, n_words=6, dim=20, batch=50)
    cpu, reference = make("cpu"), make("reference")
    for model in (cpu, reference):
        for W in parameters(model):
            W *= 100
    assert_parity(*(run(m, contexts, target) for m in (cpu, reference, widen(make("reference"), 100))))


def test_gradient_by_central_differences(model_class):
    make, contexts, target = case(model_class)
    model = widen(make("reference"), 50)
    found = run(model, contexts, target)
    for name, W in zip(("dW_in", "dW_out"), parameters(model)):
        numeric = central_differences(lambda: model.forward(contexts, target), W)
        np.testing.assert_allclose(found[name], numeric, **GRADIENT_TOLERANCE)


@pytest.mark.parametrize("simple", SIMPLE_MODELS, ids=lambda model: model.__name__)
def test_gradient_of_the_simple_models_by_central_differences(simple):
    rng = np.random.default_rng(1)
    model = simple(7, 5, seed=1)
    for layer in vars(model).values():
        if isinstance(layer, nn.MatMul):
            layer.params[0] = 50 * layer.params[0].astype(np.float64)
            layer.grads[0] = np.zeros_like(layer.params[0])
    if simple is nn.SimpleCBOW:
        model.in_layer1.params[0] = model.in_layer0.params[0]
    layers = [model.in_layer0, model.in_layer1] if simple is nn.SimpleCBOW else [model.in_layer]
    contexts, target = (nn.convert_one_hot(rng.integers(0, 7, shape), 7) for shape in ((6, 2), 6))
    model.forward(contexts, target)
    model.backward()
    analytic = [sum(layer.grads[0] for layer in layers), model.out_layer.grads[0]]
    for found, W in zip(analytic, (layers[0].params[0], model.out_layer.params[0])):
        numeric = central_differences(lambda: model.forward(contexts, target), W)
        np.testing.assert_allclose(found, numeric, **GRADIENT_TOLERANCE)


@pytest.mark.parametrize("device", DEVICES)
def test_loss_at_zero_weights(model_class, device):
    make, contexts, target = case(model_class)
    model = make(device)
    for W in model.params:
        W[...] = 0
    assert model.forward(contexts, target) == pytest.approx(N_TERMS[model_class] * 6 * np.log(2), rel=1e-6)


@pytest.mark.parametrize("simple", SIMPLE_MODELS, ids=lambda model: model.__name__)
def test_loss_of_the_simple_models_at_zero_weights(simple):
    model, rng = simple(7, 5), np.random.default_rng(0)
    for W in model.params:
        W[...] = 0
    contexts, target = (nn.convert_one_hot(rng.integers(0, 7, shape), 7) for shape in ((6, 2), 6))
    n_losses = 1 if simple is nn.SimpleCBOW else 2
    assert model.forward(contexts, target) == pytest.approx(n_losses * np.log(7), rel=1e-5)


def test_gradients_do_not_remember_earlier_batches(model_class):
    make, contexts, target = case(model_class, n_words=50, batch=9)
    model, fresh = make("cpu"), make("cpu")
    run(model, (contexts + 11) % 50, (target + 5) % 50)
    assert_parity(*[run(m, contexts, target) for m in (model, fresh, fresh)])


def test_devices_start_equal_with_one_seed_and_as_the_book_with_its_own(model_class):
    corpus = zipf_corpus(100, 10)
    np.random.seed(3)  # noqa: NPY002 - as scripts of the book do
    W_in, W_out = (0.01 * np.random.randn(10, 4).astype("f") for _ in range(2))  # noqa: NPY002
    for device in DEVICES:
        model = model_class(10, 4, 2, corpus, device=device, seed=3)
        params = parameters(model)
        np.testing.assert_array_equal(params, [W_in, W_out])
        assert model.word_vecs is params[0]
        assert model.word_vecs.dtype == np.float32
    np.random.seed(3)  # noqa: NPY002
    np.testing.assert_array_equal(model_class(10, 4, 2, corpus).word_vecs, W_in)


def test_lists_of_parameters(model_class):
    corpus = zipf_corpus(100, 10)
    cpu = model_class(10, 4, 2, corpus)
    assert [p.shape for p in cpu.params] == [g.shape for g in cpu.grads] == [(10, 4), (10, 4)]
    reference = model_class(10, 4, 2, corpus, device="reference")
    assert len(reference.params) == len(reference.grads) == (4 + 6 if model_class is nn.CBOW else 1 + 4 * 6)


def test_int32_ids_do_as_well(model_class):
    make, contexts, target = case(model_class)
    small = run(make("cpu"), contexts.astype(np.int32), target.astype(np.int32))
    wide = run(make("cpu"), contexts, target)
    assert_parity(small, wide, wide)


@pytest.mark.parametrize("device", DEVICES)
def test_negative_sampling_loss_alone(device):
    corpus, rng = zipf_corpus(100, 10), np.random.default_rng(0)
    W, h = (rng.normal(size=(n, 4)).astype(np.float32) for n in (10, 3))
    negatives = rng.integers(0, 10, (3, 1, 2))
    layer = nn.NegativeSamplingLoss(W, corpus, 0.75, 2, device=device, sampler=Replay(negatives, 10))
    target = np.array([1, 1, 9])
    rows = np.concatenate([target[:, None], negatives[:, 0]], axis=1)
    p = 1 / (1 + np.exp(-np.einsum("bd,btd->bt", h, W[rows])))
    right = np.where([True, False, False], p, 1 - p)
    assert layer.forward(h, target) == pytest.approx(-np.log(right + 1e-7).sum() / 3, rel=1e-5)
    d = (p - [1, 0, 0]) / 3
    np.testing.assert_allclose(layer.backward(), np.einsum("bt,btd->bd", d, W[rows]), rtol=1e-4, atol=1e-6)
    expected = np.zeros(W.shape)
    np.add.at(expected, rows, d[:, :, None] * h[:, None])
    np.testing.assert_allclose(sum(map(np.asarray, layer.grads)), expected, rtol=1e-4, atol=1e-6)


# Two devices, one training run


@pytest.mark.slow
@pytest.mark.skipif("FASTW2V_DATA_DIR" not in os.environ, reason="FASTW2V_DATA_DIR is not set: no PTB")
def test_200_iterations_on_ptb_end_within_rounding():
    """By the parity rule, at the book's sizes.

    Adam divides by the root of tiny second moments, which magnifies rounding: how far depends on the order of sums. So
    what the book's arithmetic may be off by is the worse of two orders of the context words.
    """
    corpus, window, n_batch = load_ptb()[0], 5, 100
    n_words = int(corpus.max()) + 1
    contexts, target = nn.create_contexts_target(corpus, window)
    contexts, target = contexts[:20_000], target[:20_000]

    def trained(device, contexts=contexts, wide=False):
        sampler = nn.UnigramSampler(corpus, 0.75, 5, device="cpu", seed=1)
        model = nn.CBOW(n_words, 100, window, corpus, device=device, seed=0, sampler=sampler)
        if wide:
            widen(model)
        trainer = nn.Trainer(model, nn.Adam(device=device), seed=0)
        trainer.fit(contexts, target, 1, n_batch, eval_interval=1)
        W_in, W_out = parameters(model)
        return {"losses": np.array(trainer.loss_list), "W_in": W_in, "W_out": W_out}

    cpu, truth = trained("cpu"), trained("reference", wide=True)
    orders = [trained("reference"), trained("reference", contexts[:, ::-1])]
    reference = {
        name: max((run[name] for run in orders), key=lambda x: np.abs(x - exact).max()) for name, exact in truth.items()
    }
    assert len(cpu["losses"]) == 200
    assert cpu["losses"][-1] < 0.9 * cpu["losses"][0]
    assert_parity(cpu, reference, truth)


# Bad input


@pytest.fixture(params=DEVICES)
def model(request, model_class):
    return model_class(10, 4, 2, zipf_corpus(100, 10), device=request.param, seed=0)


def test_batches_that_are_refused(model):
    contexts, target = np.zeros((3, 4), np.int64), np.zeros(3, np.int64)
    with pytest.raises(ValueError, match="contexts is an empty batch"):
        model.forward(contexts[:0], target[:0])
    with pytest.raises(ValueError, match=r"contexts has shape \(3, 3\); expected \(3, 4\)"):
        model.forward(contexts[:, :3], target)
    with pytest.raises(ValueError, match=r"target has shape \(2,\); expected \(3,\)"):
        model.forward(contexts, target[:2])
    for bad in (10, -1):
        with pytest.raises(IndexError, match=rf"has the id {bad}; expected ids from 0 to 9"):
            model.forward(contexts + bad, target)
        with pytest.raises(IndexError, match=rf"has the id {bad}; expected ids from 0 to 9"):
            model.forward(contexts, target + bad)
    with pytest.raises(TypeError, match="expected integer ids"):
        model.forward(contexts.astype(float), target)


def test_a_refused_batch_spoils_nothing(model):
    contexts, target = np.zeros((3, 4), np.int64), np.ones(3, np.int64)
    model.forward(contexts, target)
    model.backward()
    with pytest.raises(IndexError):
        model.forward(contexts + 10, target)
    model.forward(contexts + 3, target)
    model.backward()
    dW_in = gradients(model)[0]
    assert set(np.flatnonzero(dW_in.any(axis=1))) <= {1, 3}


def test_nan_in_the_weights(model):
    model.word_vecs[0] = np.nan
    with pytest.raises(ValueError, match=r"the loss is nan: a weight or an input is NaN"):
        model.forward(np.zeros((3, 4), np.int64), np.zeros(3, np.int64))


@pytest.mark.parametrize("device", DEVICES)
def test_models_that_cannot_be_made(model_class, device):
    corpus = zipf_corpus(100, 10)
    with pytest.raises(IndexError, match="the corpus has the id 9 and W 9 rows"):
        model_class(9, 4, 2, corpus, device=device)
    with pytest.raises(ValueError, match=r"sample_size is 5 and the corpus has 5 different words"):
        model_class(10, 4, 2, np.arange(5), device=device)
    with pytest.raises(ValueError, match="window_size is 0"):
        model_class(10, 4, 0, corpus, device=device)
    with pytest.raises(ValueError, match="hidden_size is 0; expected a whole number of at least 1"):
        model_class(10, 0, 2, corpus, device=device)
    with pytest.raises(ValueError, match="device is 'tpu'"):
        model_class(10, 4, 2, corpus, device="tpu")


@pytest.mark.parametrize("device", DEVICES)
def test_samplers_that_do_not_fit(device):
    corpus, W = zipf_corpus(100, 10), np.ones((10, 4), np.float32)
    with pytest.raises(ValueError, match="sample_size is 5 and the sampler's 2"):
        nn.NegativeSamplingLoss(W, corpus, device=device, sampler=Replay(np.zeros((3, 1, 2), np.int64), 10))
    beyond = nn.NegativeSamplingLoss(W, corpus, 0.75, 2, device=device, sampler=Replay(np.full((3, 1, 2), 10), 10))
    with pytest.raises(IndexError, match="has the id 10; expected ids from 0 to 9"):
        beyond.forward(np.ones((3, 4), np.float32), np.zeros(3, np.int64))
    layer = nn.NegativeSamplingLoss(W, corpus, device=device)
    with pytest.raises(ValueError, match=r"h has shape \(3, 5\); expected \(3, 4\)"):
        layer.forward(np.ones((3, 5), np.float32), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="empty batch"):
        layer.forward(np.ones((0, 4), np.float32), np.zeros(0, np.int64))


@pytest.mark.parametrize("device", DEVICES)
def test_what_is_no_sampler_is_refused(device):
    corpus, message = zipf_corpus(100, 10), r"sampler is 5 \(int\), without get_negative_sample.*UnigramSampler\(corpus"
    for make in (
        lambda: nn.NegativeSamplingLoss(np.ones((10, 4), np.float32), corpus, device=device, sampler=5),
        lambda: nn.CBOW(10, 4, 1, corpus, device=device, sampler=5),
        lambda: nn.SkipGram(10, 4, 1, corpus, device=device, sampler=5),
    ):
        with pytest.raises(TypeError, match=message):
            make()


def test_several_positives_for_a_row_are_the_same_on_every_device():
    rng, results = np.random.default_rng(0), []
    W, h = rng.normal(size=(10, 4)).astype(np.float32), rng.normal(size=(3, 4)).astype(np.float32)
    target, negatives = rng.integers(0, 10, (3, 2)), rng.integers(0, 10, (3, 2, 5))
    for device in DEVICES:
        layer = nn.NegativeSamplingLoss(W, [0], device=device, sampler=Replay(negatives, 10))
        loss, dh = layer.forward(h, target), layer.backward(1.5)
        results.append([loss, dh, sum(map(np.asarray, layer.grads))])
    for on_reference, compiled in zip(*results):
        np.testing.assert_allclose(compiled, on_reference, rtol=1e-5, atol=1e-6)
    one_by_one = nn.NegativeSamplingLoss(W, [0], device="reference", sampler=Replay(negatives, 10))
    assert results[0][0] == pytest.approx(sum(one_by_one.forward(h, target[:, i]) for i in range(2)))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("shape", [(3, 2, 2), (3, 0)])
def test_targets_of_a_loss_have_one_or_two_axes(device, shape):
    layer = nn.NegativeSamplingLoss(np.ones((10, 4), np.float32), zipf_corpus(100, 10), device=device)
    with pytest.raises(ValueError, match=r"target has shape \(3, .*expected \(batch,\), or \(batch, n\)"):
        layer.forward(np.ones((3, 4), np.float32), np.zeros(shape, np.int64))


@pytest.mark.parametrize("device", DEVICES)
def test_each_array_of_ids_is_looked_at_once(model_class, device, monkeypatch):
    model = model_class(10, 4, 2, zipf_corpus(100, 10), device=device, seed=0)
    looked_at, real = [], checks._below
    monkeypatch.setattr(
        checks, "_below", lambda ids, n, what, *, noun: looked_at.append(what) or real(ids, n, what, noun=noun)
    )
    model.forward(np.zeros((3, 4), np.int64), np.zeros(3, np.int64))
    if device == "reference":  # the book's layers, each of which is also used alone
        assert looked_at[:2] == ["contexts", "target"]
    else:
        assert looked_at == ["contexts", "target"]


def test_words_beyond_the_samplers_vocabulary_are_refused_though_they_are_rows():
    layer = nn.NegativeSamplingLoss(np.ones((12, 4), np.float32), zipf_corpus(100, 10))
    with pytest.raises(IndexError, match="target has the id 11; expected ids from 0 to 9"):
        layer.forward(np.ones((1, 4), np.float32), [11])


@pytest.mark.parametrize("simple", SIMPLE_MODELS, ids=lambda model: model.__name__)
def test_simple_models_want_one_hot(simple):
    model = simple(7, 5)
    with pytest.raises(ValueError, match="convert_one_hot"):
        model.forward(np.zeros((3, 2), np.int64), np.zeros(3, np.int64))
    with pytest.raises(ValueError, match="contexts has shape"):
        model.forward(np.zeros((3, 4, 7), np.int64), np.zeros((3, 7), np.int64))


@pytest.mark.parametrize("device", DEVICES)
def test_errors_name_the_argument(device):
    model = nn.SkipGram(10, 4, 2, zipf_corpus(100, 10), device=device)
    contexts, target = np.zeros((3, 4), np.int64), np.zeros(3, np.int64)
    with pytest.raises(IndexError, match="contexts has the id 10"):
        model.forward(contexts + 10, target)
    with pytest.raises(IndexError, match="target has the id 10"):
        model.forward(contexts, target + 10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((10, 4, 1.5), "window_size is 1.5; expected a whole number from 1 to 65536"),
        ((10, 4, True), r"window_size is True \(bool\); expected a whole number"),
        ((10, 4, 10**9), "window_size is 1000000000; expected a whole number from 1 to 65536"),
        ((10.5, 4, 2), "vocab_size is 10.5; expected a whole number of at least 1"),
        ((10, "4", 2), r"hidden_size is '4' \(str\); expected a whole number"),
    ],
)
def test_sizes_that_are_refused(model_class, arguments, message):
    with pytest.raises((ValueError, TypeError), match=message):
        model_class(*arguments, zipf_corpus(100, 10))


def test_a_huge_id_is_named_before_memory_is_asked_for(model_class):
    with pytest.raises(IndexError, match="the corpus has the id 2147483647 and W 10 rows"):
        model_class(10, 4, 2, np.array([0, 2**31 - 1]))


@pytest.mark.parametrize("device", DEVICES)
def test_lists_and_a_whole_float_do_as_well(model_class, device):
    model = model_class(10, 4, 2.0, zipf_corpus(100, 10).tolist(), device=device)
    loss = model.forward([[1, 2, 3, 4]], [5])
    assert type(loss) is float
    assert loss == pytest.approx(N_TERMS[model_class] * 6 * np.log(2), rel=1e-3)


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize(
    ("negatives", "message"),
    [
        (np.zeros((3, 2)), "negative_sample is float64; expected integer ids"),
        (np.zeros((3, 1), int), r"negative_sample has shape \(3, 1\); expected \(3, 2\), sample_size words"),
        (None, "negative_sample is object"),
    ],
)
def test_what_a_sampler_draws_is_checked(device, negatives, message):
    sampler = Replay(np.zeros((3, 1, 2), np.int64), 10)
    sampler.get_negative_sample = lambda target: negatives
    layer = nn.NegativeSamplingLoss(np.ones((10, 4), np.float32), [0], 0.75, 2, device=device, sampler=sampler)
    with pytest.raises((TypeError, ValueError), match=message):
        layer.forward(np.ones((3, 4), np.float32), np.zeros(3, np.int64))

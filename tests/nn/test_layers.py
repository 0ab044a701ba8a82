import numpy as np
import pytest

from fastw2v import nn
from fastw2v.nn import dispatch
from fastw2v_kernels._jit import cuda as cuda_jit
from tests.nn.cases import central_differences

DEVICES = ["reference", "cpu"]


def weights(n_rows=7, dim=5, dtype=np.float32):
    return np.random.default_rng(0).normal(size=(n_rows, dim)).astype(dtype)


@pytest.fixture(params=DEVICES)
def device(request):
    return request.param


# Embedding


@pytest.mark.parametrize("shape", [(), (1,), (9,), (4, 3), (0,)])
@pytest.mark.parametrize("dtype", [np.int32, np.int64, np.uint8])
def test_embedding_gives_rows_and_adds_up_gradients_of_repeated_ids(device, shape, dtype):
    W, rng = weights(), np.random.default_rng(1)
    layer = nn.Embedding(W, device=device)
    for _ in range(3):  # rows that an earlier call touched are cleared
        idx = rng.integers(0, 7, shape).astype(dtype)
        out = layer.forward(idx)
        np.testing.assert_array_equal(out, W[idx])
        assert not np.shares_memory(out, W)
        dout = rng.normal(size=out.shape).astype(np.float32)
        layer.backward(dout)
        expected = np.zeros(W.shape)
        np.add.at(expected, idx, dout)
        np.testing.assert_allclose(layer.grads[0], expected, rtol=1e-5, atol=1e-6)


def test_embedding_keeps_its_ids_when_the_caller_changes_the_batch(device):
    layer, batch = nn.Embedding(weights(), device=device), np.array([1, 2])
    for ids in ([1, 2], [3, 3], [4, 5]):
        batch[:] = ids
        layer.forward(batch)
        batch[:] = 6
        layer.backward(np.ones((2, 5), np.float32))
        assert set(np.flatnonzero(np.asarray(layer.grads[0]).any(axis=1))) == set(ids)


def test_embedding_works_on_the_callers_weights(device):
    W = weights()
    layer = nn.Embedding(W, device=device)
    assert layer.params[0] is W
    W[3] = 1
    np.testing.assert_array_equal(layer.forward(np.array([3])), np.ones((1, 5)))


@pytest.mark.parametrize("idx", [[7], [-1], [0, 2**40], [-(2**40)]])
def test_ids_out_of_range(device, idx):
    layer = nn.Embedding(weights(), device=device)
    with pytest.raises(IndexError, match=rf"id {idx[-1]}; expected ids from 0 to 6"):
        layer.forward(np.array(idx))
    dot = nn.EmbeddingDot(weights(), device=device)
    with pytest.raises(IndexError, match="expected ids from 0 to 6"):
        dot.forward(np.zeros((len(idx), 5), np.float32), np.array(idx))


def test_ids_that_are_no_integers(device):
    with pytest.raises(TypeError, match=r"idx is float64; expected integer ids"):
        nn.Embedding(weights(), device=device).forward(np.array([1.0]))


def test_weights_that_cannot_be_trained(device):
    for layer in (nn.Embedding, nn.EmbeddingDot):
        with pytest.raises(TypeError, match=r"W is int64; .*np\.float32"):
            layer(np.arange(21).reshape(7, 3), device=device)
        with pytest.raises(TypeError, match="W is list"):
            layer([[1.0]], device=device)
        with pytest.raises(ValueError, match=r"shape \(7,\)"):
            layer(np.zeros(7, np.float32), device=device)
        with pytest.raises(ValueError, match="none of them 0"):
            layer(np.zeros((0, 3), np.float32), device=device)
        spoilt = weights()
        spoilt[4, 2] = np.nan
        with pytest.raises(ValueError, match=r"NaN or infinity \(first in row 4\)"):
            layer(spoilt, device=device)
    with pytest.raises(TypeError, match="int64"):
        nn.MatMul(np.arange(21).reshape(7, 3))


def test_devices():
    W = weights()
    assert nn.Embedding(W).device == "cpu"
    assert nn.Embedding(W.astype(np.float64)).device == "reference"
    assert nn.Embedding(W[:, ::2]).device == "reference"
    with pytest.raises(ValueError, match="an array is float64; its kernels take contiguous float32"):
        nn.Embedding(W.astype(np.float64), device="cpu")
    with pytest.raises(ValueError, match="float32, not contiguous"):
        nn.Embedding(W[:, ::2], device="cpu")
    with pytest.raises(ValueError, match="device is 'gpu'; expected one of 'auto'"):
        nn.Embedding(W, device="gpu")


def test_without_a_gpu_the_switch_is_refused_where_it_is_explicit_and_said_once_where_it_is_not(monkeypatch, caplog):
    monkeypatch.setattr(nn.config, "GPU", True)
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: "no driver; install it")
    dispatch._warn_without_gpu.cache_clear()
    assert [nn.Embedding(weights()).device, nn.Embedding(weights(), device="cpu").device] == ["cpu", "cpu"]
    (said,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert "no driver; install it" in said
    for explicit in (lambda: nn.Embedding(weights(), device="cuda"), lambda: nn.to_gpu(weights())):
        with pytest.raises(cuda_jit.CudaUnavailableError, match='no driver; install it; or use device="cpu"'):
            explicit()


def test_the_switch_leaves_weights_where_they_lie(monkeypatch, caplog):
    monkeypatch.setattr(nn.config, "GPU", True)
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: None)  # as where there is one
    dispatch._warn_without_gpu.cache_clear()
    for layer in (nn.Embedding(weights()), nn.EmbeddingDot(weights()).embed):
        assert layer.device == "cpu"
    (said,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert "an array is in host memory, where it is changed in place; pass to_gpu(array)" in said
    assert dispatch.resolve("auto") == "cuda"


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "cuda:-1", "cudas"])
def test_a_device_that_is_no_number_is_refused(device):
    with pytest.raises(ValueError, match="expected"):
        nn.Adam(device=device)


def test_shapes_that_do_not_match(device):
    layer = nn.Embedding(weights(), device=device)
    layer.forward(np.array([1, 2]))
    with pytest.raises(ValueError, match=r"dout has shape \(2, 4\); expected \(2, 5\)"):
        layer.backward(np.zeros((2, 4), np.float32))
    dot = nn.EmbeddingDot(weights(), device=device)
    with pytest.raises(ValueError, match=r"h has shape \(3, 5\); expected \(2, 5\)"):
        dot.forward(np.zeros((3, 5), np.float32), np.array([1, 2]))
    dot.forward(np.zeros((2, 5), np.float32), np.array([1, 2]))
    with pytest.raises(ValueError, match="dout has shape"):
        dot.backward(np.zeros(3, np.float32))
    with pytest.raises(ValueError, match="x has shape"):
        nn.MatMul(weights()).forward(np.zeros((2, 3)))


@pytest.mark.parametrize(
    ("layer", "argument"),
    [
        (nn.Embedding(weights()), np.zeros((1, 5), np.float32)),
        (nn.EmbeddingDot(weights()), np.zeros(1, np.float32)),
        (nn.MatMul(weights()), np.zeros((1, 5))),
        (nn.SigmoidWithLoss(), 1),
        (nn.SoftmaxWithLoss(), 1),
        (nn.NegativeSamplingLoss(weights(), np.arange(7)), 1),
    ],
    ids=lambda value: type(value).__name__,
)
def test_backward_before_forward(layer, argument):
    with pytest.raises(RuntimeError, match="backward was called before forward"):
        layer.backward(argument)


# EmbeddingDot, MatMul and the losses


def test_embedding_dot(device):
    W, rng = weights(), np.random.default_rng(2)
    layer, idx = nn.EmbeddingDot(W, device=device), np.array([3, 3, 0, 6])
    h, dout = rng.normal(size=(4, 5)).astype(np.float32), rng.normal(size=4).astype(np.float32)
    np.testing.assert_allclose(layer.forward(h, idx), (W[idx] * h).sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(layer.backward(dout), dout[:, None] * W[idx], rtol=1e-6)
    expected = np.zeros(W.shape)
    np.add.at(expected, idx, dout[:, None] * h)
    np.testing.assert_allclose(layer.grads[0], expected, rtol=1e-5, atol=1e-6)
    assert layer.params is layer.embed.params


def test_matmul_gradients():
    W = weights(dtype=np.float64)
    layer, x = nn.MatMul(W), np.random.default_rng(3).normal(size=(4, 7))
    dout = np.random.default_rng(4).normal(size=(4, 5))
    layer.forward(x)
    dx = layer.backward(dout)
    np.testing.assert_allclose(layer.grads[0], central_differences(lambda: (layer.forward(x) * dout).sum(), W), 1e-6)
    np.testing.assert_allclose(dx, central_differences(lambda: (layer.forward(x) * dout).sum(), x), 1e-6)


@pytest.mark.parametrize("one_hot", [False, True])
def test_softmax_gradient(one_hot):
    layer, rng = nn.SoftmaxWithLoss(), np.random.default_rng(5)
    x, t = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    labels = np.eye(4, dtype=np.int32)[t] if one_hot else t
    p = np.exp(x) / np.exp(x).sum(axis=1, keepdims=True)
    assert layer.forward(x, labels) == pytest.approx(-np.log(p[np.arange(6), t] + 1e-7).mean())
    numeric = central_differences(lambda: 3 * layer.forward(x, labels), x)
    layer.forward(x, labels)
    np.testing.assert_allclose(layer.backward(3), numeric, rtol=1e-5, atol=1e-8)


def test_sigmoid_gradient():
    layer, rng = nn.SigmoidWithLoss(), np.random.default_rng(6)
    x, t = rng.normal(size=8), rng.integers(0, 2, 8)
    y = 1 / (1 + np.exp(-x))
    assert layer.forward(x, t) == pytest.approx(-np.log(np.where(t == 1, y, 1 - y) + 1e-7).mean())
    numeric = central_differences(lambda: 3 * layer.forward(x, t), x)
    layer.forward(x, t)
    np.testing.assert_allclose(layer.backward(3), numeric, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_scores_neither_overflow_nor_lose_the_gradient(dtype):
    layer = nn.SigmoidWithLoss()
    x = np.array([-1e4, 1e4, -1e4, 1e4], dtype)
    assert layer.forward(x, np.array([0, 1, 1, 0])) == pytest.approx(-np.log(1e-7) / 2, rel=1e-3)
    np.testing.assert_array_equal(layer.backward(), [0, 0, -0.25, 0.25])
    assert np.isfinite(nn.SoftmaxWithLoss().forward(np.array([[1e4, -1e4]], dtype), np.array([1])))


def test_losses_refuse_bad_input():
    x = np.zeros((2, 3))
    for loss, scores in ((nn.SoftmaxWithLoss(), x), (nn.SigmoidWithLoss(), x[:, 0])):
        with pytest.raises(ValueError, match="empty batch"):
            loss.forward(scores[:0], np.zeros(0, np.int64))
        with pytest.raises(ValueError, match="t has shape"):
            loss.forward(scores, np.zeros(3, np.int64))
        with pytest.raises(IndexError, match=r"t has the label 3; expected labels from 0 to [12]$"):
            loss.forward(scores, np.array([0, 3]))
        with pytest.raises(ValueError, match=r"the loss is nan.*lower the learning rate"):
            loss.forward(np.full_like(scores, np.nan), np.array([0, 1]))
    with pytest.raises(TypeError, match="t is float64; expected integer labels"):
        nn.SoftmaxWithLoss().forward(x, np.array([0.0, 1.0]))
    for wrong in (0.5, np.nan, -1.0):
        with pytest.raises(ValueError, match=rf"t has the label {wrong}; expected 0 or 1"):
            nn.SigmoidWithLoss().forward(x[:, 0], np.array([1.0, wrong]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, bool])
def test_sigmoid_labels_may_be_floats(dtype):
    x, t = np.array([0.3, -2.0, 0.1]), np.array([1, 0, 0])
    layer, whole = nn.SigmoidWithLoss(), nn.SigmoidWithLoss()
    assert layer.forward(x, t.astype(dtype)) == whole.forward(x, t)
    np.testing.assert_array_equal(layer.backward(), whole.backward())


def test_an_empty_list_of_ids_is_an_empty_batch(device):
    layer = nn.Embedding(weights(), device=device)
    assert layer.forward([]).shape == (0, 5)
    layer.backward(np.zeros((0, 5), np.float32))
    assert not layer.grads[0].any()
    sampler = nn.UnigramSampler(np.arange(7), 0.75, 2, device=device)
    assert sampler.get_negative_sample([]).shape == (0, 2)
    with pytest.raises(ValueError, match="target is an empty batch, which has no mean loss; skip it"):
        nn.NegativeSamplingLoss(weights(), np.arange(7), device=device).forward(np.zeros((0, 5), np.float32), [])


@pytest.mark.parametrize(
    ("dout", "message"),
    [("a", r"dout is 'a' \(str\); expected a number that is finite"), (np.inf, "dout is inf; expected a number"),
     (None, r"dout is None \(NoneType\)"), (np.ones(2), "expected a number")],
)  # fmt: skip
def test_gradients_of_a_loss_that_are_no_numbers(device, dout, message):
    softmax, sigmoid = nn.SoftmaxWithLoss(), nn.SigmoidWithLoss()
    loss = nn.NegativeSamplingLoss(weights(), np.arange(7), device=device)
    softmax.forward([[0.0, 1.0]], [1])
    sigmoid.forward([0.0], [1])
    loss.forward(np.ones((1, 5), np.float32), [1])
    for layer in (softmax, sigmoid, loss):
        with pytest.raises((TypeError, ValueError), match=message):
            layer.backward(dout)
        layer.backward(np.float32(1))
        layer.backward(np.array(1.0))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_loss_is_a_python_float(device, dtype):
    x, W = np.ones((2, 3), dtype), weights(dtype=np.float32)
    sigmoid = nn.SigmoidWithLoss()
    losses = [
        nn.SoftmaxWithLoss().forward(x, np.array([0, 1])),
        sigmoid.forward(x[:, 0], np.array([0, 1])),
        sigmoid.loss,
        nn.NegativeSamplingLoss(W, np.arange(7), device=device).forward(np.ones((2, 5), dtype), np.array([0, 1])),
    ]
    assert [type(loss) for loss in losses] == [float] * 4


def test_lists_do_as_well_as_arrays(device):
    W = weights()
    rows, dout = [1, 2], [[1.0] * 5, [2.0] * 5]
    for layer, given in ((nn.Embedding(W, device=device), (rows,)), (nn.MatMul(W.T), (dout,))):
        layer.forward(*given)
        layer.backward([[1.0] * layer.params[0].shape[1]] * 2)
        assert layer.grads[0].any()
    dot = nn.EmbeddingDot(W, device=device)
    np.testing.assert_allclose(dot.forward(dout, rows), [W[1].sum(), 2 * W[2].sum()], rtol=1e-6)
    np.testing.assert_allclose(dot.backward([1.0, 1.0]), W[rows])
    np.testing.assert_allclose(dot.grads[0][rows], dout)
    assert nn.SoftmaxWithLoss().forward([[0.0, 0.0]], [1]) == pytest.approx(np.log(2), rel=1e-5)
    assert nn.SigmoidWithLoss().forward([0.0], [1]) == pytest.approx(np.log(2), rel=1e-5)


HUGE = np.array([2**64 - 1], np.uint64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda w: nn.Embedding(w).forward(HUGE), "idx has the id 18446744073709551615; expected ids from 0 to 6"),
        (lambda w: nn.SigmoidWithLoss().forward([1.0], HUGE), "t has the label 18446744073709551615"),
        (lambda w: nn.SigmoidWithLoss().forward([1.0], [2]), "t has the label 2; expected labels from 0 to 1$"),
        (lambda w: nn.MatMul(w).forward(np.ones(7)), r"x has shape \(7,\); expected 2 axes"),
        (lambda w: nn.MatMul(w).forward("ab"), "x is <U2; expected an array of numbers"),
        (lambda w: nn.EmbeddingDot(w).forward(3.0, [1]), r"h has shape \(\); expected one or more axes"),
    ],
)
def test_errors_say_what_came(call, message):
    with pytest.raises((IndexError, TypeError, ValueError), match=message):
        call(weights())


def test_matmul_refuses_a_gradient_of_another_batch():
    layer = nn.MatMul(weights())
    layer.forward(np.ones((2, 7)))
    with pytest.raises(ValueError, match=r"dout has shape \(3, 5\); expected \(2, 5\)"):
        layer.backward(np.ones((3, 5)))

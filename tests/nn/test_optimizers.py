import numpy as np
import pytest

from fastw2v import nn
from fastw2v.nn.row_gradient import RowGradient
from tests.kernels.harness import assert_parity
from tests.nn import book


def steps(optimizer, dtype=np.float32, n=5, *, rows=slice(None)):
    """A matrix and a vector after n updates."""
    rng = np.random.default_rng(0)
    params = [rng.normal(size=(40, 7)).astype(np.float32), rng.normal(size=9).astype(np.float32)]
    params = [param.astype(dtype) for param in params]
    for _ in range(n):
        grads = [np.zeros_like(param) for param in params]
        grads[0][rows] = rng.normal(size=params[0].shape).astype(np.float32)[rows]
        grads[1][:] = rng.normal(size=9).astype(np.float32)
        optimizer.update(params, grads)
    return dict(zip(("matrix", "vector"), params))


def test_adam_is_the_books():
    exact = steps(book.Adam())
    reference = steps(nn.Adam(device="reference"))
    for name, array in exact.items():
        np.testing.assert_array_equal(reference[name], array)
    assert_parity(steps(nn.Adam(device="cpu")), exact, steps(book.Adam(), np.float64))


def test_adam_of_other_arrays_falls_back_or_refuses():
    exact = steps(book.Adam(), np.float64)
    np.testing.assert_array_equal(steps(nn.Adam(), np.float64)["matrix"], exact["matrix"])
    with pytest.raises(ValueError, match="an array is float64"):
        steps(nn.Adam(device="cpu"), np.float64)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_sparse_adam_moves_touched_rows_alone_and_as_adam_does(device):
    rows = np.array([3, 17, 20])
    found, dense = steps(nn.SparseAdam(device=device), rows=rows), steps(book.Adam(), rows=rows)
    np.testing.assert_allclose(found["matrix"], dense["matrix"], atol=1e-6)
    np.testing.assert_allclose(found["vector"], dense["vector"], atol=1e-6)


@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_sparse_adam_lets_a_row_rest_that_dense_adam_moves(device):
    W = [np.ones((4, 3), np.float32) for _ in range(2)]
    for param, optimizer in zip(W, (nn.SparseAdam(device=device), nn.Adam(device=device))):
        for row in (1, 2, 2):
            gradient = np.zeros_like(param)
            gradient[row] = 0.5
            optimizer.update([param], [gradient])
    sparse, dense = W
    assert sparse[1, 0] == pytest.approx(1 - 0.001, abs=1e-6)
    assert dense[1, 0] < sparse[1, 0] - 1e-4


@pytest.mark.parametrize("optimizer", [nn.SGD, nn.SparseAdam])
def test_rows_that_a_gradient_does_not_name_are_not_even_read(optimizer):
    param = np.ones((9, 4), np.float32)
    grad = RowGradient.zeros_like(param)
    grad.view(np.ndarray)[[2, 5]] = 1
    grad.touch(np.array([2, 2]))
    optimizer(lr=0.1).update([param], [grad])
    assert np.flatnonzero((param != 1).any(axis=1)).tolist() == [2]


@pytest.mark.parametrize("optimizer", [nn.SGD(0.1), nn.SparseAdam(0.1)], ids=["SGD", "SparseAdam"])
def test_known_rows_give_what_a_search_gives(optimizer):
    import copy

    layer = nn.Embedding(np.ones((9, 3), np.float32))
    layer.forward(np.array([4, 4, 7]))
    layer.backward(np.random.default_rng(0).normal(size=(3, 3)).astype(np.float32))
    plain, W = np.array(layer.grads[0]), layer.params[0].copy()
    copy.deepcopy(optimizer).update([W], [plain])
    optimizer.update(layer.params, layer.grads)
    np.testing.assert_allclose(layer.params[0], W, rtol=1e-6)
    assert set(np.flatnonzero((W != 1).any(axis=1))) == {4, 7}


def test_sgd():
    param, gradient = np.ones((2, 2), np.float32), np.full((2, 2), 3, np.float32)
    nn.SGD(lr=0.5).update([param], [gradient])
    np.testing.assert_array_equal(param, np.full((2, 2), -0.5))


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.SparseAdam])
def test_what_is_refused(make):
    W = np.ones((4, 3), np.float32)
    with pytest.raises(ValueError, match=r"a gradient has shape \(4, 2\); expected \(4, 3\), as its parameter"):
        make().update([W], [W[:, :2]])
    with pytest.raises(ValueError, match="1 parameters and 2 gradients"):
        make().update([W], [W, W])
    with pytest.raises(TypeError, match="a parameter is int64"):
        make().update([np.ones((4, 3), np.int64)], [W])


def test_an_optimizer_belongs_to_one_model():
    optimizer, W = nn.Adam(), np.ones((4, 3), np.float32)
    optimizer.update([W], [W.copy()])
    with pytest.raises(ValueError, match="make an optimizer for each model"):
        optimizer.update([W[:2]], [W[:2].copy()])
    with pytest.raises(ValueError, match="device is 'tpu'"):
        nn.Adam(device="tpu")


@pytest.mark.parametrize("lr", [-0.1, np.nan, np.inf, "0.1", None])
@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.SparseAdam])
def test_a_learning_rate_that_is_refused(make, lr):
    with pytest.raises((ValueError, TypeError), match=f"lr is .*{lr}.*; expected a number of at least 0"):
        make(lr)


@pytest.mark.parametrize("beta", [1, 1.5, -0.1, np.nan])
@pytest.mark.parametrize("name", ["beta1", "beta2"])
def test_betas_that_are_refused(name, beta):
    with pytest.raises(ValueError, match=f"{name} is {beta}; expected a number from 0 to below 1"):
        nn.SparseAdam(**{name: beta})


@pytest.mark.parametrize("make", [nn.SGD, nn.Adam, nn.SparseAdam])
def test_a_learning_rate_of_0_and_a_gradient_in_lists(make):
    W = np.ones((2, 1), np.float32)
    make(0).update([W], [[[1.0], [0.0]]])
    np.testing.assert_array_equal(W, [[1], [1]])
    make(0.5).update([W], [[[1.0], [0.0]]])
    np.testing.assert_allclose(W, [[0.5], [1]], atol=1e-4)
    with pytest.raises(TypeError, match="a parameter is list; expected an array of floats"):
        make().update([[1.0]], [[1.0]])
    with pytest.raises(TypeError, match="a gradient is <U1; expected numbers"):
        make().update([W], [[["a"], ["b"]]])

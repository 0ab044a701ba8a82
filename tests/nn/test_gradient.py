import numpy as np
import pytest

from fastw2v import nn
from tests.nn import book


def touched(rows, shape=(8, 3), seed=0):
    """A layer's gradient with random numbers in some rows."""
    layer = nn.Embedding(np.ones(shape, np.float32))
    layer.forward(np.array(rows))
    layer.backward(np.random.default_rng(seed).normal(size=(len(rows), shape[1])).astype(np.float32))
    return layer, layer.grads[0]


def test_it_is_an_array_that_knows_its_rows():
    _, gradient = touched([5, 2, 5])
    assert isinstance(gradient, np.ndarray)
    np.testing.assert_array_equal(gradient.rows, [5, 2, 5])
    np.testing.assert_array_equal(gradient.unique_rows(), [5, 2])
    assert type(gradient**2) is np.ndarray
    assert type(gradient + 1) is np.ndarray
    assert gradient[2:6].rows is None
    assert gradient.copy().rows is None


@pytest.mark.parametrize(
    "write",
    [
        lambda g: g.__setitem__(0, 1.0),
        lambda g: g.__setitem__(Ellipsis, 1.0),
        lambda g: g.__iadd__(1.0),
        lambda g: np.add(g, 1.0, out=g),
        lambda g: np.add.at(g, np.array([0, 0]), 1.0),
        lambda g: g.fill(1.0),
        lambda g: g.put([0], 1.0),
        lambda g: g.sort(axis=0),
        lambda g: g.partition(0, axis=0),
        lambda g: g.byteswap(inplace=True).fill(1),
        lambda g: g.setfield(1.0, g.dtype),
        lambda g: g.flat.__setitem__(0, 1.0),
        lambda g: setattr(g, "flat", 1.0),
        lambda g: setattr(g, "real", 1.0),
        lambda g: np.copyto(g, 1.0),
        lambda g: np.copyto(dst=g, src=1.0),
        lambda g: np.put(g, [0], 1.0),
        lambda g: np.place(g, np.ones(g.shape, bool), 1.0),
        lambda g: np.putmask(g, np.ones(g.shape, bool), 1.0),
        lambda g: np.fill_diagonal(g, 1.0),
        lambda g: np.put_along_axis(g, np.zeros((8, 1), int), 1.0, axis=1),
        lambda g: np.nan_to_num(np.add(g, np.nan, out=g), copy=False, nan=1.0),
        lambda g: np.dot(np.ones((8, 8), np.float32), np.ones((8, 3), np.float32), g),
        lambda g: np.dot(np.ones((8, 8), np.float32), np.ones((8, 3), np.float32), out=g),
        lambda g: np.matmul(np.ones((8, 8), np.float32), np.ones((8, 3), np.float32), out=g),
        lambda g: np.take(np.ones((8, 3), np.float32), np.arange(8), 0, g),
        lambda g: np.concatenate([np.ones((8, 3), np.float32)], out=g),
        lambda g: np.cumsum(np.ones((8, 3), np.float32), axis=0, out=g),
        lambda g: np.einsum("ij->ij", np.ones((8, 3), np.float32), out=g),
    ],
)
def test_who_writes_to_it_makes_all_rows_count(write):
    layer, gradient = touched([5, 2])
    write(gradient)
    assert gradient.rows is None
    assert np.delete(gradient, [2, 5], axis=0).any()
    layer.backward(np.ones((2, 3), np.float32))
    assert set(np.flatnonzero(np.asarray(gradient).any(axis=1))) == {2, 5}


def test_reading_keeps_the_rows():
    _, gradient = touched([5, 2])
    for read in (np.sum, np.linalg.norm, np.abs, np.array, np.sort, np.copy, np.zeros_like, np.flatnonzero):
        read(gradient)
    gradient.max(), gradient.copy(), gradient.tolist(), gradient.any(axis=1)
    np.testing.assert_array_equal(gradient.rows, [5, 2])


def test_scaling_keeps_the_rows():
    _, gradient = touched([5, 2])
    before, same = np.array(gradient), gradient
    same *= 2
    same /= 4
    assert same is gradient
    np.testing.assert_array_equal(gradient.rows, [5, 2])
    np.testing.assert_array_equal(np.array(gradient), before / 2)


def both_kinds(known):
    rows = [[5, 2, 5], [2, 7], [1]]
    gradients = [touched(r, seed=i)[1] for i, r in enumerate(rows)]
    return gradients if known else [np.array(g) for g in gradients]


@pytest.mark.parametrize("known", [True, False])
def test_remove_duplicate_adds_shared_gradients(known):
    W, other = np.ones((8, 3), np.float32), np.ones((8, 3), np.float32)
    a, b, c = both_kinds(known)
    expected = np.array(a) + np.array(c)
    params, grads = nn.remove_duplicate([W, other, W], [a, b, c])
    assert [id(p) for p in params] == [id(W), id(other)]
    assert grads[0] is a
    np.testing.assert_allclose(np.array(grads[0]), expected)
    if known:
        assert set(grads[0].unique_rows()) == {1, 2, 5}


def test_remove_duplicate_knows_a_tied_transpose_and_no_mere_equals():
    W, square = np.zeros((3, 5), np.float32), np.zeros((4, 4), np.float32)
    grads = [np.ones((3, 5), np.float32), np.ones((5, 3), np.float32)]
    params, merged = nn.remove_duplicate([W, W.T], grads)
    assert len(params) == 1
    np.testing.assert_array_equal(merged[0], np.full((3, 5), 2))
    assert len(nn.remove_duplicate([square, square.copy()], [square.copy(), square.copy()])[0]) == 2


def test_a_layers_next_backward_clears_rows_that_were_merged_in():
    W = np.ones((8, 3), np.float32)
    layers = [nn.Embedding(W), nn.Embedding(W)]
    for ids in ([0, 1], [2, 3]):
        for layer, row in zip(layers, ids):
            layer.forward(np.array([row]))
            layer.backward(np.ones((1, 3), np.float32))
        _, (merged,) = nn.remove_duplicate([W, W], [layer.grads[0] for layer in layers])
        assert set(np.flatnonzero(np.asarray(merged).any(axis=1))) == set(ids)


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("max_norm", [0.5, 1e3])
def test_clip_grads(known, max_norm):
    grads, expected = both_kinds(known), [np.array(g) for g in both_kinds(True)]
    nn.clip_grads(grads, max_norm)
    book.clip_grads(expected, max_norm)
    for found, exact in zip(grads, expected):
        np.testing.assert_allclose(np.array(found), exact, rtol=1e-6)


@pytest.mark.parametrize("max_norm", [-1, np.nan, "1"])
def test_norms_that_are_refused(max_norm):
    with pytest.raises((ValueError, TypeError), match=r"max_norm is .*; expected a number of at least 0"):
        nn.clip_grads([np.ones(3)], max_norm)


def test_clipping_refuses_what_it_cannot_change():
    for gradient, kind in (([1.0, 2.0], "list"), (np.array([9, 9]), "int64")):
        with pytest.raises(TypeError, match=f"a gradient is {kind}; expected an array of floats"):
            nn.clip_grads([gradient], 1.0)


@pytest.mark.parametrize(
    "write",
    [
        lambda g: np.multiply(np.ones_like(g), 2, out=g),
        lambda g: np.divide(np.ones_like(g), 2, out=g),
        lambda g: g.__imul__(np.ones_like(g)),
        lambda g: np.multiply(g, np.nan, out=g),
    ],
)
def test_a_product_written_here_touches_every_row(write):
    gradient = nn.RowGradient.zeros_like(np.zeros((4, 2), np.float32))
    gradient.touch(np.array([1]))
    write(gradient)
    assert gradient.rows is None


def test_scaling_keeps_the_touched_rows():
    gradient = nn.RowGradient.zeros_like(np.zeros((4, 2), np.float32))
    gradient.touch(np.array([1]))
    gradient *= np.float64(0.5)
    gradient /= 2
    assert gradient.rows.tolist() == [1]

"""Random walks: distribution of the steps, every step an edge, the same walks for any number of threads."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.random_walks.cpu import random_walks_cpu
from fastw2v_kernels.random_walks.reference import random_walks_reference
from tests.kernels.harness import run_python

BIASES = [(1, 1), (1, 0.5), (0.25, 4), (4, 0.25), (0.05, 1), (2, 3), (0.5, 0.5)]
each_bias = pytest.mark.parametrize(("p", "q"), BIASES)
each_kind = pytest.mark.parametrize("kind", ["undirected", "directed", "weighted", "directed and weighted"])


def graph_of(kind, n_nodes=7, density=0.5):
    """Matrix of weights, with self loops and, if directed, a node without a way out."""
    rng = np.random.default_rng(3)
    weights = np.where(rng.random((n_nodes, n_nodes)) < density, rng.exponential(size=(n_nodes, n_nodes)) + 0.1, 0.0)
    if "weighted" not in kind:
        weights = np.sign(weights)
    if "directed" in kind.split():
        weights[0] = 0
        return weights
    return np.maximum(weights, weights.T)


def arrays_of(weights):
    present = weights > 0
    degrees = present.sum(axis=1)
    is_weighted = np.unique(weights[present]).size > 1
    cumulative = np.cumsum(weights, axis=1)[present] if is_weighted else np.empty(0)
    indptr = np.concatenate([[0], np.cumsum(degrees)])
    return {"indptr": indptr, "indices": np.nonzero(present)[1].astype(np.int32), "cumulative": cumulative}


def walk(weights, n_walks, length, *, p=1, q=1, seed=5, first_walk=0, walks=random_walks_cpu, **options):
    first = np.resize(np.arange(len(weights)), n_walks).astype(np.int32)
    out = np.full((n_walks, length), -7, np.int32)
    stream = {"seed": seed, "first_walk": first_walk}
    walks(**arrays_of(weights), first_nodes=first, p=p, q=q, **stream, out=out, **options)
    return out


def exact(weights, s, v, *, p, q):
    """Probabilities of the node after a step from s to v, by the definition of node2vec."""
    factor = np.where(weights[s] > 0, 1.0, 1 / q)
    factor[s] = 1 / p
    return weights[v] * factor / (weights[v] * factor).sum()


def assert_drawn_from(nodes, probability):
    """Chi-square, with rare nodes put together; returns nothing for a few draws."""
    expected = probability * len(nodes)
    observed = np.bincount(nodes, minlength=len(probability))
    assert not observed[probability == 0].any()
    often = expected >= 10
    cells = [np.append(x[often], x[~often].sum()) for x in (observed, expected)]
    kept = cells[1] > 0
    if kept.sum() > 1 and len(nodes) > 50:
        assert chisquare(cells[0][kept], cells[1][kept], sum_check=False).pvalue > 1e-5


@each_kind
@each_bias
def test_steps_have_the_distribution_of_node2vec(kind, p, q):
    weights = graph_of(kind)
    walks = walk(weights, 30_000, 8, p=p, q=q)
    for v in range(len(weights)):
        if weights[v].any():
            assert_drawn_from(walks[walks[:, 0] == v, 1], weights[v] / weights[v].sum())
    steps = np.concatenate([walks[:, t : t + 3] for t in range(6)])
    steps = steps[(steps >= 0).all(axis=1)]
    n_seen = 0
    for s, v in np.unique(steps[:, :2], axis=0):
        nodes = steps[(steps[:, 0] == s) & (steps[:, 1] == v), 2]
        assert_drawn_from(nodes, exact(weights, s, v, p=p, q=q))
        n_seen += len(nodes)
    assert n_seen > 20_000


def test_a_draw_that_is_always_refused_ends_in_the_weighing_of_all_neighbours():
    """All are near the former node, and q asks for nodes that are not: nearly every draw is refused."""
    weights = np.ones((5, 5)) - np.eye(5)
    weights[0, 1] = weights[1, 0] = 3
    walks = walk(weights, 20_000, 3, p=1, q=1e-9)
    for s, v in ((0, 1), (1, 2), (3, 4)):
        nodes = walks[(walks[:, 0] == s) & (walks[:, 1] == v), 2]
        assert_drawn_from(nodes, exact(weights, s, v, p=1, q=1e-9))


@pytest.mark.parametrize("p", [1e-6, 1e6])
def test_an_extreme_p_costs_no_more_draws(p):
    walks = walk(graph_of("undirected", 40), 2000, 20, p=p)
    goes_back = (walks[:, 2:] == walks[:, :-2]).mean()
    assert goes_back > 0.99 if p < 1 else goes_back < 0.01


@each_kind
@each_bias
def test_the_kernel_walks_as_the_reference(kind, p, q):
    weights = graph_of(kind)
    options = {"p": p, "q": q, "seed": 2**64 - 1, "first_walk": 2**40}
    expected = walk(weights, 40, 12, walks=random_walks_reference, **options)
    np.testing.assert_array_equal(walk(weights, 40, 12, **options), expected)


@pytest.mark.cuda
@each_kind
@pytest.mark.parametrize(("p", "q"), [(1, 1), (0.05, 1), (4, 0.25), (1, 1e-9)])
def test_the_gpu_walks_as_the_reference(kind, p, q):
    from fastw2v_kernels.random_walks.cuda import random_walks_cuda
    from tests.kernels.harness import to_device, to_host

    def on_gpu(**case):
        there = to_device(case)
        random_walks_cuda(**there)
        case["out"][:] = to_host(there["out"])

    weights = graph_of(kind)
    n_walks = 40 if IS_SIMULATED else 4000
    expected = walk(weights, n_walks, 8, p=p, q=q, walks=random_walks_reference)
    np.testing.assert_array_equal(walk(weights, n_walks, 8, p=p, q=q, walks=on_gpu), expected)


@each_bias
def test_any_number_of_threads_and_any_cut_gives_the_same_walks(p, q):
    weights = graph_of("weighted", 30, 0.2)
    whole = walk(weights, 210, 15, p=p, q=q)
    for n_threads in (2, 3, 7):
        np.testing.assert_array_equal(walk(weights, 210, 15, p=p, q=q, n_threads=n_threads), whole)
    np.testing.assert_array_equal(walk(weights, 60, 15, p=p, q=q, first_walk=150), whole[150:])
    assert (walk(weights, 210, 15, p=p, q=q, seed=6) != whole).any()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_every_step_is_an_edge_and_a_walk_ends_only_where_there_is_none(data):
    n_nodes = data.draw(st.integers(1, 12))
    cells = st.lists(st.sampled_from([0, 0, 1, 0.5, 1e-3, 1e6]), min_size=n_nodes**2, max_size=n_nodes**2)
    weights = np.array(data.draw(cells), np.float64).reshape(n_nodes, n_nodes)
    length = data.draw(st.integers(1, 9))
    p, q = (data.draw(st.sampled_from([1, 0.01, 0.5, 3, 100])) for _ in range(2))
    walks = walk(weights, 3 * n_nodes, length, p=p, q=q)
    np.testing.assert_array_equal(walks[:, 0], np.resize(np.arange(n_nodes), 3 * n_nodes))
    for row in walks:
        nodes = row[row >= 0]
        assert (row[len(nodes) :] == -1).all()
        assert (weights[nodes[:-1], nodes[1:]] > 0).all()
        assert len(nodes) == length or not weights[nodes[-1]].any()


@pytest.mark.parametrize(
    "change",
    [{"indptr": [0, 2, 9]}, {"indptr": [0, -1, 2]}, {"indices": [1, 5]}, {"indices": [-3, -3]}, {"first_nodes": [2]},
     {"first_nodes": [-1]}],
    ids=str,
)  # fmt: skip
def test_arrays_that_are_no_graph_are_refused(change):
    good = {"indptr": [0, 1, 2], "indices": [1, 0], "first_nodes": [0]}
    types = {"indptr": np.int64, "indices": np.int32, "first_nodes": np.int32}
    arrays = {name: np.array(change.get(name, value), types[name]) for name, value in good.items()}
    with pytest.raises(ValueError, match="a walk left the graph of 2 nodes and 2 edges"):
        random_walks_cpu(
            **arrays, cumulative=np.empty(0), p=1, q=1, seed=1, first_walk=0, out=np.zeros((1, 8), np.int32)
        )


@pytest.mark.parametrize(("p", "q"), [(0, 1), (1, -1), (np.nan, 1), (1, np.inf)])
def test_a_bias_that_is_none_is_refused(p, q):
    with pytest.raises(ValueError, match="expected numbers above 0"):
        walk(graph_of("undirected"), 5, 5, p=p, q=q)


PROGRAM = """
import numpy as np
from fastw2v_kernels.random_walks.cpu import random_walks_cpu
indptr, indices = np.array([0, 2, 4, 6, 6]), np.array([1, 3, 0, 2, 1, 3], np.int32)
for cumulative in (np.empty(0), np.array([1.0, 2, 1, 4, 1, 1.5])):
    for p, q in ((1, 1), (0.1, 1), (1, 1e-9), (4, 0.25)):
        out = np.empty((50, 9), np.int32)
        first = np.resize(np.arange(4), 50).astype(np.int32)
        random_walks_cpu(indptr, indices, cumulative, first_nodes=first, p=p, q=q, seed=1, first_walk=0, out=out)
print("walked")
"""


@pytest.mark.slow
def test_no_access_is_out_of_bounds(tmp_path):
    """The suite with NUMBA_BOUNDSCHECK=1 shows the same of all kernels."""
    assert run_python(PROGRAM, NUMBA_BOUNDSCHECK="1", NUMBA_CACHE_DIR=str(tmp_path)) == "walked\n"

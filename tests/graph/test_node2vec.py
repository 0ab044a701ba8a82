"""Node2Vec: walks that are made while they are trained are those that it gives out, and vectors tell communities."""

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.callbacks import Callbacks
from fastw2v.encode import Tokens
from fastw2v.graph import Node2Vec
from fastw2v.graph.walks import WalkTokens

SMALL = {"dimensions": 16, "walk_length": 13, "num_walks": 7, "p": 0.5, "q": 2.0, "workers": 1}


def edges(n_nodes=200, n_edges=500, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, n_nodes, n_edges), rng.integers(0, n_nodes, n_edges)


def made(*, directed=False, **options):
    return Node2Vec(edges(), **SMALL | options, directed=directed)


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("deterministic", [False, True])
def test_walks_made_while_training_are_those_that_are_stored(directed, deterministic):
    """Bit for bit, also where walks end early, and batches of the deterministic training begin within a walk."""
    node2vec = made(directed=directed)
    options = {"window": 3, "epochs": 2, "sample": 0.01, "deterministic": deterministic, "compute_loss": True}
    model = node2vec.fit(**options)
    other = Word2Vec(vector_size=16, sg=1, min_count=1, workers=1, seed=1, sorted_vocab=0, **options)
    other._train_new(model.vocab, Tokens(*node2vec.walks()), Callbacks(None), first_rows=2.0)
    np.testing.assert_array_equal(model.wv.vectors, other.wv.vectors)
    assert model.report.loss_per_epoch == other.report.loss_per_epoch
    assert model.report.raw_words == 2 * len(node2vec.walks()[0])


@pytest.mark.parametrize("directed", [False, True])
def test_every_node_begins_its_walks_and_counts_are_visits(directed):
    node2vec = made(directed=directed)
    ids, starts = node2vec.walks()
    n_nodes = node2vec.graph.n_nodes
    assert len(starts) - 1 == 7 * n_nodes
    np.testing.assert_array_equal(np.bincount(ids[starts[:-1]], minlength=n_nodes), 7)
    assert (np.diff(starts) == 13).all() != directed
    model = node2vec.fit(epochs=1)
    assert model.wv.index_to_key == node2vec.graph.nodes.keys
    np.testing.assert_array_equal(model.vocab.counts, np.bincount(ids, minlength=n_nodes))


@pytest.mark.parametrize("align", [1, 8, 1000])
def test_a_part_holds_the_sentences_of_its_tokens(align):
    node2vec = made(directed=True)
    ids, starts = node2vec.walks()
    tokens = WalkTokens(node2vec._walks, 2)
    np.testing.assert_array_equal(tokens.starts, starts)
    for begin, end in ((0, 0), (0, 1), (5, 900), (1999, 2000), (len(ids) - 1, len(ids)), (0, len(ids))):
        part, part_starts, first = tokens.part(begin, end, align=align)
        assert first % align == 0
        assert part_starts[-1] == len(part)
        known = first + part_starts[(part_starts > 0) | (first in starts)]
        whole = slice(known[0], known[-1])
        assert whole.start <= begin <= end <= whole.stop
        assert set(known) <= set(starts)
        np.testing.assert_array_equal(part[whole.start - first :], ids[whole])


@pytest.mark.parametrize("workers", [2, 5])
def test_walks_do_not_depend_on_the_number_of_workers(workers):
    one, several = made(directed=True), made(directed=True, workers=workers)
    for of_one, of_several in zip(one.walks(), several.walks()):
        np.testing.assert_array_equal(of_one, of_several)
    options = {"epochs": 1, "deterministic": True}
    np.testing.assert_array_equal(one.fit(**options).wv.vectors, several.fit(**options).wv.vectors)


def test_nodes_without_neighbours_have_a_vector():
    node2vec = Node2Vec(([0, 1, 2], [1, 0, 2], [1, 1, 0]), **SMALL)
    _, starts = node2vec.walks()
    assert sorted(np.diff(starts)) == [1] * 7 + [13] * 14
    model = node2vec.fit(epochs=1)
    assert model.vocab.counts[2] == 7
    assert np.isfinite(model.wv[2]).all()


def test_vectors_tell_two_communities():
    """Two cliques with one edge between them; by CBOW and by skip-gram."""
    first = np.array([(i, j) for i in range(8) for j in range(i)])
    names = [f"node {i}" for i in range(16)]
    source, target = np.concatenate([first, first + 8, [[0, 8]]]).T
    for sg in (0, 1):
        node2vec = Node2Vec(
            (np.array(names)[source], np.array(names)[target]), dimensions=16, walk_length=20, q=0.5, workers=1, seed=3
        )
        model = node2vec.fit(window=3, epochs=20, sample=0, sg=sg)
        for name, own in (("node 3", names[:8]), ("node 12", names[8:])):
            assert {near for near, _ in model.wv.most_similar(name, topn=5)} < set(own)


def test_each_visit_is_trained():
    """Of a small graph, each node has a large share of the visits, so subsampling would leave out most of them."""
    report = made().fit(epochs=2).report
    assert report.kept_words == report.raw_words
    report = made().fit(epochs=2, sample=1e-3).report
    assert report.kept_words < 0.8 * report.raw_words


def test_a_seed_of_none_is_drawn_and_shown():
    model = made(seed=None).fit(epochs=1)
    assert model.seed != made(seed=None).fit(epochs=1).seed


def test_callbacks_see_the_training():
    seen = []

    class Watch:
        def on_epoch_end(self, model):
            seen.append(len(model.wv))

    made().fit(epochs=3, callbacks=[Watch()])
    assert seen == [made().graph.n_nodes] * 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"p": 0}, ValueError, "p is 0; expected"),
        ({"q": -1.0}, ValueError, "q is -1.0; expected"),
        ({"p": "1"}, TypeError, "p is '1'"),
        ({"walk_length": 0}, ValueError, "walk_length is 0"),
        ({"num_walks": 1.5}, ValueError, "num_walks is 1.5"),
        ({"dimensions": 0}, ValueError, "dimensions is 0"),
        ({"workers": 0}, ValueError, "workers is 0"),
        ({"seed": -1}, ValueError, "seed is -1"),
        ({"sampling_strategy": {"a": {"p": 1}}}, ValueError, "sampling_strategy is not supported"),
    ],
)
def test_arguments_out_of_their_range_are_refused(options, error, message):
    with pytest.raises(error, match=message):
        made(**options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"min_count": 8}, "min_count is 8; expected at most num_walks=7"),
        ({"max_final_vocab": 5}, "max_final_vocab is not for nodes"),
        ({"sorted_vocab": 1}, "sorted_vocab is not for nodes"),
        ({"null_word": 1}, "null_word is not for nodes"),
        ({"window": 0}, "window is 0"),
    ],
)
def test_options_that_do_not_apply_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        made().fit(**options)


@pytest.mark.cuda
def test_a_gpu_trains_on_stored_walks():
    options = {"dimensions": 16, "walk_length": 5, "num_walks": 1, "workers": 1}
    node2vec = Node2Vec(([0, 1, 2], [1, 2, 0]), **options)
    model = node2vec.fit(device="cuda", epochs=1, window=2, negative=1, sample=0)
    assert model.report.device == "cuda"
    assert model.report.raw_words == 15


def test_first_vectors_are_as_large_as_gensims():
    """Those of Word2Vec, twice; alpha is so small that the vectors stay what they were."""
    model = made().fit(alpha=1e-12, min_alpha=1e-12, epochs=1)
    untrained = Word2Vec(seed=1, vector_size=16, min_count=1)
    untrained.build_vocab([model.wv.index_to_key])
    expected = 2 * untrained.wv[model.wv.index_to_key]
    np.testing.assert_allclose(model.wv.vectors, expected, rtol=1e-6)

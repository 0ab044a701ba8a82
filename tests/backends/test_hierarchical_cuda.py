"""Hierarchical softmax on the GPU through the trainer: one warp computes what one worker of the CPU does."""

import numpy as np
import pytest

from fastw2v.backends import TrainingData, cuda_plan, get_backend
from fastw2v.encode import encode_corpus
from fastw2v.schedule import spans
from fastw2v.trainer import train
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab
from fastw2v_kernels.ops import OPS
from tests.backends.training import config_of


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(5)
    return encode_corpus([rng.integers(0, 12, n) for n in (9, 1, 25, 2, 6)], min_count=1)


@pytest.mark.cuda
@pytest.mark.parametrize("negative", [0, 3])
@pytest.mark.parametrize("sg", [0, 1])
def test_training_on_the_gpu_equals_the_reference(sg, negative, corpus, monkeypatch):
    monkeypatch.setattr(cuda_plan, "max_warps", lambda *_: 1)
    options = {"sample": 0.05, "window": 2, "vector_size": 10, "epochs": 1, "alpha": 0.05}
    config = config_of(sg=sg, hs=1, negative=negative, **options)
    data = TrainingData(
        *corpus, initial_weights(corpus[0], config.vector_size, config.seed, hs=1, negative=config.negative)
    )
    name = "skipgram_hs" if sg else "cbow_hs"
    reference = next(op for op in OPS if op.name == name).implementation("reference")
    exact = {
        key: matrix.astype(np.float64) for key, matrix in {"w_in": data.weights.w_in, **data.weights.outputs}.items()
    }
    mode = {"share_negatives": True} if sg else {"mean_context": True, "mean_gradient": False}
    tally = np.zeros(3)
    (span,) = spans(config, data.tokens.n_tokens, 0, span_tokens=65_536)
    reference(
        **exact,
        **data.output_tables(config),
        **mode,
        **span._asdict(),
        ids=data.tokens.ids,
        starts=data.tokens.starts,
        keep=data.vocab.keep_probabilities(config.sample),
        seed=config.seed,
        window=config.window,
        negative=negative,
        shrink_windows=True,
        with_loss=True,
        tally=tally,
    )
    report = train(get_backend("cuda"), config, data)
    for key, matrix in exact.items():
        np.testing.assert_allclose(getattr(data.weights, key), matrix, rtol=0, atol=1e-6)
    assert (report.pairs, report.kept_words) == tuple(tally[1:])
    assert report.loss == pytest.approx(tally[0], rel=1e-5)


def test_the_moves_of_upper_nodes_are_scaled():
    """With 64 warps the root, which every centre moves, has 64 copies; 16 may move at the full rate."""
    vocab = Vocab.from_ids(np.arange(3), np.array([2, 1, 1]))
    weights = initial_weights(vocab, 4, 1, hs=1, negative=0)
    paths = {"path_starts": weights.tree.path_starts, "path_steps": weights.tree.steps()}
    rates = cuda_plan.node_rates(vocab, np.ones(3, np.float32), n_warps=64, **paths)
    np.testing.assert_allclose(rates, [0.5, 0.25, 1])

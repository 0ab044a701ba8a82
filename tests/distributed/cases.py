"""A small corpus, and trainings of it in this process."""

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.config import TrainConfig
from fastw2v.distributed import Cluster, cluster_corpus
from fastw2v.distributed.training import Request, train_by
from tests.distributed.in_process import InProcess

OPTIONS = {"sg": 1, "epochs": 2, "workers": 1, "vector_size": 20, "sample": 0.01, "compute_loss": True, "seed": 3}
N_WORDS, N_LINES = 300, 2500


def write_text(path, n_lines=N_LINES, seed=0):
    """Lines of Zipf's words, some of them empty, in which each word is likely to be followed by the next."""
    rng = np.random.default_rng(seed)
    share = 1 / np.arange(1, N_WORDS + 1)
    lines = []
    for _ in range(n_lines):
        first = rng.choice(N_WORDS, rng.integers(0, 12), p=share / share.sum())
        words = np.stack([first, (first + 1) % N_WORDS], axis=1).reshape(-1)
        lines.append(" ".join(f"w{word}" for word in words))
    path.write_text("\n".join(lines))
    return path


def one_machine(path, **options):
    return Word2Vec(corpus_file=str(path), **OPTIONS | options)


def request_of(path, *, cluster=None, **options):
    return Request(cluster_corpus(path), cluster or Cluster(rounds=3, cycle=1), TrainConfig(**OPTIONS | options))


def trained_by(request, n_nodes, **faults):
    """What the workers of this process train, and their transport."""
    transport = InProcess(request.config, request.corpus, n_nodes, **faults)
    return train_by(transport, request), transport


def counts_of(report):
    return report.raw_words, report.kept_words, report.pairs


def assert_close(trained, model):
    """The same words, trained as often; the loss of the last epoch within a hundredth."""
    assert trained.wv.index_to_key == model.wv.index_to_key
    assert trained.state.vocab.counts.tolist() == model.vocab.counts.tolist()
    assert trained.state.vocab.n_raw_tokens == model.vocab.n_raw_tokens
    assert counts_of(trained.report) == counts_of(model.report)
    assert trained.report.loss_per_epoch[-1] == pytest.approx(model.report.loss_per_epoch[-1], rel=0.01)
    assert trained.cluster.words == trained.report.raw_words

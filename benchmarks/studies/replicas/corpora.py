"""What the replicas train on, with its scores: film reviews, and walks on a graph."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.corpora import reviews
from benchmarks.studies.node2vec import auc, community_graph, split
from fastw2v import KeyedVectors
from fastw2v.backends import TrainingData, loss_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import text_corpus
from fastw2v.datasets import evaluation_files
from fastw2v.encode import Tokens, encode_corpus, encode_with
from fastw2v.evaluation import analogies, word_pairs
from fastw2v.graph import Graph, Node2Vec
from fastw2v.loss import mean_loss
from fastw2v.vectors.weights import Weights, initial_weights
from fastw2v.vocab import Vocab

HELD_OUT = 20  # one line in so many is held out of the training
N_GROUPS = 10
N_NODES, N_EDGES = 10_000, 60_000

Scores = dict[str, float | list[float]]


@dataclass(frozen=True)
class Corpus:
    """A corpus to train on, and what scores its vectors.

    Parameters
    ----------
    vocab : Vocab
    tokens : Tokens
    options : dict
        Of `TrainConfig`, other than sg and seed.
    scores : callable
        ``scores(config, vocab, weights)``.
    first_rows : float
        Factor of the first input rows.
    """

    vocab: Vocab
    tokens: Tokens
    options: dict[str, float]
    scores: Callable[[TrainConfig, Vocab, Weights], Scores]
    first_rows: float = 1.0

    def data(self, config: TrainConfig) -> TrainingData:
        """Return the corpus with new weights."""
        weights = initial_weights(self.vocab, config.vector_size, config.seed)
        weights.w_in *= np.float32(self.first_rows)
        return TrainingData(self.vocab, self.tokens, weights)


def text(*, quick: bool = False, share: int = 1) -> Corpus:
    """Film reviews, or without FASTW2V_DATA_DIR the text of Python's standard library: losses of held-out lines.

    A `share` of 4 is the first quarter of the lines.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, train, other = (Path(folder, name) for name in ("whole", "train", "other"))
        reviews(whole, quick=quick)
        lines = whole.read_bytes().splitlines(keepends=True)
        del lines[len(lines) // share :]
        other.write_bytes(b"".join(lines[::HELD_OUT]))
        del lines[::HELD_OUT]
        train.write_bytes(b"".join(lines))
        vocab, tokens = encode_corpus(text_corpus(train), min_count=5)
        held_out = encode_with(text_corpus(other), vocab)
        held_out = Tokens(np.array(held_out.ids), np.array(held_out.starts))

    def scores(config: TrainConfig, vocab: Vocab, weights: Weights) -> Scores:
        losses = losses_by_frequency(config, TrainingData(vocab, held_out, weights))
        return losses | ({} if quick else of_vectors(vocab, weights))

    return Corpus(vocab, tokens, {}, scores)


def walks(*, quick: bool = False) -> Corpus:
    """Walks on a graph with communities: how well the vectors tell held-out edges from other pairs of nodes."""
    n_nodes, n_edges = (N_NODES // 20, N_EDGES // 20) if quick else (N_NODES, N_EDGES)
    edges, held_out, others = split(community_graph(n_nodes, n_edges), n_nodes)
    nodes = np.arange(n_nodes)
    weight = np.append(np.ones(len(edges)), np.zeros(n_nodes))  # nodes without an edge are there too
    graph = Graph.from_edges(np.append(edges[:, 0], nodes), np.append(edges[:, 1], nodes), weight)
    ids, starts = Node2Vec(graph, num_walks=2 if quick else 10, walk_length=40, workers=1).walks()
    visits = np.bincount(ids, minlength=n_nodes)

    def scores(config: TrainConfig, vocab: Vocab, weights: Weights) -> Scores:
        return {"AUC": 100 * auc(weights.w_in[:, : weights.dim].astype(np.float64), held_out, others)}

    options = {"vector_size": 64, "window": 5, "sample": 0.0, "epochs": 2}
    return Corpus(Vocab.from_ids(nodes, visits), Tokens(ids, starts), options, scores, first_rows=2.0)


CORPORA = {"reviews": text, "quarter": partial(text, share=4), "walks": walks}


def losses_by_frequency(config: TrainConfig, data: TrainingData) -> Scores:
    """Return the mean loss of a text, and of its centres in each tenth of the vocabulary, most frequent words first."""
    config = config.with_option("compute_loss", True)
    tokens, rank = data.tokens, np.argsort(np.argsort(-data.vocab.counts, kind="stable"), kind="stable")
    group = (rank * N_GROUPS // len(rank))[tokens.ids]
    found = []
    for number in range(N_GROUPS):
        weighted = Tokens(tokens.ids, tokens.starts, weights=(group == number).astype(np.float32))
        found.append(mean_loss(loss_backend("cpu"), config, data._replace(tokens=weighted)))
    return {"loss": mean_loss(loss_backend("cpu"), config, data), "losses": found}


def of_vectors(vocab: Vocab, weights: Weights) -> Scores:
    """Return analogies, WordSim-353 and SimLex-999, of 100."""
    vectors = KeyedVectors(vocab.keys, weights.w_in[:, : weights.dim], vocab.counts)
    pairs, (questions,) = evaluation_files()
    found = [100 * word_pairs(vectors, path).spearman.statistic for path in pairs]
    return {"analogies": 100 * analogies(vectors, questions, restrict_vocab=30_000).accuracy} | dict(
        zip(("WordSim-353", "SimLex-999"), found)
    )

"""The simulation of several machines, on a small text."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.studies.replicas import training
from benchmarks.studies.replicas.rules import Steps, rule_of
from benchmarks.studies.replicas.training import Plan
from fastw2v.backends import TrainingData, get_backend
from fastw2v.config import TrainConfig
from fastw2v.distributed import merged_in_turn
from fastw2v.distributed.contexts import contexts_of
from fastw2v.distributed.rounds import round_ends
from fastw2v.distributed.updates import UpdateCounter
from fastw2v.encode import encode_corpus
from fastw2v.trainer import train
from fastw2v.vectors.weights import initial_weights

N_WORDS, DIM = 200, 16
SMALL = {"vector_size": DIM, "window": 2, "epochs": 2, "workers": 1, "sample": 0.0}
RULES = ["sum", "mean", "mean of touched", "projection", "contraction 0.1 0.3", "directions", "in turn"]


@pytest.fixture(scope="module")
def corpus():
    ids = np.random.default_rng(0).zipf(1.3, (400, 20)) % N_WORDS
    return encode_corpus(ids, min_count=1)


def data_of(corpus, config):
    return TrainingData(*corpus, initial_weights(corpus[0], config.vector_size, config.seed))


def simulated(corpus, config, plan):
    data = data_of(corpus, config)
    training.train(config, data, plan)
    return data.weights


@pytest.mark.parametrize("sg", [0, 1])
def test_one_replica_is_plain_training_to_the_byte_in_any_number_of_rounds(sg, corpus):
    config = TrainConfig(sg=sg, **SMALL)
    data = data_of(corpus, config)
    train(get_backend("cpu"), config, data)
    for rounds in (1, 7):
        weights = simulated(corpus, config, Plan("mean", 1, rounds))
        np.testing.assert_array_equal(weights.w_in, data.weights.w_in)
        np.testing.assert_array_equal(weights.w_out, data.weights.w_out)


@pytest.mark.parametrize("n_workers", [2, 3])
@pytest.mark.parametrize("rounds", [1, 7])
def test_the_replicas_train_each_token_once_an_epoch_and_the_rate_falls_with_all_of_them(n_workers, rounds, corpus):
    config = TrainConfig(**SMALL)
    replicas = training._Replicas(config, data_of(corpus, config), Plan("mean", n_workers, rounds))
    n_tokens = corpus[1].n_tokens
    for epoch in range(config.epochs):
        trained, rates = np.zeros(n_tokens, int), []
        for number in range(rounds):
            bounds = Fraction(number, rounds), Fraction(number + 1, rounds)
            planned = [replicas._span(epoch, bounds, worker=k) for k in range(n_workers)]
            for span in planned:
                trained[span.begin : span.end] += 1
                rates.append([span.lr_first + span.lr_step * place for place in (span.begin, span.end)])
                assert span.epoch == epoch
        assert (trained == 1).all()
        fall = (config.alpha - config.min_alpha) / config.epochs
        first = config.alpha - fall * epoch
        by_round = np.array(rates).reshape(rounds, n_workers, 2)
        np.testing.assert_allclose(by_round[:, :, 0], by_round[:, :1, 0].repeat(n_workers, 1), atol=2e-5)
        np.testing.assert_allclose([by_round[0, 0, 0], by_round[-1, 0, 1]], [first, first - fall], atol=1e-5)


@pytest.mark.parametrize("rule", RULES)
def test_after_a_round_all_replicas_have_the_merged_rows(rule, corpus):
    config = TrainConfig(sg=1, **SMALL)
    data = data_of(corpus, config)
    before = data.weights.w_in.copy()
    replicas = training._Replicas(config, data, Plan(rule, 3, 2))
    replicas.train_round(0, (Fraction(0), Fraction(1, 2)))
    for matrix, base in zip(replicas._matrices, (data.weights.w_in, data.weights.w_out)):
        for replica in matrix.replicas:
            np.testing.assert_array_equal(replica, base)
    assert (data.weights.w_in != before).any()


def test_more_moves_are_kept_by_a_sum_than_by_a_mean(corpus):
    config = TrainConfig(sg=1, **SMALL)
    lengths = {rule: np.linalg.norm(simulated(corpus, config, Plan(rule, 4, 2)).w_out) for rule in RULES}
    assert lengths["mean"] < lengths["mean of touched"] < lengths["projection"] < lengths["sum"]
    assert lengths["mean"] < lengths["contraction 0.1 0.3"] < lengths["sum"]


@pytest.mark.parametrize("rounds", [0, 1, 3])
def test_rounds_follow_each_other_and_are_those_of_a_cluster_unless_told_otherwise(rounds):
    config, n_tokens = TrainConfig(epochs=2), 300_000
    places = [(epoch + begin, epoch + end) for epoch, begin, end in Plan("mean", 8, rounds).bounds(config, n_tokens)]
    assert [begin for begin, _ in places] == [0, *(end for _, end in places[:-1])]
    assert [int(end * n_tokens) for _, end in places] == round_ends(config, n_tokens, rounds or None).tolist()


def test_the_moves_of_another_replica_are_the_last_in_each_round():
    rng = np.random.default_rng(0)
    base, moved = rng.random((600, DIM), np.float32), rng.random((3, 600, DIM), np.float32)
    curvature = rng.random(DIM), np.eye(DIM)
    for first in (0, 1, 2):
        matrix = training._Matrix(base.copy(), 3, rule_of("in turn")[0])
        matrix.replicas[:] = moved
        matrix.merge(Steps(np.ones(600), curvature), first=first)
        order = [(first + k) % 3 for k in range(3)]
        named = {"curvatures": curvature[0], "directions": curvature[1]}
        expected = merged_in_turn(base, moved[order], np.ones(600), **named)
        np.testing.assert_allclose(matrix.replicas[0], expected, rtol=1e-6)


def test_updates_are_those_of_positives_and_negatives(corpus):
    vocab, tokens = corpus
    config = TrainConfig(sg=1, negative=5, **SMALL)
    contexts = contexts_of(tokens, np.ones(len(vocab)), config)
    updates = UpdateCounter(config, vocab, contexts).of(vocab.counts)
    n_pairs = tokens.n_tokens * (
        3 - 2 * (1 / 2 * 1 + 1 / 2 * 3) / 20
    )  # windows of 1 or 2, cut at both ends of 20 words
    assert updates.inputs.sum() == pytest.approx(n_pairs, rel=0.01)
    assert updates.outputs.sum() == pytest.approx(6 * updates.inputs.sum())
    of_cbow = UpdateCounter(config.with_option("sg", 0), vocab, contexts).of(vocab.counts)
    assert of_cbow.outputs.sum() == pytest.approx(6 * tokens.n_tokens)
    assert of_cbow.inputs.sum() == pytest.approx(n_pairs, rel=0.01)


def test_curvatures_are_those_of_targets_and_of_contexts(corpus):
    vocab, tokens = corpus
    config = TrainConfig(sg=1, negative=5, ns_exponent=0.5, **SMALL)
    w_in, w_out = np.zeros((2, len(vocab), DIM), np.float32)
    w_in[:, 0], w_out[:, 1] = 2.0, 3.0
    w_in[0, 2] = w_out[0, 3] = 1.0  # the most frequent word has a direction of its own
    share, noise = vocab.counts[0] / vocab.counts.sum(), (vocab.counts**0.5)[0] / (vocab.counts**0.5).sum()
    counter = UpdateCounter(config, vocab, contexts_of(tokens, np.ones(len(vocab)), config))
    (inputs, _), (outputs, _) = counter.curvatures(w_in, w_out)
    assert inputs.sum() == pytest.approx(0.25 * (6 * 9 + share + 5 * noise), rel=1e-5)
    assert outputs.sum() == pytest.approx(0.25 * (4 + share), rel=1e-5)


def test_an_unknown_rule_is_refused():
    with pytest.raises(ValueError, match="the rule is 'median'; expected sum, mean, mean of touched, projection"):
        rule_of("median")

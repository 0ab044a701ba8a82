import re
import time

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.vectors import divergence
from fastw2v.vectors.divergence import DivergedError, DivergenceWatch
from fastw2v.vectors.weights import Weights, weights_of

RNG = np.random.default_rng(4)
SENTENCES = [[f"w{n}" for n in RNG.zipf(1.5, 20) % 50] for _ in range(2000)]
EXPLODES = {"min_count": 1, "sample": 0, "vector_size": 16, "alpha": 5.0, "min_alpha": 5.0}


def watch_of(n_vocab=1000, value=1.0):
    weights = weights_of(np.full((n_vocab, 8), value, np.float32), w_out=np.zeros((n_vocab, 8), np.float32))
    return weights, DivergenceWatch(weights, 0.5)


@pytest.mark.parametrize("which", ["w_in", "w_out"])
@pytest.mark.parametrize("row", [0, 31, -1])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e9, 1001])
def test_rows_that_no_training_makes_end_it_with_the_cure(which, row, value):
    weights, watch = watch_of()
    watch.look(0.25, loss=1.0)
    getattr(weights, which)[row, 7] = value
    cure = r"training diverged: after 25.0 % of the work .*lower alpha \(it was 0.5; the default is 0.025"
    with pytest.raises(DivergedError, match=cure):
        watch.look(0.25, loss=1.0)


def test_large_vectors_of_a_file_may_be_trained():
    weights, watch = watch_of(value=500)
    weights.w_in[0] = 40_000
    watch.look(0.5, loss=1.0)
    weights.w_in[0] = 60_000
    with pytest.raises(DivergedError):
        watch.look(0.5, loss=1.0)


@pytest.mark.parametrize("n_vocab", [0, 1, 2, 31, 65])
def test_small_vocabularies(n_vocab):
    weights, watch = watch_of(n_vocab)
    watch.look(0.5, loss=0.0)
    watch.look_at_all()
    weights.w_in[:] = np.nan
    if n_vocab:
        with pytest.raises(DivergedError):
            watch.look_at_all()


def test_at_the_end_every_input_row_counts():
    weights, watch = watch_of(100_000)
    weights.w_in[54_321] = np.inf
    weights.w_in[54_322] = -np.inf
    watch.look(1.0, loss=1.0)
    with pytest.raises(DivergedError, match="at the end the vectors have the value nan"):
        watch.look_at_all()


def test_a_loss_that_is_no_number():
    with pytest.raises(DivergedError, match="the loss has the value nan"):
        watch_of()[1].look(1.0, loss=float("nan"))


def test_within_an_epoch_the_rows_are_looked_at_from_time_to_time(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    weights, watch = watch_of()
    weights.w_in[:] = np.nan
    watch.look(0.5)
    now[0] = 2 * divergence._SECONDS
    with pytest.raises(DivergedError):
        watch.look(0.5)


def test_vectors_that_are_not_finite_before_training():
    with pytest.raises(ValueError, match="the value nan before training") as error:
        watch_of(value=np.nan)
    assert not isinstance(error.value, DivergedError)


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 1, "negative_sharing": "pair"}, {"sg": 0}], ids=str)
@pytest.mark.parametrize("workers", [1, 2])
def test_a_training_that_explodes_ends_early(options, workers, monkeypatch):
    monkeypatch.setattr(divergence, "_SECONDS", 0)
    with pytest.raises(DivergedError, match=r"lower alpha \(it was 5;") as error:
        Word2Vec(SENTENCES, epochs=1000, workers=workers, **EXPLODES, **options)
    assert float(re.search(r"after ([\d.]+) % of the work", str(error.value))[1]) < 1


def test_a_model_that_exploded_can_be_begun_anew():
    model = Word2Vec(**EXPLODES)
    model.build_vocab(SENTENCES)
    with pytest.raises(DivergedError):
        model.train(SENTENCES)
    with pytest.raises(ValueError, match="before training"):
        model.train(SENTENCES, start_alpha=0.025, end_alpha=0.001)
    model.init_weights()
    model.train(SENTENCES, start_alpha=0.025, end_alpha=0.001)
    assert np.isfinite(model.wv.vectors).all()


@pytest.mark.parametrize(
    ("sentences", "options", "cause"),
    [
        ([["a"], ["b"]] * 5, {}, "each sentence has one word of the vocabulary"),
        ([["a", "b"], ["b", "c"]] * 5, {"min_count": 10}, r"lower min_count \(it is 10\)"),
        ([["a", "b"]] * 5, {"sample": 1e-12}, r"raise sample \(it is 1e-12\)"),
    ],
)
def test_that_no_pair_was_trained_is_said_with_its_cause(sentences, options, cause, caplog):
    model = Word2Vec(sentences, **{"min_count": 1, "sample": 0, "vector_size": 16} | options)
    assert model.report.pairs == 0
    [line] = [record.message for record in caplog.records if record.message.startswith("no pair")]
    assert re.search(f"no pair of words was trained: .*{cause}", line)


def test_nothing_is_said_of_a_training_with_pairs(caplog):
    Word2Vec([["a", "b"]] * 5, min_count=1, sample=0, vector_size=16)
    assert "no pair" not in caplog.text


@pytest.mark.parametrize("which", [0, 5, -1])
def test_rows_of_ngrams_are_looked_at_too(which):
    weights = Weights(np.ones((1500, 16), np.float32), np.zeros((1000, 16), np.float32), 8)
    rows = divergence._some_rows(1500)
    weights.w_in[rows[rows >= 1000][which], 2] = np.nan
    with pytest.raises(ValueError, match="a vector has the value nan before training"):
        DivergenceWatch(weights, 0.5)

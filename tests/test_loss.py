"""The mean loss of a text under the current weights, against a recomputation in float64; the model stays as it is."""

import math
import threading

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.backends import TrainingData, get_backend
from fastw2v.backends.cuda import CudaBackend
from fastw2v.encode import encode_with
from fastw2v.loss import _EPOCH, mean_loss
from fastw2v.schedule import Span
from fastw2v.vectors.weights import Weights
from tests.backends.training import MODES, mode_name, tally_by_reference

WORDS = [f"w{i}" for i in range(40)]
rng = np.random.default_rng(7)
TEXT = [[WORDS[i] for i in rng.integers(0, 40, n)] for n in [*rng.integers(1, 25, 30), 300, 1, 77]]
HELD_OUT = [[WORDS[i] for i in rng.integers(0, 40, n)] + ["unknown"] for n in (5, 1, 30, 12)]
ERROR = 2e-6  # of a mean, relative to the true one: that of float32 scores


def model_of(text=TEXT, **options):
    """With compute_loss, for kernels that other tests compile, too; the untrained model below has none."""
    fixed = {"vector_size": 16, "workers": 1, "min_count": 1, "sample": 0.05, "epochs": 2, "alpha": 0.2}
    return Word2Vec(text, **(fixed | {"compute_loss": True} | options))


def true_loss(model, text):
    """The mean loss by the reference, in float64."""
    state, config = model._state, model.config
    matrices = [matrix.astype(np.float64) for matrix in (state.weights.w_in, state.weights.w_out)]
    with encode_with(text, state.vocab) as tokens:
        span = Span(_EPOCH, 0, tokens.n_tokens, 0.0, 0.0)
        loss, pairs, _ = tally_by_reference(config, (state.vocab, tokens), matrices, spans=[span])
    return loss / pairs


def content(model):
    """All that a training leaves in a model, the bits of its weights, and what trainings draw next."""
    weights = model._state.weights
    numbers = (model.report, model.seconds, model.running_training_loss, model.train_count, model.epochs_trained)
    return weights.w_in.tobytes(), weights.w_out.tobytes(), model.lifecycle_events, model.config, repr(numbers)


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_equals_a_recomputation_in_float64(mode, workers, monkeypatch):
    monkeypatch.setattr("fastw2v.backends.cpu.CpuBackend.tally_tokens", 100)
    model = model_of(**mode)
    found = model.mean_loss(TEXT)
    assert found == pytest.approx(true_loss(model, TEXT), rel=ERROR)
    model.workers = workers
    assert model.mean_loss(TEXT) == found
    assert model.mean_loss(HELD_OUT) == pytest.approx(true_loss(model, HELD_OUT), rel=ERROR)


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_not_one_bit_of_the_model_changes(mode):
    model = model_of(**mode, compute_loss=True)
    weights = model._state.weights
    for matrix in (weights.w_in, weights.w_out):
        matrix[:4, :5] = -0.0
        matrix[5, :3] = 1e-42  # a number that processors may take for 0
    before = content(model)
    model.mean_loss(TEXT)
    assert content(model) == before
    model.wv.vectors_lockf = np.zeros(len(model.wv), np.float32)  # factors of rows play no part
    assert model.mean_loss(TEXT) == pytest.approx(true_loss(model, TEXT), rel=ERROR)


def test_training_goes_on_as_without_it():
    measured, plain = model_of(epochs=1), model_of(epochs=1)
    measured.mean_loss(HELD_OUT)
    for model in (measured, plain):
        model.train(TEXT)
    assert measured.wv.vectors.tobytes() == plain.wv.vectors.tobytes()


class LossOfEachEpoch:
    def __init__(self):
        self.before, self.after = [], []

    def on_epoch_begin(self, model):
        self.before.append(model.mean_loss(HELD_OUT))

    def on_epoch_end(self, model):
        self.after.append(model.mean_loss(HELD_OUT))


def test_callbacks_may_ask_for_it_while_the_model_is_trained():
    losses = LossOfEachEpoch()
    model = model_of(epochs=3, callbacks=[losses], compute_loss=True)
    assert losses.before[1:] == losses.after[:-1]
    assert losses.after[-1] == model.mean_loss(HELD_OUT)
    assert len(set(losses.after)) == len(model.report.loss_per_epoch) == 3
    plain = model_of(epochs=3, compute_loss=True)
    assert model.wv.vectors.tobytes() == plain.wv.vectors.tobytes()
    assert model.report.loss_per_epoch == plain.report.loss_per_epoch


@pytest.mark.parametrize("sg", [0, 1])
def test_an_untrained_model_is_at_log_2_for_each_target(sg):
    words = [[f"w{i}", f"v{i}"] for i in range(3000)]
    model = Word2Vec(vector_size=16, min_count=1, sample=0, sg=sg)
    model.build_vocab(words)
    assert model.mean_loss(words) == pytest.approx(6 * math.log(2), rel=1e-3)  # a few negatives are their positive
    assert model.mean_loss(words) == pytest.approx(true_loss(model, words), rel=ERROR)
    assert model._state.weights.w_out.tobytes() == bytes(model._state.weights.w_out.nbytes)


def test_its_samples_are_none_of_the_training():
    """At a rate near 0 the epochs differ by their samples alone, and so does this."""
    model = model_of(epochs=1)
    model._state.epochs_trained = 0
    model.train(TEXT, start_alpha=1e-12, end_alpha=0, epochs=5, compute_loss=True)
    losses = [*model.report.loss_per_epoch, model.mean_loss(TEXT)]
    assert len(set(losses)) == 6
    assert np.ptp(losses) < 0.1 * losses[0]


def test_a_text_that_was_not_trained_has_a_larger_loss():
    pairs = [["a", "b"], ["c", "d"], ["e", "f"], ["g", "h"]]
    model = Word2Vec(pairs * 200, sg=1, min_count=1, sample=0, vector_size=16, workers=1, epochs=20)
    assert model.mean_loss(pairs * 9) < 0.5 * model.mean_loss([["a", "d"], ["g", "b"]] * 9)


def test_a_file_and_a_loaded_model_give_the_same(tmp_path):
    model, text = model_of(), tmp_path / "text.txt"
    text.write_text("\n".join(" ".join(sentence) for sentence in HELD_OUT))
    model.save(tmp_path / "model.safetensors")
    loaded = Word2Vec.load(tmp_path / "model.safetensors")
    assert model.mean_loss(corpus_file=text) == model.mean_loss(HELD_OUT) == loaded.mean_loss(HELD_OUT)


def test_what_the_user_wrote_to_the_vectors_counts():
    model = model_of()
    before = model.mean_loss(TEXT)
    model.wv.vectors = model.wv.vectors * 0
    assert model.mean_loss(TEXT) == pytest.approx(true_loss(model, TEXT), rel=ERROR) != before


def test_vectors_that_are_no_numbers_give_no_number():
    for value in (np.nan, np.inf):
        model = model_of()
        model._state.weights.w_in[3, :3] = value
        assert not math.isfinite(model.mean_loss(TEXT))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ([["unknown", "words"]], "no pair of words: 2 words, 0 in the vocabulary"),
        ([["w1"], ["w2", "unknown"]], "no pair of words: 3 words, 2 in the vocabulary"),
    ],
)
def test_a_text_without_a_pair_is_refused(text, message):
    with pytest.raises(ValueError, match=message):
        model_of().mean_loss(text)


def test_what_cannot_be_measured_is_refused():
    with pytest.raises(RuntimeError, match="build_vocab"):
        Word2Vec().mean_loss(TEXT)
    with pytest.raises(TypeError, match="corpus"):
        model_of().mean_loss()
    with pytest.raises(TypeError, match="integers"):
        model_of().mean_loss([[1, 2, 3]])


def test_a_generator_is_taken_once():
    model, sentences = model_of(), (sentence for sentence in TEXT)
    assert model.mean_loss(sentences) == model.mean_loss(TEXT)
    with pytest.raises(ValueError, match="used up"):
        model.mean_loss(sentences)


def test_it_runs_in_a_thread_of_the_user():
    model, found = model_of(), []
    thread = threading.Thread(target=lambda: found.append(model.mean_loss(TEXT)))
    thread.start()
    thread.join()
    assert found == [model.mean_loss(TEXT)]


def measured(backend, model, text):
    weights = model._state.weights
    config = model.config.with_option("compute_loss", True)
    with encode_with(text, model.vocab) as tokens:
        data = TrainingData(model.vocab, tokens, Weights(weights.w_in, weights.w_out, weights.dim))
        return mean_loss(backend, config, data)


@pytest.mark.cuda
@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_the_gpu_gives_the_same(mode):
    text = [sentence[:12] for sentence in HELD_OUT]
    model = model_of(**mode, window=2, negative=3)
    before = content(model)
    there = measured(get_backend("cuda"), model, text)
    assert there == pytest.approx(true_loss(model, text), rel=ERROR)
    assert there == pytest.approx(model.mean_loss(text), rel=ERROR)
    assert content(model) == before


def test_the_spans_of_a_streamed_corpus_add_up(monkeypatch):
    from tests import fake_cupy

    fake_cupy.install(monkeypatch)
    model = model_of()
    before, expected = content(model), model.mean_loss(TEXT)
    monkeypatch.setattr("fastw2v.backends.cuda_plan.MOST_SPAN_TOKENS", 50)
    assert measured(CudaBackend(), model, TEXT) == pytest.approx(expected, rel=1e-12)
    assert content(model) == before

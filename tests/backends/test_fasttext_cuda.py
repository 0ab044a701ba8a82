"""FastText on the GPU, through the trainer: one warp computes what one worker of the CPU does."""

import logging

import numpy as np
import pytest

from fastw2v import FastText
from fastw2v.backends import TrainingData, cuda_plan, get_backend
from fastw2v.backends.cuda_subwords import group_option, subword_rates
from fastw2v.config import FastTextConfig
from fastw2v.encode import encode_corpus
from fastw2v.trainer import train
from fastw2v.vectors.subwords import NgramRule, Subwords
from fastw2v.vectors.weights import initial_subword_weights
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK

SENTENCES = [["walking", "talked", "a", "walks"], ["a", "talks"], ["walks"]]
SMALL = {"min_count": 1, "vector_size": 6, "window": 2, "epochs": 2, "bucket": 40, "max_n": 4, "sample": 0}
LOSSES = [{"negative": 2}, {"hs": 1, "negative": 0}, {"hs": 1, "negative": 2}]
each_loss = pytest.mark.parametrize("losses", LOSSES, ids=str)
each_sg = pytest.mark.parametrize("sg", [0, 1])


def model_of(device="cuda", **options):
    return FastText(SENTENCES, device=device, compute_loss=True, workers=1, **(SMALL | options))


def assert_same(there, here):
    np.testing.assert_allclose(there.wv.vectors, here.wv.vectors, rtol=0, atol=1e-6)
    np.testing.assert_allclose(there.wv.vectors_ngrams, here.wv.vectors_ngrams, rtol=0, atol=1e-6)
    for name, matrix in there._state.weights.outputs.items():
        np.testing.assert_allclose(matrix, here._state.weights.outputs[name], rtol=0, atol=1e-6)
    assert (there.report.pairs, there.report.kept_words) == (here.report.pairs, here.report.kept_words)
    assert there.report.loss == pytest.approx(here.report.loss, rel=1e-5)


@pytest.mark.cuda
@pytest.mark.parametrize(
    ("sg", "losses"),
    [
        (sg, losses) if i != 1 + sg else pytest.param(sg, losses, marks=pytest.mark.slow)
        for sg in (0, 1)
        for i, losses in enumerate(LOSSES)
    ],
    ids=str,
)
def test_the_gpu_trains_as_the_cpu(sg, losses, caplog):
    with caplog.at_level(logging.INFO, "fastw2v"):
        there = model_of(sg=sg, **losses)
    assert_same(there, model_of("cpu", sg=sg, **losses))
    assert there.report.device == "cuda"
    assert f"compiled the {'skip-gram' if sg else 'CBOW'} (subwords) kernel for vector_size 6" in caplog.text


@pytest.mark.cuda
@pytest.mark.parametrize(
    "options",
    [pytest.param({"negative_sharing": "pair"}, marks=pytest.mark.slow), {"bucket": 0}, {"sample": 0.3}],
    ids=str,
)
def test_so_it_does_with_other_options(options):
    assert_same(model_of(sg=1, negative=2, **options), model_of("cpu", sg=1, negative=2, **options))


@pytest.mark.cuda
@each_sg
def test_a_saved_model_goes_on_where_it_was(sg, tmp_path):
    there, here = model_of(sg=sg, negative=2), model_of("cpu", sg=sg, negative=2)
    there.save(tmp_path / "model")
    loaded = FastText.load(tmp_path / "model")
    assert loaded.wv.vectors.tobytes() == there.wv.vectors.tobytes()
    for model in (loaded, here):
        model.train(SENTENCES, epochs=1)
    assert_same(loaded, here)
    assert loaded.report.device == "cuda"


@pytest.mark.cuda
def test_a_checkpoint_of_the_gpu_is_resumed(tmp_path):
    class Killed(Exception): ...  # noqa: N818 - it is no error

    def kill(phase, done, total):
        if phase == "train" and done > 7:
            raise Killed

    options = {"sg": 1, "negative": 2, "epochs": 3, "checkpoint": tmp_path / "c", "checkpoint_every": "epoch"}
    with pytest.raises(Killed):
        model_of(progress=kill, **options)
    resumed = FastText.resume(tmp_path / "c", SENTENCES)
    assert_same(resumed, model_of("cpu", sg=1, negative=2, epochs=3))


@pytest.mark.cuda
def test_no_vectors_are_left_on_the_gpu():
    model = model_of(negative=2)
    assert model._state.weights.on_device is None
    with pytest.raises(RuntimeError, match=r"FastText leaves no vectors on a GPU .* fastw2v.nn.to_gpu"):
        model.device_vectors()


@pytest.mark.cuda
@pytest.mark.slow
def test_a_held_out_loss_is_measured_there():
    there, here = model_of(negative=2), model_of("cpu", negative=2)
    assert there.mean_loss([["walking", "a"]]) == pytest.approx(here.mean_loss([["walking", "a"]]), rel=1e-5)
    assert_same(there, here)


def words_corpus(n_tokens, *, are_alike=False):
    """Sentences of 1 to 30 of a few words; if they are alike, some are very frequent, and all begin alike."""
    rng, left, sentences = np.random.default_rng(3), n_tokens, []
    while left > 0:
        n = min(int(rng.integers(1, 30)), left)
        numbers = rng.zipf(1.5, n) % 30 if are_alike else rng.integers(0, 30, n)
        sentences.append([f"word{w}" if are_alike else 3 * chr(97 + w) for w in numbers])
        left -= n
    return encode_corpus(sentences, min_count=1)


def config_of(**options):
    return FastTextConfig(**({"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1} | options))


def data_of(config, corpus):
    subwords = Subwords.of(corpus[0], NgramRule(3, 4, 5000))
    losses = {"hs": config.hs, "negative": config.negative}
    weights = initial_subword_weights(corpus[0], config.vector_size, subwords, seed=1, **losses)
    return TrainingData(*corpus, weights)


@pytest.mark.slow
@each_loss
@each_sg
def test_a_streamed_corpus_trains_as_a_resident_one(sg, losses, gpu, monkeypatch):
    """With the kernels of the CPU. Spans begin within sentences, and blocks and groups stay where they were."""
    config, corpus = config_of(sg=sg, window=3, sample=0.01, epochs=2, seed=2**64 - 3, **losses), words_corpus(3500)
    whole, streamed = data_of(config, corpus), data_of(config, corpus)
    report = train(get_backend("cuda"), config, whole)
    monkeypatch.setattr(cuda_plan, "_LEAST_STREAMED_TOKENS", 1)
    least = cuda_plan._model_bytes(config, streamed, 1)
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: least + 30 * 400)
    gpu.clear()
    streamed_report = train(get_backend("cuda"), config, streamed)
    assert max(call["end"] - call["begin"] for call in gpu[1:]) == TOKENS_PER_BLOCK
    assert (report.pairs, report.kept_words) == (streamed_report.pairs, streamed_report.kept_words)
    assert streamed_report.loss == pytest.approx(report.loss, rel=1e-6)
    for name, matrix in {"w_in": whole.weights.w_in, **whole.weights.outputs}.items():
        np.testing.assert_allclose(getattr(streamed.weights, name), matrix, rtol=0, atol=1e-6)


def test_the_plan_counts_the_rows_of_ngrams_and_their_lists(gpu, monkeypatch):
    config, corpus = config_of(), words_corpus(300)
    data = data_of(config, corpus)
    lists = data.weights.subwords
    bytes_of = cuda_plan._model_bytes(config, data, 1)
    data.weights.subwords = None
    assert bytes_of - cuda_plan._model_bytes(config, data, 1) == lists.row_ids.nbytes + lists.row_starts.nbytes
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1000)
    sizes = f"{len(data.weights.w_in)} x 16 and {len(corpus[0])} x 16"
    with pytest.raises(MemoryError, match=rf"a model of two float32 matrices {sizes}, .* needs 0\.27 GB on the GPU"):
        cuda_plan.plan(config, data, 1000)


@pytest.mark.parametrize("options", [{"sg": 1}, {"sg": 0}, {"sg": 1, "hs": 1}, {"sg": 0, "hs": 1}], ids=str)
def test_a_window_that_is_too_large_is_refused_before_anything_is_read(options, gpu):
    with pytest.raises(ValueError, match=r"window is 60000; expected at most \d+ on a GPU, with 5 negatives"):
        FastText(iter([]), device="cuda", window=60_000, **options)


@pytest.mark.parametrize(("options", "together"), [({"sg": 0}, 11), ({"sg": 1, "window": 6}, 1)], ids=str)
def test_only_rows_that_many_warps_hold_are_slowed_down(options, together, gpu):
    """A row is held as often as the words that it is in, and a word may have it twice."""
    config, corpus = config_of(sample=0, **options), words_corpus(2000, are_alike=True)
    data = data_of(config, corpus)
    subwords, vocab, keep = data.weights.subwords, corpus[0], np.ones(len(corpus[0]), np.float32)
    rate_in, rate_out = subword_rates(config, data, keep, subwords=subwords, n_warps=200)
    lists = np.split(subwords.row_ids, subwords.row_starts[1:-1])
    uses = np.array(
        [sum(n * (rows == row).sum() for n, rows in zip(vocab.counts, lists)) for row in range(len(rate_in))]
    )
    copies = 200 * together * uses / vocab.counts.sum()
    np.testing.assert_allclose(rate_in, np.minimum(1, 16 / np.maximum(copies, 1e-9)), rtol=1e-5)
    assert rate_in.min() < 1
    assert rate_out[0] < 1
    assert all(r.tolist() == [1] for r in subword_rates(config, data, keep, subwords=subwords, n_warps=1))


def test_groups_are_chosen_as_on_the_cpu_and_hold_more_words(gpu):
    config, alike, other = config_of(sg=1, sample=0), words_corpus(2000, are_alike=True), words_corpus(2000)
    keep = np.ones(30, np.float32)
    assert group_option(config, data_of(config, alike), keep[: len(alike[0])]) == {"in_groups": False}
    data = data_of(config, other)
    assert group_option(config, data, keep) == {"in_groups": True}
    assert group_option(config_of(sg=0), data, keep) == group_option(config_of(sg=1, hs=1), data, keep) == {}
    of_group, of_one = (
        subword_rates(
            config_of(sg=1, sample=0, window=window), data, keep, subwords=data.weights.subwords, n_warps=1000
        )
        for window in (5, 6)
    )
    for grouped, single in zip(of_group, of_one):
        np.testing.assert_allclose(grouped, np.minimum(1, single / 8), rtol=1e-5)

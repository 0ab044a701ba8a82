import itertools
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v.backends import Tally, cpu, get_backend
from fastw2v.backends.cpu import CpuBackend
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.schedule import Span
from fastw2v.trainer import Hooks, TrainReport, train
from tests.backends.training import MODES, by_reference, config_of, data_of, mode_name, tally_by_reference
from tests.kernels.harness import assert_parity


@pytest.fixture(autouse=True)
def several_workers(monkeypatch):
    """Let several workers train small corpora, too."""
    monkeypatch.setattr(cpu, "_SMALL_TOKENS", 0)


@pytest.fixture(scope="module")
def corpus():
    rng = np.random.default_rng(5)
    walks = [rng.integers(0, 30, rng.integers(1, 25)) for _ in range(25)]
    return encode_corpus(walks, min_count=1)


def trained(config, corpus, **options):
    data = data_of(config, corpus)
    return data.weights, train(get_backend("cpu"), config, data, **options)


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
@pytest.mark.parametrize("options", [{}, {"sample": 0.01, "window": 2, "shrink_windows": 0, "seed": 2**64 - 1}])
def test_equals_the_reference(mode, options, corpus):
    config = config_of(epochs=2, alpha=0.05, **({"sample": 0.05} | mode | options))
    weights, report = trained(config, corpus)
    kernel = {"w_in": weights.w_in, "w_out": weights.w_out, "loss": np.array([report.loss])}
    kernel["counts"] = np.array([report.pairs, report.kept_words])
    assert_parity(kernel, by_reference(config, corpus, np.float32), by_reference(config, corpus, np.float64))


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
@pytest.mark.parametrize("workers", [1, 2, 5])
def test_mean_losses_equal_a_recomputation_in_float64(mode, workers, corpus):
    """At a learning rate next to 0 the order of the updates plays no part, so the number of workers does not either."""
    config = config_of(epochs=2, alpha=1e-12, min_alpha=0, workers=workers, sample=0.05, **mode)
    assert losses_of(CpuBackend(), config, corpus) == pytest.approx(true_losses(config, corpus), rel=1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_mean_losses_of_the_gpu_equal_a_recomputation_in_float64(mode, corpus):
    config = config_of(epochs=1, alpha=1e-12, min_alpha=0, negative=2, window=2, sample=0.005, **mode)
    assert losses_of(get_backend("cuda"), config, corpus) == pytest.approx(true_losses(config, corpus), rel=1e-6)


def data_with_losses(config, corpus):
    """Weights whose output rows are not 0, so that each pair has a loss of its own."""
    data = data_of(config, corpus)
    rng, weights = np.random.default_rng(2), data.weights
    for matrix in (weights.w_in, weights.w_out):
        matrix[:, : weights.dim] = rng.normal(0, 1, (len(matrix), weights.dim))
    return data


def losses_of(backend, config, corpus):
    return train(backend, config, data_with_losses(config, corpus)).loss_per_epoch


def true_losses(config, corpus):
    weights, n_tokens, means = data_with_losses(config, corpus).weights, corpus[1].n_tokens, []
    for epoch in range(config.epochs):
        matrices = [matrix.astype(np.float64) for matrix in (weights.w_in, weights.w_out)]
        loss, pairs, _ = tally_by_reference(config, corpus, matrices, spans=[Span(epoch, 0, n_tokens, 0.0, 0.0)])
        means.append(loss / pairs)
    return means


def test_means_and_sums_of_ten_billion_pairs_lose_no_digit():
    report, mean = TrainReport("cpu"), 2.123456789012345
    for _ in range(5):
        report.count(Tally(mean * 10**10, 10**10, 10**10))
        report.end_epoch(with_loss=True)
    assert report.loss_per_epoch == pytest.approx([mean] * 5, rel=1e-15)
    assert report.loss == pytest.approx(5e10 * mean, rel=1e-15)
    assert report.pairs == 5 * 10**10


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_one_worker_is_reproducible_byte_for_byte(mode, corpus):
    config = config_of(epochs=2, sample=0.05, **mode)
    (a, report_a), (b, report_b) = trained(config, corpus), trained(config, corpus)
    assert a.w_in.tobytes() == b.w_in.tobytes()
    assert a.w_out.tobytes() == b.w_out.tobytes()
    assert report_a.loss_per_epoch == report_b.loss_per_epoch


@pytest.mark.parametrize("n", [1, 3, 50])
def test_result_does_not_depend_on_the_spans(n, corpus, monkeypatch):
    config = config_of(sample=0.05, sg=1)
    whole, report = trained(config, corpus)
    monkeypatch.setattr("fastw2v.backends.cpu.span_tokens", lambda config: n)
    cut, cut_report = trained(config, corpus)
    assert whole.w_in.tobytes() == cut.w_in.tobytes()
    assert (report.pairs, report.kept_words) == (cut_report.pairs, cut_report.kept_words)


@pytest.mark.parametrize("workers", [2, 7])
def test_samples_do_not_depend_on_the_workers(workers, corpus):
    _, one = trained(config_of(sample=0.05, sg=1), corpus)
    _, many = trained(config_of(sample=0.05, sg=1, workers=workers), corpus)
    assert (one.raw_words, one.kept_words, one.pairs) == (many.raw_words, many.kept_words, many.pairs)


def test_seeds_differ(corpus):
    (a, _), (b, _) = (trained(config_of(seed=seed), corpus) for seed in (1, 2))
    assert not np.array_equal(a.w_in, b.w_in)


def test_threads_are_named_and_end(corpus):
    seen = []
    trained(config_of(workers=2), corpus, progress=lambda *_: seen.extend(training_threads()))
    assert seen
    assert not training_threads()


def test_progress_goes_up_to_all_words(corpus):
    calls = []
    _, report = trained(config_of(epochs=3, workers=2), corpus, progress=lambda *call: calls.append(call))
    total = 3 * corpus[1].n_tokens
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)
    assert report.raw_words == total


@pytest.mark.parametrize("shown_elsewhere", [False, True])
def test_without_progress_it_is_logged_each_second(shown_elsewhere, corpus, monkeypatch, caplog):
    half_seconds = itertools.count(100, 0.5)  # one for each span
    monkeypatch.setattr("fastw2v.runtime.progress.time", SimpleNamespace(perf_counter=lambda: next(half_seconds)))
    monkeypatch.setattr("fastw2v.backends.cpu.span_tokens", lambda config: 10)
    n_tokens = corpus[1].n_tokens
    with caplog.at_level("INFO", "fastw2v"):
        trained(config_of(epochs=2), corpus, **({"progress": lambda *_: None} if shown_elsewhere else {}))
    ends = np.cumsum(2 * [*(n_tokens // 10) * [10], n_tokens % 10])
    assert n_tokens % 10 > 0
    assert [message for message in caplog.messages if message.startswith("trained ")] == [
        f"trained {50 * n_done / n_tokens:.1f} % of the words, {n_done / seconds:.0f} raw words/s"
        for seconds, n_done in enumerate([] if shown_elsewhere else ends[1::2], start=1)
    ]


def test_progress_is_called_by_one_thread_at_a_time(corpus):
    inside, overlaps = threading.Lock(), []

    def progress(done, total):
        overlaps.append(not inside.acquire(blocking=False))
        threading.Event().wait(1e-4)
        inside.release()

    trained(config_of(epochs=3, workers=4), corpus, progress=progress)
    assert not any(overlaps)


def test_events_of_epochs(corpus):
    events = []
    trained(
        config_of(epochs=2),
        corpus,
        hooks=Hooks(lambda event, report: events.append((event, len(report.loss_per_epoch)))),
    )
    assert events == [("begin", 0), ("end", 1), ("begin", 1), ("end", 2)]


def training_threads():
    return [thread for thread in threading.enumerate() if thread.name.startswith("fastw2v")]


def raising(error):
    def callback(*_):
        raise error

    return callback


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("where", ["progress", "on_epoch"])
def test_error_in_a_callback_ends_the_training(where, workers, corpus):
    fail = raising(ZeroDivisionError("planned"))
    options = {"progress": fail} if where == "progress" else {"hooks": Hooks(fail)}
    with pytest.raises(ZeroDivisionError, match="planned"):
        trained(config_of(workers=workers), corpus, **options)
    assert not training_threads()


def test_error_in_a_worker_reaches_the_caller(corpus, monkeypatch):
    def fail(self, span, tally):
        if span.begin > 0:
            raise MemoryError("planned")

    monkeypatch.setattr(CpuBackend, "_train_span", fail)
    with pytest.raises(MemoryError, match="planned"):
        trained(config_of(workers=3), corpus)
    assert not training_threads()


def test_error_in_a_worker_stops_the_others(corpus, monkeypatch):
    begun = []

    def fail_at_once(self, span, tally):
        begun.append(span.begin)
        if span.begin == 0 and span.end > 0:
            raise MemoryError("planned")
        time.sleep(1e-3)

    monkeypatch.setattr(CpuBackend, "_train_span", fail_at_once)
    monkeypatch.setattr("fastw2v.backends.cpu.span_tokens", lambda config: 1)
    with pytest.raises(MemoryError, match="planned"):
        trained(config_of(workers=3), corpus)
    assert len(begun) < corpus[1].n_tokens / 2


def test_interrupt_in_mid_epoch_counts_its_words(corpus, monkeypatch):
    train_all = CpuBackend.train

    def train_and_interrupt(self, spans, *hooks):
        train_all(self, list(spans)[:2], *hooks)
        raise KeyboardInterrupt

    monkeypatch.setattr(CpuBackend, "train", train_and_interrupt)
    _, report = trained(config_of(sample=0), corpus)
    assert 0 < report.raw_words == report.kept_words < corpus[1].n_tokens
    assert len(report.loss_per_epoch) == 1


@pytest.mark.parametrize("interrupted_epoch", [1, 3])
def test_interrupt_keeps_what_was_trained(interrupted_epoch, corpus):
    events = []

    def interrupt(event, report):
        events.append(event)
        if events.count("begin") == interrupted_epoch:
            raise KeyboardInterrupt

    config, n_tokens = config_of(epochs=4), corpus[1].n_tokens
    weights, report = trained(config, corpus, hooks=Hooks(interrupt))
    n_done = interrupted_epoch - 1
    assert report.stopped_at == f"epoch {interrupted_epoch} of 4, {25 * n_done:.1f} % of the work"
    assert report.raw_words == n_done * n_tokens
    assert len(report.loss_per_epoch) == n_done
    assert np.isfinite(weights.w_in).all()


def test_no_subsampling_keeps_every_word(corpus):
    _, report = trained(config_of(sample=0, epochs=3, sg=1, window=1, shrink_windows=0), corpus)
    lengths = np.diff(corpus[1].starts)
    assert report.kept_words == report.raw_words == 3 * lengths.sum()
    assert report.pairs == 3 * 2 * (lengths - 1).sum()


def test_empty_corpus_is_nothing_to_do(corpus):
    nothing = Tokens(np.empty(0, np.int32), np.zeros(1, np.int64))
    _, report = trained(config_of(), (corpus[0], nothing))
    assert (report.raw_words, report.pairs, report.loss_per_epoch) == (0, 0, [])

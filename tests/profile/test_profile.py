"""What is measured: stages, batches, costs, memory."""

import tracemalloc
from itertools import islice

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.profile import Case, clock, machine, profile, report, traffic
from fastw2v.profile.case import batches, zipf_corpus
from fastw2v.profile.clock import Region, StageClock
from fastw2v.profile.measure import _Measurement
from fastw2v.profile.softmax import OneHot, SoftmaxCBOW, SoftmaxSkipGram
from fastw2v.profile.variants import VARIANTS, Variant
from tests.profile.cases import CORPUS, MODELS, SHAPE, STAGES_OF, case_of, each_model


@pytest.mark.slow
def test_every_variant_is_measured_on_every_case(measured):
    wanted = {(variant, model, size) for variant in VARIANTS for model in MODELS for size in (40, 400)}
    assert {(run.variant, run.case.model, run.case.vocab_size) for run in measured.runs} == wanted
    assert measured.left_out == ()
    assert {run.variant: run.optimizer for run in measured.runs} == {
        "softmax": "Adam",
        "reference": "Adam",
        "cpu": "SparseAdam",
    }


def test_stages_are_those_of_the_variant_and_fused_ones_are_named_once(measured):
    for run in measured.runs:
        assert "|".join(stage.name for stage in run.stages) == STAGES_OF[run.variant, run.case.model]


def test_shares_add_up(measured):
    for run in measured.runs:
        assert sum(stage.share for stage in run.stages) == pytest.approx(100)
        assert all(0 < stage.least_ms <= stage.ms <= stage.greatest_ms for stage in run.stages)
        assert sum(stage.ms for stage in run.stages) == pytest.approx(run.stages_ms)
        assert run.gap == pytest.approx(100 * (run.stages_ms - run.whole_ms) / run.whole_ms)
        assert run.least_ms <= run.whole_ms <= run.greatest_ms
        assert run.n_iterations == 3
        assert all(stage.bytes_moved > 0 for stage in run.stages)


def test_a_burst_of_load_counts_for_neither_stages_nor_whole_iterations():
    """A quarter of the iterations takes ten times as long, in another stage than usual."""
    measurement = _Measurement("reference", case_of("cbow"), CORPUS, 0)
    seconds = [0.1, 1.0, 0.1, 0.1, 0.1, 1.0, 0.1, 0.09]
    measurement.whole = [x * 1.01 for x in seconds]
    measurement.by_stage = [
        {"loss": 0.6 * x, "optimiser": 0.4 * x} if x < 1 else {"loss": 0.1, "optimiser": 0.9} for x in seconds
    ]
    run = measurement._record(1.0, 7.5)
    assert run.whole_ms == pytest.approx(101)
    assert [stage.ms for stage in run.stages] == pytest.approx([60, 40])
    assert run.greatest_ms == pytest.approx(1010)
    assert abs(run.gap) < 2
    assert run.waited_percent == 7.5


def test_it_measures_on_while_stages_and_whole_iterations_are_apart():
    measurement = _Measurement("cpu", case_of("cbow"), CORPUS, 0)
    measurement.whole, measurement.by_stage = [1.0] * 3, [{"loss": 0.8}] * 3
    assert [measurement._is_done(passed, 1.0) for passed in (0.5, 1.5, 3.9, 4.1)] == [False, False, False, True]
    measurement.by_stage = [{"loss": 0.97}] * 3
    assert measurement._is_done(1.5, 1.0)
    measurement.whole = measurement.whole[:2]
    assert not measurement._is_done(9.0, 1.0)
    measurement.whole = [1.0] * 200
    assert measurement._is_done(0.5, 1.0)


def test_first_losses_are_those_of_small_weights(measured):
    for run in measured.runs:
        n_losses = 4 if run.case.model == "skipgram" else 1
        each = np.log(run.case.vocab_size) if run.variant == "softmax" else 4 * np.log(2)
        assert run.first_loss == pytest.approx(n_losses * each, rel=1e-3)


def test_batches_are_windows_of_the_corpus_and_the_same_for_every_variant():
    first, again = (list(islice(batches(CORPUS, case_of("cbow"), 7), 3)) for _ in range(2))
    windows, middles = nn.create_contexts_target(CORPUS, 2)
    known = {(*context, middle) for context, middle in zip(windows.tolist(), middles.tolist())}
    for (contexts, target), (same_contexts, same_target) in zip(first, again):
        np.testing.assert_array_equal(contexts, same_contexts)
        np.testing.assert_array_equal(target, same_target)
        assert contexts.shape == (8, 4)
        assert {(*context, middle) for context, middle in zip(contexts.tolist(), target.tolist())} <= known
    assert any((first[0][0] != contexts).any() for contexts, _ in first[1:])


def test_every_variant_is_measured_on_the_same_batches(monkeypatch):
    seen, iterate = {}, Variant.iterate

    def watched(self, contexts, target):
        ids = (contexts, target) if target.ndim == 1 else (contexts.argmax(axis=-1), target.argmax(axis=-1))
        seen.setdefault(self, []).append(np.column_stack(ids))
        return iterate(self, contexts, target)

    monkeypatch.setattr(Variant, "iterate", watched)
    profile([50], seconds=1e-6, **SHAPE)
    softmax, reference, compiled = seen.values()
    assert len(softmax) == 7  # one to warm up, three with clocks, three without
    np.testing.assert_array_equal(softmax, reference)
    np.testing.assert_array_equal(softmax, compiled)


class FixedSampler:
    """Negatives that are a function of the target alone, whatever the order of the calls."""

    def __init__(self, case):
        self.vocab_size, self.sample_size = case.vocab_size, case.sample_size

    def get_negative_sample(self, target):
        return (target[:, None] * 7 + 1 + np.arange(self.sample_size)) % self.vocab_size


@each_model
def test_reference_and_compiled_compute_the_same(model):
    case = case_of(model, optimizer="Adam")
    losses = {}
    for name in ("reference", "cpu"):
        variant = Variant(name, case, CORPUS, 3)
        variant.model.params[0][...] *= 50  # so that losses tell words apart
        variant.model.params[-1][...] *= 50
        for ns_loss in [variant.model.ns_loss] if model == "cbow" else variant.model.loss_layers:
            ns_loss.sampler = FixedSampler(case)
        drawn = islice(batches(CORPUS, case, 3), 5)
        losses[name] = [variant.iterate(*variant.prepare(*batch)) for batch in drawn]
    np.testing.assert_allclose(losses["cpu"], losses["reference"], rtol=1e-5)
    assert np.ptp(losses["cpu"]) > 1e-2


@each_model
def test_the_baseline_is_the_simple_model_of_the_book(model):
    case = case_of(model, window_size=1)
    kinds = {"cbow": (SoftmaxCBOW, nn.SimpleCBOW), "skipgram": (SoftmaxSkipGram, nn.SimpleSkipGram)}[model]
    ours, book = kinds[0](case, 5), kinds[1](60, 12, seed=5)
    batch = OneHot(case)(*next(batches(CORPUS, case, 1)))
    assert ours.forward(*batch) == pytest.approx(book.forward(*batch), rel=1e-6)
    ours.backward()
    book.backward()
    assert len(ours.grads) == len(book.grads)
    for mine, theirs in zip(ours.grads, book.grads):
        np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-9)


def test_the_baseline_learns_from_a_window_of_any_size():
    variant = Variant("softmax", case_of("cbow"), CORPUS, 0)
    variant.optimizer.lr = 0.05
    batch = next(batches(CORPUS, case_of("cbow"), 0))
    losses = [variant.iterate(*variant.prepare(*batch)) for _ in range(30)]
    assert losses[0] == pytest.approx(np.log(60), rel=1e-3)
    assert losses[-1] < 0.5


def test_one_hot_memory_holds_the_last_batch_alone():
    case = case_of("cbow")
    one_hot = OneHot(case)
    for contexts, target in islice(batches(CORPUS, case, 2), 3):
        made = one_hot(contexts, target)
        np.testing.assert_array_equal(made[0], nn.convert_one_hot(contexts, 60))
        np.testing.assert_array_equal(made[1], nn.convert_one_hot(target, 60))


def test_synthetic_corpora_have_every_word_and_frequent_ones():
    counts = np.bincount(zipf_corpus(1000, 0))
    assert (len(counts), counts.sum()) == (1000, 200_000)
    assert counts.min() >= 1
    assert counts[0] > 5 * counts[20] > 25 * counts[900]


def test_a_corpus_of_ones_own():
    measured = profile(corpus=CORPUS, seconds=1e-6, optimizer="Adam", **SHAPE)
    assert [run.case.vocab_size for run in measured.runs] == [60, 60, 60]
    assert measured.corpus == "200,000 tokens"
    assert measured.runs[2].optimizer == "Adam"


def test_rows_that_a_batch_touches():
    variant, case = Variant("cpu", case_of("cbow"), CORPUS, 0), case_of("cbow")
    contexts, target = next(batches(CORPUS, case, 0))
    variant.model.ns_loss.sampler = FixedSampler(case)
    variant.iterate(contexts, target)
    outputs = np.union1d(target, variant.model.ns_loss.sampler.get_negative_sample(target))
    assert variant.n_rows() == len(np.unique(contexts)) + len(outputs)
    assert Variant("reference", case, CORPUS, 0).n_rows() is None


# The clock


def test_a_call_inside_a_call_counts_for_its_own_stage_alone(monkeypatch):
    ticks = iter([0, 10, 13, 20, 25, 40])
    monkeypatch.setattr(clock.time, "perf_counter_ns", lambda: next(ticks))

    class Outer:
        def first(self):
            return self.second() + self.second()

        def second(self):
            return 1

    outer, watch = Outer(), StageClock()
    with watch.on([Region("a", "outer", outer, "first"), Region("b", "inner", outer, "second")]):
        assert outer.first() == 2
    seconds, calls = watch.take()
    assert seconds == {"a": pytest.approx((40 - 3 - 5) / 1e9), "b": pytest.approx(8e-9)}
    assert [(call.label, call.begin_ns, call.end_ns) for call in calls] == [
        ("inner", 10, 13),
        ("inner", 20, 25),
        ("outer", 0, 40),
    ]
    assert vars(outer) == {}
    assert watch.take() == ({}, [])


@each_model
@pytest.mark.parametrize("name", VARIANTS)
def test_the_clock_leaves_nothing_behind(name, model):
    case = case_of(model)
    variant = Variant(name, case, CORPUS, 0)
    before = [dict(vars(region.owner)) for region in variant.regions]
    with StageClock().on(variant.regions):
        variant.iterate(*variant.prepare(*next(batches(CORPUS, case, 0))))
    assert [set(vars(region.owner)) for region in variant.regions] == [set(names) for names in before]


# Bytes


def test_costs_of_the_softmax_stages():
    found = traffic.costs(Case("cbow", 1000, 100, 5, 10, 5), "softmax", None)
    one_hot, weights, hidden = 10 * 1000 * 4, 1000 * 100 * 4, 10 * 100 * 4
    assert found["output score"] == (one_hot + weights + hidden, 2 * 10 * 1000 * 100)
    assert found["input gather"] == tuple(10 * number for number in found["output score"])
    assert found["optimiser"] == ((9 * 3 + 14) * weights, 9 * 1000 * 100 + 12 * 2 * 1000 * 100)
    assert traffic.total(found).flops == sum(cost.flops for cost in found.values())


@each_model
def test_costs_of_the_compiled_variant_do_not_grow_with_the_vocabulary(model):
    small, large = (traffic.costs(case_of(model, size), "cpu", 50) for size in (100, 100_000))
    assert small == large
    assert small["optimiser"] == (7 * 50 * 12 * 4, 12 * 50 * 12)
    dense = traffic.costs(case_of(model, 100, optimizer="Adam"), "cpu", 50)
    assert dense["optimiser"] == (14 * 100 * 12 * 4, 12 * 2 * 100 * 12)


@each_model
def test_layers_of_one_model_compute_the_same_scores(model):
    """Score, loss and the gradients of both are the same arithmetic, however they are cut into stages."""
    slow, fast = (traffic.costs(case_of(model), variant, 50) for variant in ("reference", "cpu"))
    assert slow["output score"].flops + slow["loss"].flops == fast["output score + loss"].flops
    assert slow["backward out"].flops == fast["backward out"].flops


@each_model
@pytest.mark.parametrize(("hidden", "batch"), [(64, 64), (16, 128), (120, 16)])
@pytest.mark.parametrize("name", VARIANTS)
def test_memory_needed_is_what_is_allocated(name, hidden, batch, model):
    case = Case(model, 2000, hidden, 2, batch, 3)  # below the size of large pages, of which whole ones are asked for
    corpus = zipf_corpus(2000, 0)

    def train():
        variant, drawn = Variant(name, case, corpus, 0), batches(corpus, case, 0)
        for _ in range(2):
            variant.iterate(*variant.prepare(*next(drawn)))

    train()  # compiles
    tracemalloc.start()
    try:
        train()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert 0.95 * peak <= traffic.bytes_needed(case, name) <= 1.3 * peak


@pytest.fixture
def little_memory(monkeypatch):
    """Room for the compiled variant at V = 1,000 alone."""
    need = {name: traffic.bytes_needed(case_of("cbow", 1000), name) for name in VARIANTS}
    assert need["cpu"] < need["reference"] < need["softmax"]
    monkeypatch.setattr(machine, "available_bytes", lambda: need["cpu"] * 10 // 9 + 1)
    return need


def test_what_does_not_fit_is_left_out_and_named(little_memory):
    measured = profile([1000], seconds=1e-6, **SHAPE)
    assert [run.variant for run in measured.runs] == ["cpu"]
    assert [left.variant for left in measured.left_out] == ["softmax", "reference"]
    assert measured.left_out[0].needed_bytes == little_memory["softmax"]
    assert "softmax, cbow, V = 1,000 needs" in str(measured.left_out[0])
    assert measured.speedup(measured.runs[0]) is None
    assert "left out" in "\n".join(report.text(measured))


def test_nothing_fits(little_memory):
    with pytest.raises(MemoryError, match=r"cpu, cbow, V = 100,000 needs .* GB and may have .* GB"):
        profile([100_000], seconds=1e-6, **SHAPE)


def test_available_memory_is_that_of_the_system():
    assert machine.available_bytes() is None or 1 << 20 < machine.available_bytes() < 1 << 50


@pytest.mark.parametrize(
    ("limit", "usable"),
    [("3000000", 2_000_000), ("max", 8_192_000), ("9000000000", 8_192_000), ("7", 0), (None, 8_192_000)],
)
def test_a_container_has_what_its_limit_leaves(limit, usable, in_folder, monkeypatch):
    (in_folder / "meminfo").write_text("MemTotal: 9000 kB\nMemAvailable:   8000 kB\n")
    (in_folder / "memory.current").write_text("1000000\n")
    if limit is not None:
        (in_folder / "memory.max").write_text(limit + "\n")
    monkeypatch.setattr(machine, "_MEMINFO", in_folder / "meminfo")
    monkeypatch.setattr(machine, "_GROUP", in_folder)
    assert machine.available_bytes() == usable


# Refusals


BAD = [
    ({"models": ["glove"]}, ValueError, "model is 'glove'; expected one of cbow, skipgram"),
    ({"optimizer": "SGD"}, ValueError, "optimizer is 'SGD'; expected one of SparseAdam, Adam"),
    ({"hidden_size": 0}, ValueError, "hidden_size is 0; expected a whole number of at least 1"),
    ({"window_size": -1}, ValueError, "window_size is -1"),
    ({"batch_size": 2.5}, ValueError, "batch_size is 2.5"),
    ({"sample_size": 0}, ValueError, "sample_size is 0"),
    ({"vocab_sizes": [3]}, ValueError, "vocab_size is 3 and sample_size 3; .*: raise vocab_size"),
    ({"seconds": 0}, ValueError, "seconds is 0; expected a number above 0"),
    ({"seconds": float("nan")}, ValueError, "seconds is nan"),
    ({"models": []}, ValueError, "vocab_sizes or models is empty"),
    ({"vocab_sizes": []}, ValueError, "vocab_sizes or models is empty"),
    ({"corpus": CORPUS}, ValueError, "vocab_sizes and corpus are both given"),
    ({"vocab_sizes": None, "corpus": []}, ValueError, "the corpus is empty"),
    ({"vocab_sizes": None, "corpus": [0, 1, 2, 3]}, ValueError, "the corpus has 4 tokens; a window of 2"),
    ({"vocab_sizes": None, "corpus": [0.5]}, TypeError, "corpus is float64"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_bad_options(options, error, message):
    with pytest.raises(error, match=message):
        profile(**({"vocab_sizes": [50], "seconds": 1e-6} | SHAPE | options))


# What is shown

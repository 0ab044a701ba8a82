import json
import re
import subprocess
import sys
import tracemalloc
from itertools import islice, pairwise, product

import numpy as np
import pytest
from typer.testing import CliRunner

from fastw2v import nn
from fastw2v.cli import app
from fastw2v.cli.profile import sweep_sizes
from fastw2v.profile import Case, Profile, Run, Stage, clock, files, machine, profile, records, report, traffic
from fastw2v.profile.case import batches, zipf_corpus
from fastw2v.profile.clock import Region, StageClock, fused, parts
from fastw2v.profile.measure import _Measurement
from fastw2v.profile.softmax import OneHot, SoftmaxCBOW, SoftmaxSkipGram
from fastw2v.profile.variants import VARIANTS, Variant

SHAPE = {"hidden_size": 12, "window_size": 2, "batch_size": 8, "sample_size": 3}
MODELS = ("cbow", "skipgram")
CORPUS = zipf_corpus(60, 0)
STAGES_OF = {
    ("softmax", "cbow"): "input gather|hidden|output score|loss|backward in|backward out|optimiser",
    ("softmax", "skipgram"): "input gather|output score|loss|backward in|backward out|optimiser",
    ("reference", "cbow"): "input gather|hidden|output score|loss|sampler|backward in|backward out|optimiser",
    ("reference", "skipgram"): "input gather|output score|loss|sampler|backward in|backward out|optimiser",
    ("cpu", "cbow"): "input gather + hidden|output score + loss|sampler|backward in|backward out|optimiser",
    ("cpu", "skipgram"): "input gather|output score + loss|sampler|backward in|backward out|optimiser",
}

each_model = pytest.mark.parametrize("model", MODELS)


@pytest.fixture(scope="module")
def measured():
    return profile([40, 400], models=MODELS, seconds=1e-6, **SHAPE)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def case_of(model, vocab_size=60, **changes):
    return Case(model, vocab_size, **(SHAPE | changes))


# What is measured


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
    run = measurement._record(1.0)
    assert run.whole_ms == pytest.approx(101)
    assert [stage.ms for stage in run.stages] == pytest.approx([60, 40])
    assert run.greatest_ms == pytest.approx(1010)
    assert abs(run.gap) < 2


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
    seconds, spans = watch.take()
    assert seconds == {"a": pytest.approx((40 - 3 - 5) / 1e9), "b": pytest.approx(8e-9)}
    assert [(span.label, span.begin_ns, span.end_ns) for span in spans] == [
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


@pytest.mark.parametrize(("knobs", "error", "message"), BAD)
def test_bad_knobs(knobs, error, message):
    with pytest.raises(error, match=message):
        profile(**({"vocab_sizes": [50], "seconds": 1e-6} | SHAPE | knobs))


# What is shown


def run_of(variant, vocab_size, ms, *, whole=None, model="cbow", n_rows=None, spread=0):
    stages = tuple(Stage(name, time, time, time, 100 * time / sum(ms.values()), 1000) for name, time in ms.items())
    whole = whole or sum(ms.values())
    case = Case(model, vocab_size)
    quartiles = whole / (1 + spread), whole * (1 + spread)
    return Run(variant, case, "Adam", stages, whole, whole, whole, 3, 1.0, n_rows, (), quartiles)


def profile_of(*runs):
    return Profile("made up", {"blas": None, "kernels": 2}, runs, ())


def test_speedups_compare_a_fused_stage_with_the_sum_of_its_parts():
    slow = run_of("softmax", 100, {"output score": 6.0, "loss": 2.0, "optimiser": 2.0})
    fast = run_of("cpu", 100, {"output score + loss": 0.5, "sampler": 0.1, "optimiser": 0.4})
    both = profile_of(slow, fast)
    assert both.speedup(fast) == pytest.approx(10)
    assert both.speedup(fast, "output score + loss") == pytest.approx(16)
    assert both.speedup(fast, "optimiser") == pytest.approx(5)
    assert both.speedup(fast, "sampler") is None
    assert both.speedup(fast, over="reference") is None


def test_stages_that_do_not_add_up_are_a_warning():
    near, far = (run_of("cpu", 100, {"loss": 1.0}, whole=whole) for whole in (1.05, 1.25))
    assert profile_of(near).warnings() == []
    (warning,) = profile_of(far).warnings()
    assert "the stages add up to 1 ms, a whole iteration takes 1.25 ms (-20 %)" in warning


def test_answers_are_computed():
    runs = [run_of("softmax", size, {"loss": size / 10, "optimiser": size / 40}) for size in (100, 1000, 10_000)]
    runs += [run_of("cpu", size, {"loss": 1.0}, n_rows=size // 10) for size in (100, 1000, 10_000)]
    where, growth = report.answers(profile_of(*runs))
    assert where == "Where does the time go (CBOW, V = 10,000)? softmax: loss 80 %, optimiser 20 %; cpu: loss 100 %."
    assert "softmax: in proportion (100 to 10,000: 100 times the words, 100 times the time, as V^1.00, by the" in growth
    assert "cpu: hardly (100 to 10,000: 100 times the words, 1 times the time, as V^0.00, by the" in growth
    assert "quartiles 0.00 to 0.00; a batch touches 10 different rows, then 1,000)" in growth


@pytest.mark.parametrize(
    ("power", "verdict"), [(0, "hardly"), (0.5, "in part"), (1, "in proportion"), (1.5, "more than in proportion")]
)
def test_verdicts(power, verdict):
    runs = [run_of("softmax", size, {"loss": float(size**power)}) for size in (100, 100_000)]
    factors = f"1,000 times the words, {records.rounded(1000**power)} times the time, as V^{power:.2f}"
    factors += f", by the quartiles {power:.2f} to {power:.2f}"
    assert f"softmax: {verdict} (100 to 100,000: {factors})." in list(report.answers(profile_of(*runs)))[1]


def test_a_verdict_that_the_spread_leaves_open_is_two():
    def answer(spread):
        runs = [run_of("cpu", size, {"loss": ms}, spread=spread) for size, ms in [(100, 1.0), (10_000, 2.2)]]
        return list(report.answers(profile_of(*runs)))[1]

    assert "cpu: hardly (100 to 10,000: 100 times the words, 2.2 times the time, as V^0.17, by the" in answer(0.01)
    wide = answer(0.2)
    assert "cpu: hardly or in part, the spread does not tell (100 to" in wide
    assert "as V^0.17, by the quartiles 0.09 to 0.25)" in wide


def test_bounds_of_a_slope_are_those_of_the_lines_between_its_points():
    sizes, bounds = [10, 100, 1000, 5000], [(1.0, 2.0), (3.0, 3.5), (2.0, 7.0), (5.0, 6.0)]
    slopes = [report.slope_of(sizes, list(times)) for times in product(*bounds)]
    assert report.slope_bounds(sizes, bounds) == pytest.approx((min(slopes), max(slopes)))
    assert report.slope_of(sizes, [size**1.5 for size in sizes]) == pytest.approx(1.5)


def test_one_vocabulary_cannot_tell_of_growth():
    _, growth = report.answers(profile_of(run_of("cpu", 100, {"loss": 1.0})))
    assert "One vocabulary cannot tell" in growth


def test_the_report_shows_every_stage_once(measured):
    lines = list(report.text(measured))
    assert sum(line.startswith("  whole iteration") for line in lines) == len(measured.runs)
    assert sum(line.startswith("  output score + loss ") for line in lines) == 4
    assert sum(bool(re.match(r"  output score +\d", line)) for line in lines) == 8
    assert sum(bool(re.match(r"  hidden +- ", line)) for line in lines) == 6
    assert sum("sum of stages" in line and "100.0%" in line for line in lines) == len(measured.runs)
    assert max(map(len, lines[: lines.index("A whole iteration in ms:")])) <= 120


def test_json(measured, in_folder):
    files.write_json(measured, "out.json")
    read = json.loads((in_folder / "out.json").read_text())
    assert len(read["runs"]) == 12
    assert len(read["answers"]) == 4
    cpu = read["runs"][2]
    assert (cpu["variant"], cpu["case"]["vocab_size"], cpu["optimizer"]) == ("cpu", 40, "SparseAdam")
    assert cpu["stages"][1]["name"] == fused("output score", "loss")
    assert cpu["times_softmax"] == pytest.approx(read["runs"][0]["whole_ms"] / cpu["whole_ms"])
    assert "spans" not in cpu


def test_trace(measured, in_folder):
    files.write_trace(measured, "trace.json")
    events = json.loads((in_folder / "trace.json").read_text())["traceEvents"]
    names = [event["args"]["name"] for event in events if event["ph"] == "M"]
    assert names[:3] == ["softmax, CBOW, V = 40", "reference, CBOW, V = 40", "cpu, CBOW, V = 40"]
    assert len(names) == len({event["pid"] for event in events}) == 12
    for pid, run in enumerate(measured.runs, 1):
        calls = [event for event in events if event["pid"] == pid and event["ph"] == "X"]
        assert all({"ts", "dur", "name", "cat", "tid"} <= set(event) for event in calls)
        assert {stage.name for stage in run.stages} <= {event["cat"] for event in calls}
        whole = [event for event in calls if event["cat"] == "iteration"]
        assert len(whole) == 3
        for one, after in pairwise(whole):
            assert after["ts"] == pytest.approx(one["ts"] + one["dur"], abs=0.01)
        assert max(event["ts"] + event["dur"] for event in calls) == pytest.approx(whole[-1]["ts"] + whole[-1]["dur"])
        assert sum(event["name"] == "optimiser" for event in calls) == 3


# The command


def invoke(*arguments):
    shape = ["--hidden", "12", "--window", "2", "--batch", "8", "--negative", "3", "--seconds", "1e-6"]
    return CliRunner().invoke(app, ["profile", *shape, *map(str, arguments)])


def failure(*arguments):
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("fastw2v: ")
    return result.stderr


def test_the_command_prints_tables_and_answers_and_writes_files(in_folder):
    pytest.importorskip("matplotlib")
    outputs = ["--json", "p.json", "--trace", "t.json", "--plot", "p.png"]
    result = invoke("--vocab", 50, "--vocab", 90, "--model", "both", *outputs)
    assert result.exit_code == 0, result.output
    for wanted in ("CBOW, V = 50", "SkipGram, V = 90", "SparseAdam", "Where does the time go", "Does it grow"):
        assert wanted in result.stdout
    assert len(json.loads((in_folder / "p.json").read_text())["runs"]) == 12
    assert json.loads((in_folder / "t.json").read_text())["traceEvents"]
    assert (in_folder / "p.png").read_bytes().startswith(b"\x89PNG")


def test_warnings_of_the_command_are_on_stderr(monkeypatch):
    monkeypatch.setattr("fastw2v.profile.records.GREATEST_GAP", -1)
    result = invoke("--vocab", 50)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("warning: ") == 3
    assert "warning" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "glove"], 'model is \'glove\'; expected "cbow", "skipgram" or "both"'),
        (["--corpus", "text8"], "corpus is 'text8'"),
        (["--sweep", "10", "--vocab", "10"], "--corpus ptb, --vocab and --sweep each choose the vocabulary"),
        (["--sweep", "100..10"], "sweep is '100..10'; expected two whole numbers"),
        (["--optimizer", "sgd"], "optimizer is 'sgd'"),
        (["--json", "no/p.json"], "does not exist; make it first"),
        (["--json", "p", "--trace", "p"], "name the same file"),
    ],
)
def test_bad_options(arguments, message):
    assert message in failure(*arguments)


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(monkeypatch):
    monkeypatch.setattr("fastw2v.profile.profile", lambda **_: pytest.fail("measured"))
    monkeypatch.setitem(sys.modules, "matplotlib.backend_bases", None)
    assert "pip install 'fastw2v[plot]'" in failure("--plot", "p.png")
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("fastw2v.profile.profile", lambda **_: pytest.fail("measured"))
    assert "names no kind of picture" in failure("--plot", "p.xyz")


def test_sweep():
    assert sweep_sizes("1000..1000000") == [1000, 10_000, 100_000, 1_000_000]
    assert sweep_sizes("50..700") == [50, 500, 700]
    assert sweep_sizes("70..70") == [70]
    for bad in ("10", "a..b", "0..10", "1..2..3", "1..99999999999"):
        with pytest.raises(ValueError, match="sweep is"):
            sweep_sizes(bad)


def test_names_of_fused_stages_come_apart():
    assert parts(fused("a b", "c")) == ["a b", "c"]


def test_help_of_the_command():
    shown = CliRunner().invoke(app, ["profile", "--help"]).stdout
    options = "--model --corpus --vocab --sweep --hidden --window --batch --negative --optimizer --seconds --seed"
    assert all(option in shown for option in [*options.split(), "--json", "--plot", "--trace"])


def test_importing_it_brings_neither_compiler_nor_pictures(python_env):
    code = "import sys, fastw2v.profile; print([n for n in ('numba', 'matplotlib', 'cupy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=python_env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

"""What the benchmarks promise: README has the recorded figures, a wrong kernel is not timed, ratios are fair."""

import dataclasses
import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import readme
import results


def test_the_readme_has_the_recorded_figures():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_tables(text) == text, "run python benchmarks/readme.py"


def test_a_table_that_was_changed_by_hand_is_noticed():
    text = readme.README.read_text(encoding="utf-8")
    changed = text.replace("<!-- begin: iteration -->\n", "<!-- begin: iteration -->\n| another row |\n")
    assert readme.with_tables(changed) == text


def test_a_ratio_spans_every_pair_of_rounds():
    assert results.ratio([4.0, 2.0, 6.0], [2.0, 1.0, 4.0]) == [2.0, 0.5, 6.0]


def report(tmp_path, profile):
    """A pytest-benchmark report with one benchmark."""
    stats = {"median": 2e-3, "q1": 1e-3, "q3": 3e-3, "rounds": 5}
    benchmark = {"name": "test_op[adam-cpu-1]", "fullname": "benchmarks/test_ops.py::test_op[adam-cpu-1]"}
    machine = {"cpu": {"brand_raw": "A processor"}, "machine": "x86_64", "lanes": 8, "cores": 2, "versions": {}}
    content = {
        "machine_info": machine,
        "commit_info": {"id": "0123456789abcdef", "dirty": True},
        "datetime": "2026-01-02T03:04:05",
        "benchmarks": [benchmark | {"stats": stats, "extra_info": {"profile": profile, "device": "cpu"}}],
    }
    file = tmp_path / "report.json"
    file.write_text(json.dumps(content))
    return file


def test_a_report_becomes_a_line_for_each_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    results.add(report(tmp_path, "full"))
    (row,) = results.latest("ops", lambda row: row["name"]).values()
    assert row["seconds"] == [2e-3, 1e-3, 3e-3]
    assert (row["machine"], row["revision"]) == ("A processor, 8 lanes", "0123456789ab and changes")
    assert (row["device"], row["date"]) == ("cpu", "2026-01-02")


def test_figures_of_a_gpu_are_those_of_its_events(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    file = report(tmp_path, "full")
    content = json.loads(file.read_text())
    content["benchmarks"][0]["extra_info"] |= {"device": "cuda", "device_ms": [0.5, 0.25, 0.75]}
    file.write_text(json.dumps(content))
    results.add(file)
    (row,) = results.latest("ops", lambda row: row["name"]).values()
    assert row["seconds"] == [5e-4, 2.5e-4, 7.5e-4]
    assert row["wall_seconds"] == [2e-3, 1e-3, 3e-3]


class FakeGpu:
    """CuPy's events on a clock that calls put forward."""

    def __init__(self):
        self.now, self.cuda = 0.0, self
        self.runtime = SimpleNamespace(getDevice=lambda: 0, getDeviceProperties=lambda index: {"name": b"A GPU"})
        gpu = self

        class Event:
            def record(self):
                self.at = gpu.now

        self.Event = Event

    def get_elapsed_time(self, first, last):
        return last.at - first.at

    def work(self, milliseconds):
        self.now += milliseconds


class FakeBenchmark:
    """pytest-benchmark's fixture, by which each round took a second."""

    def __init__(self):
        self.extra_info, self.stats = {}, SimpleNamespace(stats=SimpleNamespace(median=1.0))

    def pedantic(self, call, setup, rounds, warmup_rounds):
        for _ in range(rounds):
            setup()
            call()


def test_calls_on_a_gpu_are_timed_by_its_events_without_their_setup(monkeypatch):
    import timing
    from cases import Work

    from fastw2v_kernels import _jit_cuda

    gpu = FakeGpu()
    monkeypatch.setattr(_jit_cuda, "IS_SIMULATED", False)
    monkeypatch.setattr(_jit_cuda, "array_module", lambda: gpu)
    monkeypatch.setattr(_jit_cuda, "synchronize", lambda: None)
    measured = timing.Timing(FakeBenchmark(), quick=True)
    measured.measure(lambda: gpu.work(2), lambda: gpu.work(50), device="cuda")
    measured.note(Work(n_bytes=4e6, words=100), device="cuda")
    info = measured.benchmark.extra_info
    assert (info["device_ms"], info["gpu"]) == ([2, 2, 2], "A GPU")
    assert (info["gb_per_s"], info["words_per_s"]) == (2, 50_000)
    assert len(measured.device_seconds) == 30


def test_calls_on_the_cpu_have_no_device_time():
    import timing
    from cases import Work

    measured = timing.Timing(FakeBenchmark(), quick=True)
    measured.measure(lambda: None)
    measured.note(Work(words=100), device="reference")
    assert "device_ms" not in measured.benchmark.extra_info
    assert measured.benchmark.extra_info["words_per_s"] == 100


@pytest.mark.parametrize(
    ("script", "value", "note"),
    [
        ("echo ========= ERROR SUMMARY: 0 errors", "green", "0 errors"),
        ("echo ========= ERROR SUMMARY: 2 errors; exit 1", "RED", "2 errors"),
        ("echo no device >&2; exit 1", "RED", "no device"),
        ("echo parity is fine", "RED", "parity is fine"),  # it has not watched
        ("sleep 9", "LEFT OUT", "not done in 1 s"),
        (None, "LEFT OUT", "compute-sanitizer is neither on PATH nor in CUDA_HOME"),
    ],
)
def test_what_the_checkers_say_is_in_the_table(tmp_path, monkeypatch, script, value, note):
    import gpu_steps

    monkeypatch.delenv("CUDA_PATH", raising=False)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    monkeypatch.setattr(gpu_steps._jit_cuda, "IS_SIMULATED", False)
    if script is not None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "compute-sanitizer").write_text(f'#!/bin/sh\necho "$@" >>"$0".log\n{script}\n')
        (tmp_path / "bin" / "compute-sanitizer").chmod(0o755)
    clock = gpu_steps.Clock(1 if value == "LEFT OUT" else 60, 1)
    rows = list(gpu_steps.checkers(clock, gpu_steps.Sizes(reserve=0)))
    assert [(row["what"], row["value"]) for row in rows] == [("memcheck", value), ("racecheck", value)]
    assert all(note in row["note"] for row in rows)
    if script is not None:
        calls = (tmp_path / "bin" / "compute-sanitizer.log").read_text().splitlines()
        assert [call.split()[1] for call in calls] == ["memcheck", "racecheck"]
        assert all(call.endswith("gpu_box.py --checked") and sys.executable in call for call in calls)


def test_the_goal_for_unique_rows_is_marked(monkeypatch):
    import gpu_jobs
    import gpu_steps

    monkeypatch.setattr(gpu_jobs, "unique_operations", lambda sizes: [("fast", "embedding", 70, None)] * 2)
    times = iter([1.0, 2.0])
    clock = SimpleNamespace(seconds=lambda call: next(times))
    notes = [row["note"] for row in gpu_steps.unique_rows(clock, gpu_steps.Sizes(bandwidth=100.0))]
    assert notes == [
        "70% of the copy's bandwidth, goal 60%: reached",
        "35% of the copy's bandwidth, goal 60%: MISSED",
    ]
    (unknown,) = {row["value"] for row in gpu_steps.unique_rows(clock, gpu_steps.Sizes(red={"embedding"}))}
    assert unknown == "not timed"


def test_a_quick_run_is_not_recorded(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path / "results")
    with pytest.raises(SystemExit, match="without --quick"):
        results.add(report(tmp_path, "quick"))


class WrongSign:
    """An operation whose CPU result has its sign flipped."""

    def __init__(self, op):
        self.op = op

    def implementation(self, device):
        function = self.op.implementation(device)

        def flipped(**case):
            function(**case)
            for array in self.op.outputs(case).values():
                np.negative(array, out=array)

        return flipped if device == "cpu" else function

    def __getattr__(self, name):
        return getattr(self.op, name)


def test_an_operation_with_a_wrong_result_is_not_timed(monkeypatch):
    import timing

    name = "embedding"
    timing.refuse_if_red("cpu", name)
    monkeypatch.setitem(timing.OPS_BY_NAME, name, WrongSign(timing.OPS_BY_NAME[name]))
    with pytest.raises(pytest.fail.Exception, match="not timed: the parity test of embedding on cpu is red"):
        timing.refuse_if_red("cpu", name)


def test_a_new_operation_is_timed_on_its_test_case():
    from cases import WORKLOADS, workload

    from fastw2v_kernels.ops import OPS

    assert set(WORKLOADS) <= {op.name for op in OPS}
    renamed = dataclasses.replace(OPS[1], name="a_new_one")
    assert workload(renamed, quick=True).case.keys() == OPS[1].make_case(np.random.default_rng(0), 7).keys()


def test_a_round_begins_with_the_arrays_that_a_call_changes_as_they_were():
    from cases import Workload

    load = Workload({"x": np.zeros(2), "y": np.ones(2)}, batches=[{"step": 1}, {"step": 2}])
    load.case["step"] = 0
    prepare = load.rounds(lambda x, y, step: np.add(x, step + 1, out=x))
    prepare()
    assert (load.case["x"].tolist(), load.case["step"]) == ([0, 0], 1)
    load.case["x"] += 5
    prepare()
    assert (load.case["x"].tolist(), load.case["step"]) == ([0, 0], 2)

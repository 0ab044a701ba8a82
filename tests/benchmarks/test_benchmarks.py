"""What the benchmarks promise: README has the recorded figures, a wrong kernel is not timed, ratios are fair."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import peers
from benchmarks.report import readme, results, tables
from fastw2v import KeyedVectors


def test_the_readme_has_the_recorded_figures():
    text = readme.README.read_text(encoding="utf-8")
    assert readme.with_tables(text) == text, "run python -m benchmarks.report.readme"


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
    machine = {"cpu": {"brand_raw": "A processor"}, "machine": "x86_64", "lanes": 8, "cores": 2}
    machine["versions"] = {"numpy": "2.4"}
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
    results.add([report(tmp_path, "full")])
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
    results.add([file])
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
    from benchmarks import timing
    from benchmarks.cases import Work
    from fastw2v_kernels._jit import cuda as cuda_jit

    gpu = FakeGpu()
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: gpu)
    monkeypatch.setattr(cuda_jit, "synchronize", lambda: None)
    measured = timing.Timing(FakeBenchmark(), quick=True)
    measured.measure(lambda: gpu.work(2), lambda: gpu.work(50), device="cuda")
    measured.note(Work(n_bytes=4e6, words=100), device="cuda")
    info = measured.benchmark.extra_info
    assert (info["device_ms"], info["gpu"]) == ([2, 2, 2], "A GPU")
    assert (info["gb_per_s"], info["words_per_s"]) == (2, 50_000)
    assert len(measured.device_seconds) == 30


def test_calls_on_the_cpu_have_no_device_time():
    from benchmarks import timing
    from benchmarks.cases import Work

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
        pytest.param("sleep 9", "NOT FINISHED", "not done in 1 s", marks=pytest.mark.slow),
        (None, "LEFT OUT", "compute-sanitizer is neither on PATH nor in CUDA_HOME"),
    ],
)
def test_what_the_checkers_say_is_in_the_table(tmp_path, monkeypatch, script, value, note):
    from benchmarks.gpu import checkers as gpu_checkers

    monkeypatch.delenv("CUDA_PATH", raising=False)
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/bin:/usr/bin")
    monkeypatch.setattr(gpu_checkers.gpu, "IS_SIMULATED", False)
    if script is not None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "bin" / "compute-sanitizer").write_text(f'#!/bin/sh\necho "$@" >>"$0".log\n{script}\n')
        (tmp_path / "bin" / "compute-sanitizer").chmod(0o755)
    clock = gpu_checkers.Clock(1 if value == "NOT FINISHED" else 60, 1)
    rows = list(gpu_checkers.checkers(clock, gpu_checkers.Sizes(reserve=0)))
    runs = [f"{tool} {what}" for what in ("--checked", "--checked-trainer") for tool in ("memcheck", "racecheck")]
    assert [(row["what"], row["value"]) for row in rows] == [(run, value) for run in runs]
    assert all(note in row["note"] for row in rows)
    if script is not None:
        calls = (tmp_path / "bin" / "compute-sanitizer.log").read_text().splitlines()
        assert [f"{call.split()[1]} {call.split()[-1]}" for call in calls] == runs
        assert all("box.py --checked" in call and sys.executable in call for call in calls)
        assert value == "LEFT OUT" or all(row["note"].endswith(run.split()[1]) for row, run in zip(rows, runs))


@pytest.mark.parametrize(
    ("values", "status"), [(["green", "LEFT OUT"], 0), (["NOT FINISHED", "green"], 2), (["NOT FINISHED", "RED"], 1)]
)
def test_what_is_red_or_not_finished_is_said_at_the_end(values, status, capsys):
    from benchmarks.gpu import box as gpu_box

    assert gpu_box.verdict([gpu_box.row("checker", f"tool {i}", value) for i, value in enumerate(values)]) == status
    said = capsys.readouterr().out
    assert [f"{value}: checker tool {i}" in said for i, value in enumerate(values)] == [
        value in ("RED", "NOT FINISHED") for value in values
    ]


@pytest.mark.parametrize(
    ("gpu", "value"),
    [([58, 40, 30], "green"), ([55.1, 40, 30], "green"), ([54.9, 40, 30], "RED"), ([60, 40, 28.9], "RED")],
)
def test_scores_of_the_gpu_below_the_spread_of_the_cpus_are_red(gpu, value):
    from benchmarks.gpu import quality as gpu_quality

    cpu = [[57, 40, 30], [58, 40, 30], [59, 40, 30]]  # 2 apart in the first score, and 1 of a margin
    assert gpu_quality.beside_the_cpu("text", [gpu] * 3, cpu)["value"] == value
    assert gpu_quality.beside_the_cpu("text", [gpu] * 2, cpu)["value"] == "NOT FINISHED"


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [
        ({"sg": 1}, 3 * 512 * 7 + 8 * 2),
        ({"sg": 1, "negative_sharing": "pair"}, 3 * 512 * (1 + 6 * 4) + 8 * 2),
        ({"sg": 0}, 3 * 512 * 7 + 8 * 2),
    ],
)
def test_bytes_of_a_kept_word(knobs, expected):
    """Rows of 512 bytes, 4 pairs to a kept word, half of all words kept."""
    from benchmarks.gpu import trainer as gpu_trainer
    from fastw2v.config import TrainConfig

    report = SimpleNamespace(pairs=400, kept_words=100, raw_words=200)
    config = TrainConfig(vector_size=128, **knobs)
    assert gpu_trainer.bytes_a_kept_word(SimpleNamespace(config=config, report=report)) == expected


def test_the_goal_for_unique_rows_is_marked(monkeypatch):
    from benchmarks.gpu import jobs as gpu_jobs
    from benchmarks.gpu import steps as gpu_steps

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
        results.add([report(tmp_path, "full"), report(tmp_path, "quick")])
    assert not (tmp_path / "results").exists()


def test_a_report_goes_to_the_folder_that_is_asked_for(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["results.py", "add", str(report(tmp_path, "full")), "--to", str(tmp_path / "to")])
    results.main()
    assert len((tmp_path / "to" / "ops.jsonl").read_text().splitlines()) == 1
    assert "ops.jsonl: 1 lines more" in capsys.readouterr().out


ORIGIN = {"date": "2026-01-02", "machine": "A processor", "cores": 2, "versions": {"numpy": "2.4"}, "revision": "abc"}


def test_a_line_without_its_origin_is_refused(tmp_path):
    with pytest.raises(ValueError, match="a line of ops has no revision; expected all of date, machine"):
        results.append("ops", ORIGIN | {"revision": ""}, tmp_path)
    results.append("ops", ORIGIN, tmp_path)


def test_every_recorded_line_tells_its_origin():
    files = list(results.FOLDER.glob("*.jsonl"))
    assert files
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert all(json.loads(line).get(name) for name in results.ORIGIN), (file.name, line)


def test_changes_of_recorded_figures_do_not_change_the_revision(monkeypatch):
    asked = []
    monkeypatch.setattr(results, "git", lambda *arguments: asked.append(arguments) or "")
    assert not results.has_changes()
    assert {":(top,exclude)benchmarks/results", ":(top,exclude)README.md"} <= set(asked[0])


def test_quality_of_another_revision_than_the_speed_has_a_footnote(tmp_path, monkeypatch):
    """And neither is mixed into the other's line."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    scores = {f"{name}{end}": value for name in peers.SCORES for end, value in (("", [7.0] * 3), ("_mean", 7.0))}
    speeds = {"words_per_s": [2e6] * 3, "total_s": [3.0] * 3, "peak_rss_mb": 1, "rss_bound_mb": 2}
    for name, quality_at, speed_at in [("skip-gram gensim", "abc", "abc"), ("skip-gram fastw2v", "old", "new")]:
        tool, knobs = peers.ROWS[name]
        row = ORIGIN | {"corpus": "film reviews", "tool": tool, "knobs": peers.KNOBS | knobs}
        results.append("end_to_end", row | {"revision": quality_at} | scores)
        results.append("end_to_end", row | {"revision": speed_at} | speeds)
    _, gensim, ours, measured, note = readme.peers()
    assert (gensim[-3], ours[-3]) == ("7.0 (7.0-7.0)", "7.0 (7.0-7.0) <sup>a</sup>")
    assert measured == "Speed measured on A processor, 2 cores: revision abc (2026-01-02), new (2026-01-02)."
    assert note == "<sup>a</sup> quality measured on A processor, 2 cores: revision old (2026-01-02)."


def test_the_epoch_from_which_on_vectors_score_as_the_books(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    results.append("book", ORIGIN | {"model": "the book's"} | {name: [2.0, 5, 9] for name in peers.SCORES})
    run = {f"{name} per epoch": [1.0, 2.0, 3.0] for name in peers.SCORES} | {"ws353 per epoch": [5.0, 1.9, 2.0]}
    results.append("book", ORIGIN | {"model": "SkipGram", "optimizer": "Adam", "seed": 0, "epochs": 3} | run)
    _, row, _ = readme.epochs()
    assert row == ["SkipGram, Adam, seed 0", "epoch 3", "1.0 / 5.0 / 1.0", "2.0 / 1.9 / 2.0", "3.0 / 2.0 / 3.0"]


def test_without_the_data_the_books_models_end_in_a_line(run_python, tmp_path):
    done = run_python("-m", "benchmarks.studies.book", FASTW2V_DATA_DIR="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "FASTW2V_DATA_DIR is not set; set it to the folder that holds the data sets\n"
    done = run_python("-m", "benchmarks.studies.book", FASTW2V_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert re.fullmatch(r"there is no file .*cbow_params.pkl.*\n", done.stderr)


def test_what_memory_predicts_of_the_growth_of_a_step():
    rows = {
        ("lines", 10): {"rows": 100, "seconds": [50e-6] * 3},
        ("lines", 1000): {"rows": 120, "seconds": [90e-6] * 3},
    }
    rows |= {("step", 10): {"seconds": [150e-6] * 3}, ("step", 1000): {"seconds": [230e-6] * 3}}
    told = tables.growth_of_misses(rows, 10, 1000)
    assert "step takes 80 us more" in told
    assert "take 40 us more; 20 rows more" in told
    assert told.endswith("20 us: together 75 % of what was measured; above 100, arithmetic hides some of the visits.")


SUITE = """
import pytest


def test_fails_after_it_was_timed(timing):
    timing.measure(lambda: None)
    pytest.fail("a wrong result")


@pytest.mark.parametrize("device", ["cpu", "reference"])
def test_with_a_parameter(device, timing):
    timing.measure(lambda: None)


def test_with_a_note(timing):
    timing.measure(lambda: None)
    timing.benchmark.extra_info["device"] = "cpu"


def test_without(timing):
    timing.measure(lambda: None)
"""


def test_failed_benchmarks_are_in_no_report_and_groups_go_over_all_suites(tmp_path, python_env):
    pytest.importorskip("pytest_benchmark")
    root = readme.README.parent
    shutil.copy(root / "benchmarks" / "conftest.py", tmp_path)
    (tmp_path / "test_suite.py").write_text(SUITE)
    folders = [root, root / "kernels"]
    environment = python_env | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
    options = ["--quick", "--benchmark-json=out.json", "--benchmark-group-by=param:device"]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "1 failed, 4 passed" in done.stdout, done.stdout + done.stderr
    reported = {benchmark["name"] for benchmark in json.loads((tmp_path / "out.json").read_text())["benchmarks"]}
    assert len(reported) == 4
    assert not any("fails" in name for name in reported)
    groups = re.findall(r"benchmark '(.*?)': (\d) tests", done.stdout)
    failed = 1  # which the table shows in red
    assert sorted(groups) == [("device=-", str(1 + failed)), ("device=cpu", "2"), ("device=reference", "1")]


@pytest.mark.slow
def test_every_layer_and_model_counts_what_it_does():
    from benchmarks.layers import LAYER_OPS, Iteration, layer_work

    for layer in LAYER_OPS:
        slow, fast = (layer_work(layer, 1000, device) for device in ("reference", "cpu"))
        assert slow.n_bytes >= fast.n_bytes > 0, layer
        assert layer_work(layer, 9000, "cpu") == fast
    sparse, dense = (Iteration("CBOW", "cpu", optimizer, 1000, 1).work() for optimizer in ("SparseAdam", "Adam"))
    assert 0 < sparse.n_bytes < dense.n_bytes
    assert 0 < sparse.flops < dense.flops < Iteration("SimpleCBOW", "reference", "Adam", 1000, 1).work().flops


def test_visits_to_cache_lines_are_counted():
    from benchmarks import test_misses

    matrices, tables = [np.zeros((2, 100), np.float32) for _ in range(8)], [np.zeros(2, np.float32) for _ in range(2)]
    now, stale = np.zeros(1, np.int64), np.ones(1, np.int64)
    test_misses._visit_kernel(*matrices, now, now, stale, stale, *tables, now, np.float32(1))
    assert sum(matrix.sum() for matrix in matrices[:4]) == 7 * test_misses.VISITS_IN
    assert sum(matrix.sum() for matrix in matrices[4:]) == 7 * test_misses.VISITS_OUT
    assert sum(table.sum() for table in tables) == 2
    assert test_misses.LINES_OF_ROW == 7


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
    from benchmarks import timing

    name = "embedding"
    timing.refuse_if_red("cpu", name)
    monkeypatch.setitem(timing.OPS_BY_NAME, name, WrongSign(timing.OPS_BY_NAME[name]))
    with pytest.raises(pytest.fail.Exception, match="not timed: the parity test of embedding on cpu is red"):
        timing.refuse_if_red("cpu", name)


def test_a_new_operation_is_timed_on_its_test_case():
    from benchmarks.cases import WORKLOADS, workload
    from fastw2v_kernels.ops import OPS

    assert set(WORKLOADS) <= {op.name for op in OPS}
    renamed = dataclasses.replace(OPS[1], name="a_new_one")
    assert workload(renamed, quick=True).case.keys() == OPS[1].make_case(np.random.default_rng(0), 7).keys()


def test_a_round_begins_with_the_arrays_that_a_call_changes_as_they_were():
    from benchmarks.cases import Workload

    load = Workload({"x": np.zeros(2), "y": np.ones(2)}, batches=[{"step": 1}, {"step": 2}])
    load.case["step"] = 0
    prepare = load.rounds(lambda x, y, step: np.add(x, step + 1, out=x))
    prepare()
    assert (load.case["x"].tolist(), load.case["step"]) == ([0, 0], 1)
    load.case["x"] += 5
    prepare()
    assert (load.case["x"].tolist(), load.case["step"]) == ([0, 0], 2)


def test_a_pair_compares_run_with_run():
    from benchmarks import pairs

    base = [{"words_per_s": 10.0, "total_s": 8.0}, {"words_per_s": 1.0, "total_s": 80.0}]  # the second minute was slow
    ours = [{"words_per_s": 20.0, "total_s": 2.0}, {"words_per_s": 2.0, "total_s": 20.0}]
    cells = pairs.compared(("words_per_s", "total_s"), base, ours)
    assert cells["x"] == {"words_per_s": [2.0, 2.0, 2.0], "total_s": [4.0, 4.0, 4.0]}
    assert cells["base"]["words_per_s"] == [5.5, 3.25, 7.75]


def test_a_side_tells_its_memory_beside_what_is_allowed():
    from benchmarks import pairs

    runs = [{"peak_rss_mb": mb, "n_vocab": 1_000_000, "raw_words": 5_000_000} for mb in (2000.0, 2740.0)]
    cells = pairs.memory(pairs.PAIRS["skip-gram, V 1,000,000, D 300"].ours, runs)
    assert cells == {"peak_rss_mb": 2740, "rss_bound_mb": 2740, "share_of_bound": 1.0}


def test_a_pair_of_two_workers_is_skipped_on_one_core(monkeypatch):
    from benchmarks import pairs, test_pairs

    class MadeError(Exception):
        """The pair was not skipped."""

    def make(*_):
        raise MadeError

    monkeypatch.setattr(test_pairs, "find_spec", lambda name: True)
    monkeypatch.setattr(test_pairs, "refuse_if_red", make)
    monkeypatch.setattr(test_pairs, "available_cores", lambda: 1)
    is_skipped = {}
    for name, pair in pairs.PAIRS.items():
        with pytest.raises((MadeError, pytest.skip.Exception)) as stopped:
            test_pairs.prepare(pair, None)
        is_skipped[name] = stopped.type is not MadeError
    assert is_skipped == {name: re.search("2 (workers|cores)", name) is not None for name in pairs.PAIRS}
    monkeypatch.setattr(test_pairs, "available_cores", lambda: 2)
    with pytest.raises(MadeError):
        test_pairs.prepare(pairs.PAIRS["skip-gram, 2 workers"], None)


def recorded_pair(monkeypatch, tmp_path, ratio):
    """Results with one pair in them."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    side = {"words_per_s": [2e6, 1e6, 3e6], "total_s": [4.0, 3.0, 5.0], "peak_rss_mb": 200.0, "rss_bound_mb": 300.0}
    x = {"words_per_s": [ratio, ratio - 1, ratio + 1], "total_s": [7.0, 6.0, 8.0]}
    row = {
        "name": "test_pair[skip-gram]",
        "pair": "skip-gram",
        "base_tool": "gensim",
        "base": side,
        "ours": side,
        "x": x,
    }
    results.append("pairs", row | dict.fromkeys(results.ORIGIN, "here"))


def test_a_recorded_pair_is_a_line_of_the_readme(monkeypatch, tmp_path):
    recorded_pair(monkeypatch, tmp_path, 15.0)
    _, line, _ = readme.pairs()
    assert line[:7] == ["skip-gram", "gensim", "2 M words/s", "2 M words/s", "15 (14-16)", "4.0 s", "7 (6-8)"]
    assert line[7] == "200 (300)"


@pytest.mark.parametrize(("ratio", "verdict"), [(15.0, "met"), (11.9, "MISSED")])
def test_a_floor_that_is_missed_or_has_no_figure_counts(monkeypatch, tmp_path, capsys, ratio, verdict):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    monkeypatch.setattr(goals, "GOALS", [goal for goal in goals.GOALS if goal.what == "skip-gram: x words_per_s"])
    assert goals.missed() == 1
    assert capsys.readouterr().out.rstrip().endswith("not recorded")
    recorded_pair(monkeypatch, tmp_path, ratio)
    assert goals.missed() == (verdict != "met")
    (line,) = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"skip-gram: x words_per_s +at least 12 \(goal 18\) +{ratio:g} \(.*\) +{verdict}", line)
    *unmet, told = goals.floors()
    assert [row[-1] for row in unmet] == ([] if verdict == "met" else ["", "MISSED"])
    assert told.startswith(f"{1 if verdict == 'met' else 0} of 1 floors are met")


def test_how_costs_grow_with_the_vocabulary_is_taken_from_the_results(monkeypatch, tmp_path):
    from benchmarks.report import goals

    monkeypatch.setattr(results, "FOLDER", tmp_path)
    kept = [goal for goal in goals.GOALS if goal.what.startswith(("softmax", "SparseAdam"))]
    monkeypatch.setattr(goals, "GOALS", kept)
    assert goals.missed() == len(kept) == 3
    for n_words, softmax, compiled in [(1_000, 9e-3, 9e-4), (10**4, 0.01, 1e-4), (10**5, 0.5, 9e-4), (10**6, 1, 3e-4)]:
        for series, seconds in ((tables.SOFTMAX, softmax), (tables.COMPILED, compiled)):
            row = {"series": series, "V": n_words, "seconds": [seconds, seconds / 2, seconds * 2]}
            results.append("scaling", row | ORIGIN)
    assert goals.slope(10**4) == pytest.approx([1, np.log10(25) / 2, np.log10(400) / 2], rel=1e-3)
    assert goals.growth(10**4, 10**6) == [3, 0.75, 12]
    assert goals.missed() == 1


def test_both_tools_are_asked_the_same_analogies(monkeypatch, tmp_path):
    """The words on the edge of the ranked ones have equal counts, and lie in another order for each tool."""
    keys, vectors = list("abcdefgh"), np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    vectors[3], vectors[4] = vectors[1] - vectors[0] + vectors[2], 0
    counts = np.array([9, 8, 7, 5, 5, 5, 5, 1])
    (tmp_path / "questions-words.txt").write_text(": one\na b c d\na b c e\na b c g\n")
    for name in ("wordsim353.tsv", "simlex999.txt"):
        (tmp_path / name).write_text("".join(f"{keys[i]}\t{keys[i + 1]}\t{i}\n" for i in range(4)))
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(peers, "N_RANKED", 5)
    found = []
    for order in ([0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 6, 5, 4, 3, 7]):
        KeyedVectors([keys[row] for row in order], vectors[order]).save(tmp_path / "vectors.bin")
        found.append(peers.scores(tmp_path / "vectors.bin", counts[order])["analogies"])
    assert found == [0.5, 0.5]  # d is right, e is wrong, g is not among the five


@pytest.mark.slow
def test_a_measured_process_imports_no_command_line(run_python, tmp_path):
    (tmp_path / "text").write_text("a b c d\n" * 20)
    request = {"tool": "fastw2v", "knobs": peers.KNOBS | {"epochs": 1}, "corpus": "text", "score": False}
    code = f"import sys; from benchmarks import peers; peers.run(**{request}); "
    code += "print({'typer', 'tqdm'} & sys.modules.keys())"
    shown = run_python("-c", code, PYTHONPATH=os.pathsep.join(sys.path))
    assert (shown.stdout, shown.returncode) == ("set()\n", 0), shown.stderr

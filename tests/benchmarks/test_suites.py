"""The benchmark suites: their reports, groups, workloads and counts."""

import dataclasses
import json
import os
import re
import shutil
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.report import readme

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
    root = readme.ROOT
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
    layers = (test_misses.Matrices(*matrices[:4]), test_misses.Matrices(*matrices[4:]))
    rows = test_misses.Rows(now, now, stale, stale)
    test_misses._visit_kernel(*layers, rows, tuple(tables), now, np.float32(1))
    assert sum(matrix.sum() for matrix in matrices[:4]) == 7 * test_misses.VISITS_IN
    assert sum(matrix.sum() for matrix in matrices[4:]) == 7 * test_misses.VISITS_OUT
    assert sum(table.sum() for table in tables) == 2
    assert test_misses.LINES_OF_ROW == 7


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

"""What the benchmarks promise: README has the recorded figures, a wrong kernel is not timed, ratios are fair."""

import dataclasses
import json

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

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


def test_a_pair_compares_run_with_run():
    import pairs

    base = [{"words_per_s": 10.0, "total_s": 8.0}, {"words_per_s": 1.0, "total_s": 80.0}]  # the second minute was slow
    ours = [{"words_per_s": 20.0, "total_s": 2.0}, {"words_per_s": 2.0, "total_s": 20.0}]
    cells = pairs.compared(("words_per_s", "total_s"), base, ours)
    assert cells["x"] == {"words_per_s": [2.0, 2.0, 2.0], "total_s": [4.0, 4.0, 4.0]}
    assert cells["base"]["words_per_s"] == [5.5, 3.25, 7.75]


def test_a_side_tells_its_memory_beside_what_is_allowed():
    import pairs

    runs = [{"peak_rss_mb": mb, "n_vocab": 1_000_000, "raw_words": 5_000_000} for mb in (2000.0, 2740.0)]
    cells = pairs.memory(pairs.PAIRS["skip-gram, V 1,000,000, D 300"].ours, runs)
    assert cells == {"peak_rss_mb": 2740, "rss_bound_mb": 2740, "share_of_bound": 1.0}


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
    results.append("pairs", row)


def test_a_recorded_pair_is_a_line_of_the_readme(monkeypatch, tmp_path):
    recorded_pair(monkeypatch, tmp_path, 15.0)
    _, line = readme.pairs()
    assert line[:7] == ["skip-gram", "gensim", "2 M words/s", "2 M words/s", "15 (14-16)", "4.0 s", "7 (6-8)"]
    assert line[7] == "200 (300)"


@pytest.mark.parametrize(("ratio", "n_missed"), [(15.0, 0), (11.9, 1)])
def test_a_floor_that_is_missed_counts(monkeypatch, tmp_path, capsys, ratio, n_missed):
    import goals

    monkeypatch.setattr(goals, "GOALS", [goal for goal in goals.GOALS if goal.row == "skip-gram"])
    assert goals.missed() == 1
    recorded_pair(monkeypatch, tmp_path, ratio)
    assert goals.missed() == n_missed
    assert f"at least    12 (goal 18): {ratio:g}" in capsys.readouterr().out

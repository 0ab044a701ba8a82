"""What a profile says: speed-ups, answers, warnings, JSON, a trace."""

import json
import re
from itertools import pairwise, product

import pytest

from fastw2v.profile import files, records, report
from fastw2v.profile.clock import fused
from tests.profile.cases import profile_of, run_of


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


@pytest.mark.slow
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
    assert "calls" not in cpu


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

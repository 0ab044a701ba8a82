"""A profile measured while other programs use the cores."""

import pytest

from fastw2v.profile import machine, report
from tests.profile.cases import profile_of, run_of


@pytest.fixture
def tasks(tmp_path, monkeypatch):
    """Write the times, in nanoseconds, that the threads of a process have run and waited."""

    def write(*times):
        for number, (ran, waited) in enumerate(times):
            (tmp_path / "task" / str(number)).mkdir(parents=True, exist_ok=True)
            (tmp_path / "task" / str(number) / "schedstat").write_text(f"{ran} {waited} 3\n")

    monkeypatch.setattr(machine, "_TASKS", tmp_path / "task")
    return write


def test_the_share_of_waiting_is_that_of_all_threads_since_the_clock_began(tasks):
    tasks((1000, 5000), (0, 0))
    clock = machine.LoadClock()
    assert clock.waited_percent() == 0
    tasks((1300, 5050), (100, 50))
    assert clock.waited_percent() == pytest.approx(100 * 100 / 500)


@pytest.mark.parametrize(("load", "percent"), [(0.5, 0), (1.0, 0), (3.0, 50), (7.0, 75)])
def test_elsewhere_the_load_average_stands_for_it(load, percent, tmp_path, monkeypatch):
    """Of two cores, a load of 3 and this program need four."""
    monkeypatch.setattr(machine, "_TASKS", tmp_path / "none")
    monkeypatch.setattr(machine.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(machine.os, "getloadavg", lambda: (load, 0, 0), raising=False)
    assert machine.LoadClock().waited_percent() == percent


def test_where_nothing_tells_the_share_is_unknown(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "_TASKS", tmp_path / "none")
    monkeypatch.setattr(machine, "_load_average", lambda: None)
    assert machine.LoadClock().waited_percent() is None


@pytest.mark.skipif(machine._thread_ns() is None, reason="this system does not count how long threads wait")
def test_this_system_counts_how_long_threads_run():
    clock = machine.LoadClock()
    while machine._thread_ns()[0] == clock._begun[0]:
        sum(range(10_000))
    assert 0 <= clock.waited_percent() < 100


def runs(waited):
    return [run_of("cpu", size, {"loss": float(size)}, waited=waited) for size in (100, 1000)]


def test_a_run_under_load_is_unreliable_and_gets_no_verdict():
    measured = profile_of(*runs(waited=30.4))
    (warning,) = measured.warnings()
    assert warning.startswith("unreliable, measured under load; ")
    assert "cpu, cbow, V = 100 (30 %); cpu, cbow, V = 1,000 (30 %): measure again" in warning
    growth = list(report.answers(measured))[1]
    assert "cpu: unreliable, no verdict (measured under load: threads waited for a core for 30 % of the time)" in growth
    assert "in proportion" not in growth
    assert sum("UNRELIABLE" in line for line in report.text(measured)) == 2
    assert measured.to_dict()["runs"][0]["waited_percent"] == 30.4


@pytest.mark.parametrize("waited", [None, 0.0, 4.9])
def test_a_run_without_load_gets_its_verdict(waited):
    measured = profile_of(*runs(waited))
    assert measured.warnings() == []
    assert "cpu: in proportion" in list(report.answers(measured))[1]
    assert not any("UNRELIABLE" in line for line in report.text(measured))

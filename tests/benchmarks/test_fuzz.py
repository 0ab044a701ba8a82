"""The study of damaged files: it finds planted faults, repeats its cases, and finds none in the readers."""

import os
import random
import signal
import sys
import time

import pytest

from benchmarks.studies import fuzz
from benchmarks.studies.fuzz_formats import Input
from benchmarks.studies.fuzz_inputs import inputs
from benchmarks.studies.mutations import damaged

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")]
WHOLE = b"2 2\na 1 2\nb 3 4\n"


def planted(fault):
    """A format whose reader has a fault, except in the calls by which a process begins."""
    calls = []

    def read(path, _):
        calls.append(path)
        if len(calls) > fuzz.FIRST_READS:
            fault(path)

    return {"planted": Input(WHOLE, read)}


def kinds(fault, n_cases=6):
    return {outcome.kind for outcome in fuzz.outcomes(planted(fault), 1, range(n_cases))}


def refuse(path):
    raise ValueError(f"{path} is damaged; save it again")


def refuse_without_a_name(path):
    raise ValueError("a damaged file; save it again")


def find_nothing(path):
    raise KeyError(0)


def read_wrongly(path):
    raise AssertionError


def grow(path):
    bytearray(os.urandom(1000)) * 60_000


def compute(path):
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass


def compute_for_ever(path):
    while True:
        pass


FAULTS = {
    refuse: "ValueError",
    refuse_without_a_name: "crash",
    find_nothing: "crash",
    read_wrongly: "wrong",
    grow: "memory",
    compute: "hang",
    lambda path: os.kill(os.getpid(), signal.SIGKILL): "crash",
    lambda path: None: "read",
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_found(fault, monkeypatch):
    monkeypatch.setattr(fuzz, "MOST_CPU_S", 0.2)
    assert kinds(fault) == {FAULTS[fault]}


def test_a_case_without_end_is_killed(monkeypatch):
    monkeypatch.setattr(fuzz, "MOST_CPU_S", 0.05)
    assert kinds(compute_for_ever, n_cases=2) == {"hang"}


def test_the_case_without_end_is_the_one_that_is_named(monkeypatch):
    monkeypatch.setattr(fuzz, "MOST_CPU_S", 0.05)
    calls = []

    def refuse_some(path):
        calls.append(path)
        if len(calls) > 300:
            compute_for_ever(path)
        refuse(path)

    found = []
    for outcome in fuzz.outcomes(planted(refuse_some), 1, range(301)):
        time.sleep(0 if found else 0.5)  # the child goes on meanwhile
        found.append(outcome)
    assert [outcome.kind for outcome in found] == ["ValueError"] * 300 + ["hang"]


def test_a_case_that_waits_is_killed(monkeypatch):
    monkeypatch.setattr(fuzz, "MOST_WALL_S", 0.3)
    assert kinds(lambda path: time.sleep(100), n_cases=1) == {"hang"}


def test_an_error_of_the_study_is_none_of_the_reader(monkeypatch, capfd):
    monkeypatch.setattr(fuzz, "run_case", None)
    with pytest.raises(RuntimeError, match="the study itself failed"):
        kinds(refuse)
    assert "TypeError" in capfd.readouterr().err


def test_cases_are_repeatable_and_differ():
    formats = planted(refuse)
    contents = [fuzz.content_of(formats, 1, case)[1] for case in range(200)]
    assert contents == [fuzz.content_of(formats, 1, case)[1] for case in range(200)]
    assert len(set(contents)) > 150
    assert contents != [fuzz.content_of(formats, 2, case)[1] for case in range(200)]


def test_the_table_counts_every_outcome():
    lines = fuzz.table({("text", "read"): 3, ("text", "crash"): 1, ("model", "ValueError"): 2}).splitlines()
    assert lines[0] == "| format | cases | ValueError | read | crash | hang | memory | wrong |"
    assert lines[2:] == [
        "| text | 4 | 0 | 3 | 1 | 0 | 0 | 0 |",
        "| model | 2 | 2 | 0 | 0 | 0 | 0 | 0 |",
        "| all | 6 | 2 | 3 | 1 | 0 | 0 | 0 |",
    ]


def test_every_format_is_read_whole_and_damaged_in_some_way():
    for name, each in inputs().items():
        rng = random.Random(name)
        changed = [damaged(each.content, rng) for _ in range(40)]
        assert 20 < len(set(changed))


@pytest.mark.slow
def test_damaged_files_are_read_or_refused():
    formats = inputs()
    found = list(fuzz.outcomes(formats, 7, range(20 * len(formats))))
    assert [outcome for outcome in found if outcome.kind in fuzz.BAD] == []
    assert {outcome.format for outcome in found} == set(formats)

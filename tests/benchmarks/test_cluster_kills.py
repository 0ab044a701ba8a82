"""The moments of the study that kills trainings on clusters, without Ray."""

import random
import time

import pytest

from benchmarks.studies.cluster.kills import Chosen, Schedule, schedules_of
from benchmarks.studies.cluster.phases import Strike

PHASE_S = 0.05


def rounds(strike, n_rounds):
    for _ in range(n_rounds):
        for phase in ("training", "exchange"):
            with strike.during(phase):
                time.sleep(PHASE_S)


@pytest.mark.parametrize("number", range(4))
def test_a_strike_falls_once_within_its_phase(number):
    done = []
    strike = Strike(random.Random(number), ("exchange",), 4, action=lambda: done.append(strike.struck))
    rounds(strike, 8)
    assert done == [strike.struck]
    assert strike.struck.phase == "exchange"
    assert 1 <= strike.struck.n_round <= 8


def test_a_strike_waits_until_it_is_due():
    strike = Strike(random.Random(0), ("training",), 4, action=lambda: None, is_due=lambda: False)
    rounds(strike, 4)
    assert strike.struck is None


def test_undisturbed_runs_come_first_and_kinds_alternate():
    schedules = schedules_of(["8:1", "16:4"])
    assert schedules == [Schedule(8, 1), Schedule(16, 4)]
    chosen = Chosen(["node", "driver"], 2, 5, epochs=2, schedules=schedules, parts=1, quick=True)
    expected = [("none", 0), ("none", 1), ("node", 5), ("driver", 5), ("node", 6), ("driver", 6)]
    assert list(chosen.runs()) == expected


def test_the_schedule_is_that_of_a_cluster_if_none_is_given():
    assert schedules_of([]) == [Schedule(None, 4)]

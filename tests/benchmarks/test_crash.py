"""The study that kills trainings, in small."""

from collections import Counter

import pytest

from benchmarks.studies import crash


@pytest.mark.parametrize(
    ("counts", "n_faults"),
    [
        ({"trainings": 3, "equal files": 3, "signals": 4, "left files": 0}, 0),
        ({"trainings": 3, "equal files": 1, "signals": 4, "left files": 1}, 3),
        ({"kills": 4, "old or new": 3, "with a draft": 2}, 1),
        ({"trainings": 1, "equal files": 1, "status 1": 2}, 2),
        ({"full disks": 1}, 1),
        ({"not tried": 1}, 0),
    ],
)
def test_what_is_a_fault(counts, n_faults):
    assert crash.faults(Counter(counts)) == n_faults


@pytest.mark.slow
def test_killed_and_stopped_trainings_end_in_the_same_file(capsys):
    arguments = ["--kills", "2", "--terms", "1", "--saves", "2", "--lines", "2000"]
    assert crash.main(arguments) == 0, capsys.readouterr().out

"""Two revisions in alternation: which files each runs, and the verdicts on their times."""

import sys
from pathlib import Path

import pytest

from benchmarks import ab


@pytest.mark.parametrize("own_files", [False, True])
def test_revisions_run_the_same_files_or_their_own(monkeypatch, capsys, own_files):
    started, ran = [], []
    monkeypatch.setattr(sys, "argv", ["ab", "old", ".", "--rounds", "3", "-k", "op", *["--own-files"] * own_files])
    monkeypatch.setattr(ab, "checked_out", lambda folder, revision, cleanup: Path(revision))
    monkeypatch.setattr(ab, "installed", lambda folder, *sources: started.append(sources) or len(started))
    monkeypatch.setattr(ab, "run", lambda side, args, quick: ran.append((side, args)) or {"test_op": float(side)})
    ab.main()
    assert started == [(Path(name), Path(name) if own_files else ab.ROOT) for name in ("old", ".")]
    assert ran == [(side, ["-k", "op"]) for side in (1, 2, 2, 1, 1, 2)]  # A B B A A B
    assert capsys.readouterr().out.splitlines()[-1] == "1 slower, 0 same, 0 faster"


def test_files_of_a_checkout_are_copied_without_its_packages(tmp_path):
    copied = ab.copy_benchmarks(ab.ROOT, tmp_path / "suites")
    assert sorted(path.name for path in copied.iterdir()) == ["benchmarks", "pyproject.toml", "tests"]


@pytest.mark.parametrize(
    ("b", "verdict"), [([3.0, 4.0, 5.0], "slower"), ([1.5, 2.5, 3.0], "same"), ([0.5, 0.6, 0.9], "faster")]
)
def test_a_verdict_needs_every_round_beyond_every_other(capsys, b, verdict):
    ab.report({"test_op": [1.0, 2.0, 2.5], "test_old": [1.0]}, {"test_op": b})
    line, only, _ = capsys.readouterr().out.splitlines()
    assert line.startswith(verdict)
    assert line.endswith("test_op")
    assert only == "only A  test_old"

"""The program for a machine with a GPU: what its table and its exit status say."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest


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
    assert gpu_quality.compared_with_cpu("text", [gpu] * 3, cpu)["value"] == value
    assert gpu_quality.compared_with_cpu("text", [gpu] * 2, cpu)["value"] == "NOT FINISHED"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"sg": 1}, 3 * 512 * 7 + 8 * 2),
        ({"sg": 1, "negative_sharing": "pair"}, 512 * (3 + 4 * 4 * 6) + 8 * 2),
        ({"sg": 0}, 3 * 512 * 7 + 8 * 2),
        ({"sg": 1, "hs": 1, "negative": 0}, 3 * 512 * (1 + 1.25) + 8 * 2),
        ({"sg": 1, "hs": 1, "negative": 5}, 3 * 512 * (1 + 6 + 1.25) + 8 * 2),
    ],
)
def test_bytes_of_a_kept_word(options, expected):
    """Rows of 512 bytes, 4 pairs to a kept word, half of all words kept; paths of 1 and 2 nodes, in 3 to 1 words."""
    from benchmarks.gpu import trainer as gpu_trainer
    from fastw2v.config import TrainConfig
    from fastw2v.vocab import Vocab

    report = SimpleNamespace(pairs=400, kept_words=100, raw_words=200)
    config = TrainConfig(vector_size=128, **options)
    tree, vocab = SimpleNamespace(path_starts=np.array([0, 1, 3])), Vocab.from_ids(np.arange(2), np.array([3, 1]))
    state = SimpleNamespace(weights=SimpleNamespace(tree=tree))
    model = SimpleNamespace(config=config.with_option("sample", 0), report=report, vocab=vocab, _state=state)
    assert gpu_trainer.bytes_a_kept_word(model) == expected


def test_the_goal_for_unique_rows_is_marked(monkeypatch):
    from benchmarks.gpu import jobs as gpu_jobs
    from benchmarks.gpu import steps as gpu_steps

    monkeypatch.setattr(gpu_jobs, "unique_operations", lambda sizes: [gpu_jobs.Job("fast", "embedding", 70, None)] * 2)
    times = iter([1.0, 2.0])
    clock = SimpleNamespace(seconds=lambda call: next(times))
    notes = [row["note"] for row in gpu_steps.unique_rows(clock, gpu_steps.Sizes(bandwidth=100.0))]
    assert notes == [
        "70% of the copy's bandwidth, goal 60%: reached",
        "35% of the copy's bandwidth, goal 60%: MISSED",
    ]
    (unknown,) = {row["value"] for row in gpu_steps.unique_rows(clock, gpu_steps.Sizes(red={"embedding"}))}
    assert unknown == "not timed"

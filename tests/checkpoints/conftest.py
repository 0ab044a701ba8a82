import pytest

from fastw2v.checkpointing import CheckpointPause
from tests.checkpoints.cases import RUN


@pytest.fixture(autouse=True)
def short_spans_and_quick_writes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("fastw2v.backends.cpu.span_tokens", lambda config: 50)

    def run_and_wait(pause, report):
        RUN(pause, report)
        if pause._thread is not None:
            pause._thread.join()

    monkeypatch.setattr(CheckpointPause, "run", run_and_wait)

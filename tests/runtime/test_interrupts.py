import signal
import subprocess
import sys

import pytest

from fastw2v.runtime import interrupts


@pytest.fixture
def ended(interruptible, monkeypatch):
    """The exit statuses with which the process would have ended."""
    statuses = []
    monkeypatch.setattr("os._exit", statuses.append)
    return statuses


def test_ctrl_c_ends_the_start_and_is_raised_in_the_work(ended, capfd):
    interrupts.end_on_ctrl_c()
    signal.raise_signal(signal.SIGINT)
    assert ended == [130]
    with pytest.raises(KeyboardInterrupt), interrupts.ctrl_c_raises():
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)  # the work is done: the process ends with its status
    assert ended == [130]
    assert capfd.readouterr().err == "stopped by Ctrl-C; nothing was written\n"


def test_a_process_that_ignores_ctrl_c_goes_on_to(ended):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    interrupts.end_on_ctrl_c()
    with interrupts.ctrl_c_raises():
        signal.raise_signal(signal.SIGINT)
    assert ended == []


def test_a_handler_of_the_user_is_left_alone(ended):
    came = []
    signal.signal(signal.SIGINT, lambda *_: came.append(1))
    interrupts.end_on_ctrl_c()
    with interrupts.ctrl_c_raises():
        signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    assert (ended, came) == ([], [1, 1])


def test_little_is_imported_before_ctrl_c_is_taken_care_of():
    program = (
        "import sys; before = set(sys.modules); import fastw2v.runtime.interrupts; print(set(sys.modules) - before)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not any(f"'{slow}'" in done.stdout for slow in ("logging", "threading", "typing"))

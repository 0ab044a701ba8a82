"""Ctrl-C in a command: it ends at once while the command starts, and raises KeyboardInterrupt while it works."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_EXIT_STATUS = 130  # 128 + SIGINT, as shells give it


def end_on_ctrl_c() -> None:
    """Let Ctrl-C end the process without a traceback, unless it ignores Ctrl-C, as under nohup.

    For the start of a command. It imports packages, and some run code in which an exception would be printed and lost.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def _end(*_: object) -> None:
    with suppress(OSError):
        os.write(2, b"stopped by Ctrl-C; nothing was written\n")
    os._exit(_EXIT_STATUS)


@contextmanager
def ctrl_c_raises() -> Iterator[None]:
    """After `end_on_ctrl_c`, raise KeyboardInterrupt within the block; behind it the command has only to end."""
    if signal.getsignal(signal.SIGINT) is not _end:
        yield
        return
    from fastw2v.runtime.signals import after_imports  # later: what it imports takes time, in which Ctrl-C may come

    signal.signal(signal.SIGINT, after_imports(signal.default_int_handler))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)

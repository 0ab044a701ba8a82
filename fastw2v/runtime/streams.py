"""Standard streams that are closed: a daemon, a service, or `2>&-` in a shell leave a process without them."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TextIO

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


def open_closed_streams() -> None:
    """Open the null device in the place of each closed stream; else a file of the user would get its number.

    What a library writes to stdout or stderr would then go to that file.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            _open_null(number)
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))


def _open_null(number: int) -> None:
    """Open the null device under this number, unless it is in use."""
    try:
        os.fstat(number)
    except OSError:
        opened = os.open(os.devnull, os.O_RDWR)
        if opened != number:
            os.dup2(opened, number)
            os.close(opened)


def write_line(text: str, stream: TextIO | None) -> None:
    """Write a line at once, with the bytes that undecodable words have in their file.

    Nothing is written if the stream is closed, or if nobody reads it any more (``fastw2v similar ... | head``), so that
    the work goes on.
    """
    if stream is None:
        return
    try:
        stream.buffer.write((text + "\n").encode("utf-8", "surrogateescape"))
        stream.flush()
    except BrokenPipeError:
        with suppress(OSError, ValueError):
            _redirect_to_null(stream.fileno())


def _redirect_to_null(number: int) -> None:
    """Let what is still written to a stream go nowhere, at the end of the process too."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, number)
    os.close(null)

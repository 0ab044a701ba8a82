"""Progress bars on a terminal or in a notebook, drawn by tqdm in a thread of their own.

Whoever works only notes how far it is. So a slow terminal does not slow the work, and one that is gone does not end it.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from fastw2v.runtime.signals import start

logger = logging.getLogger("fastw2v")

_DRAW_SECONDS = 0.15
DELAY_SECONDS = 0.4  # a bar that nobody asked for is not shown for shorter work
_open_bars: list[PhaseBar] = []


def in_notebook() -> bool:
    """Whether this process is the kernel of a notebook (Jupyter, Colab, an editor's notebook)."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    return getattr(shell, "kernel", None) is not None


def stderr_is_open() -> bool:
    """Whether there is a stderr that can be written to."""
    return sys.stderr is not None and not getattr(sys.stderr, "closed", False)


def bars_are_wanted() -> bool:
    """Whether bars are shown without being asked for: in a notebook, and where stderr is a terminal."""
    return in_notebook() or (stderr_is_open() and sys.stderr.isatty())


class PhaseBar:
    """The bar of one phase, with speed and time left; a `PhaseProgress`, shown within its ``with`` block.

    Parameters
    ----------
    phase : "encode" or "train"
        The bar of "train" stays on the screen at the end, the other one is removed; in a notebook both stay.
    delay : float
        Seconds before the bar is shown; a notebook shows it at once.
    """

    def __init__(self, phase: str, delay: float = 0.0) -> None:
        self._phase, self._delay = phase, delay
        self._done: int | None = None  # nothing is done before the kernels are loaded
        self._total: int | None = None
        self._note, self._loss = "", ""
        self._bar: Any = None
        self._begun = time.time()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._draw_until_end, name=f"fastw2v-bar-{phase}", daemon=True)
        self._exits = ExitStack()

    def __call__(self, done: int, total: int | None) -> None:
        """Note that `done` of `total` bytes, tokens or words are done."""
        if self._done is None:
            self._begun = time.time()
        self._total, self._done = total, done

    def note(self, text: str) -> None:
        """Show a text in the place of the bar; an empty one brings the bar back."""
        self._note = text

    def show_loss(self, loss: float) -> None:
        """Show the mean loss of an epoch behind the speed."""
        self._loss = f"loss {loss:.4f}"

    def __enter__(self) -> PhaseBar:
        if not in_notebook():
            self._exits.enter_context(log_lines_above_bars())
        if in_notebook() or self._delay == 0:
            self._bar = self._new_bar()
        _open_bars.append(self)
        try:
            start(self._thread)
        except BaseException:  # of a signal: the thread runs, and the block will not
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        _open_bars.remove(self)
        self._thread.join()
        self._exits.close()

    def _draw_until_end(self) -> None:
        time_to_show = time.time() + self._delay
        while not self._ended.wait(_DRAW_SECONDS):
            if self._bar is None and time.time() >= time_to_show:
                self._bar = self._new_bar()
            if self._bar is not None:
                self._draw()
        if self._bar is not None:
            self._draw()
            self._bar.close()

    def _new_bar(self) -> Any:  # noqa: ANN401 - tqdm has no types
        from fastw2v.runtime.tqdm_bar import Bar

        leave = self._phase == "train" or in_notebook()
        return Bar(desc=self._phase, unit_scale=True, dynamic_ncols=True, leave=leave, bar_format="{desc}")

    def _draw(self) -> None:
        bar, done, total = self._bar, self._done, self._total
        if self._note or done is None:
            bar.bar_format = "{desc}"
            bar.set_description_str(self._note or self._phase)
            return
        if bar.bar_format is not None:  # the first words: the clock starts with them
            bar.bar_format = None
            bar.unit = " words" if self._phase == "train" else " tokens" if total is None else "B"
            bar.set_description_str(self._phase, refresh=False)
            bar.reset(total=total)
            bar.start_t = bar.last_print_t = self._begun
        bar.set_postfix_str(self._loss, refresh=False)
        if not bar.update(done - bar.n):
            bar.refresh()


def note(text: str) -> None:
    """Show a text in the place of the bars that are open; an empty one brings them back."""
    for bar in tuple(_open_bars):
        bar.note(text)


class _AboveBars(logging.Handler):
    """Does what another handler does, with the bars removed from the screen meanwhile."""

    def __init__(self, handler: logging.Handler) -> None:
        super().__init__(handler.level)
        self.handler = handler

    def emit(self, record: logging.LogRecord) -> None:
        """Let the other handler write the line."""
        from fastw2v.runtime.tqdm_bar import Bar

        try:
            with Bar.external_write_mode(file=getattr(self.handler, "stream", None)):
                self.handler.handle(record)
        except Exception:
            self.handleError(record)


def _wrapped(handler: logging.Handler) -> logging.Handler:
    stream = getattr(handler, "stream", None)
    is_console = isinstance(handler, logging.StreamHandler) and stream in (sys.stdout, sys.stderr)
    return _AboveBars(handler) if is_console else handler


def _unwrapped(handler: logging.Handler) -> logging.Handler:
    return handler.handler if isinstance(handler, _AboveBars) else handler


@contextmanager
def log_lines_above_bars() -> Iterator[None]:
    """Within the block, lines that the loggers "fastw2v" and root write to the terminal appear above the bars."""
    loggers = logging.root, logger
    for each in loggers:
        each.handlers = [_wrapped(handler) for handler in each.handlers]
    if logging.lastResort is not None:
        logging.lastResort = _wrapped(logging.lastResort)
    try:
        yield
    finally:
        for each in loggers:
            each.handlers = [_unwrapped(handler) for handler in each.handlers]
        if logging.lastResort is not None:
            logging.lastResort = _unwrapped(logging.lastResort)

"""What a driver is at, so that something can be killed in a known phase of a round."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, NamedTuple

from fastw2v.distributed import driver

PHASES = ("training", "exchange")
_FIRST_GUESS_S = 0.3  # of a phase that has not ended yet


class Struck(NamedTuple):
    """When a strike fell: in which round, in which phase, and how many seconds after that began."""

    n_round: int
    phase: str
    seconds: float


class Strike:
    """Does something once, at a random moment of a phase of a round.

    The phase cannot end while the action runs, so the phase that is recorded is the one that was struck.

    Parameters
    ----------
    draw : random.Random
    phases : sequence of str
        One of them is drawn.
    n_rounds : int
        Of the whole training; one of the first nine tenths is drawn.
    action : callable
        What is done. It should take milliseconds.
    is_due : callable, optional
        Nothing is done before this is true.

    Attributes
    ----------
    struck : Struck, optional
        None until the action is done.
    """

    def __init__(
        self,
        draw: random.Random,
        phases: tuple[str, ...],
        n_rounds: int,
        *,
        action: Callable[[], None],
        is_due: Callable[[], bool] = lambda: True,
    ) -> None:
        self.struck: Struck | None = None
        self._phase, self._round, self._moment = (
            draw.choice(phases),
            draw.randint(1, max(1, n_rounds * 9 // 10)),
            draw.random(),
        )
        self._action, self._is_due, self._lock = action, is_due, threading.Lock()
        self._took = dict.fromkeys(PHASES, _FIRST_GUESS_S)
        self._n_round = self._n_phase = 0

    @contextmanager
    def during(self, phase: str) -> Iterator[None]:
        """Tell that the driver is in this phase; strike, if it is the one."""
        self._n_round += phase == PHASES[0]
        begun, number = time.perf_counter(), self._n_phase
        if self.struck is None and phase == self._phase and self._n_round >= self._round and self._is_due():
            strike = partial(self._strike, number, self._n_round, phase, begun=begun)
            timer = threading.Timer(self._moment * self._took[phase], strike)
            timer.daemon = True
            timer.start()
        try:
            yield
            self._took[phase] = time.perf_counter() - begun
        finally:
            with self._lock:
                self._n_phase += 1

    def _strike(self, number: int, n_round: int, phase: str, *, begun: float) -> None:
        with self._lock:
            if number == self._n_phase and self.struck is None:  # else it was too late, and the next round is tried
                self.struck = Struck(n_round, phase, time.perf_counter() - begun)
                self._action()


@contextmanager
def watched(strike: Strike) -> Iterator[None]:
    """Let the driver of this process tell a strike what it is at."""
    train, exchange = driver.Training._train, driver.exchange_rows

    def watched_train(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as those of the driver
        with strike.during("training"):
            return train(*arguments, **named)

    def watched_exchange(*arguments: Any, **named: Any) -> None:  # noqa: ANN401
        with strike.during("exchange"):
            exchange(*arguments, **named)

    driver.Training._train, driver.exchange_rows = watched_train, watched_exchange  # type: ignore[method-assign]
    try:
        yield
    finally:
        driver.Training._train, driver.exchange_rows = train, exchange  # type: ignore[method-assign]

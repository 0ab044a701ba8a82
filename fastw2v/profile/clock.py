"""The clock of stages: it times methods of objects while it is on, and leaves no trace of itself when it is off."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

GATHER, HIDDEN, SCORE, LOSS, SAMPLER = "input gather", "hidden", "output score", "loss", "sampler"
BACKWARD_IN, BACKWARD_OUT, OPTIMISER = "backward in", "backward out", "optimiser"
STAGES = (GATHER, HIDDEN, SCORE, LOSS, SAMPLER, BACKWARD_IN, BACKWARD_OUT, OPTIMISER)


def fused(*stages: str) -> str:
    """Name of stages that one kernel does, and whose times nobody can tell apart."""
    return " + ".join(stages)


def stages_in(stage: str) -> list[str]:
    """Stages that a stage is made of: several if it is fused."""
    return stage.split(" + ")


class Region(NamedTuple):
    """A method, and the stage that its time counts for."""

    stage: str
    label: str
    owner: Any
    method: str


class Call(NamedTuple):
    """One call: its region, begin and end."""

    label: str
    stage: str
    begin_ns: int
    end_ns: int


class StageClock:
    """Adds up the time of calls by stage. A call inside a call counts for its own stage alone."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._ns: Counter[str] = Counter()
        self._inner_ns: list[int] = []  # for each open call, the time of timed calls inside it

    @contextmanager
    def on(self, regions: Sequence[Region]) -> Iterator[None]:
        """Time the regions' methods within the `with` block."""
        for region in regions:
            setattr(region.owner, region.method, self._timed(region, getattr(region.owner, region.method)))
        try:
            yield
        finally:
            for region in regions:
                delattr(region.owner, region.method)

    def _timed(self, region: Region, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:  # noqa: ANN401 - what the method takes and returns
            self._inner_ns.append(0)
            begin = time.perf_counter_ns()
            result = method(*arguments)
            end = time.perf_counter_ns()
            self._ns[region.stage] += end - begin - self._inner_ns.pop()
            if self._inner_ns:
                self._inner_ns[-1] += end - begin
            self._calls.append(Call(region.label, region.stage, begin, end))
            return result

        return call

    def take(self) -> tuple[dict[str, float], list[Call]]:
        """Return seconds by stage, and the calls, since the last time."""
        seconds, calls = {stage: ns / 1e9 for stage, ns in self._ns.items()}, self._calls
        self._ns, self._calls = Counter(), []
        return seconds, calls

"""A profile as files: JSON, and a trace."""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from typing import Any

from fastw2v.profile import report
from fastw2v.profile.case import MODELS
from fastw2v.profile.clock import Call
from fastw2v.profile.records import Profile, Run
from fastw2v.runtime.files import atomic_write

Event = dict[str, Any]


def write_json(profile: Profile, path: str | PathLike[str]) -> None:
    """Write all figures, and the answers, as one JSON object."""
    _write(profile.to_dict() | {"answers": list(report.answers(profile))}, path, indent=1)


def write_trace(profile: Profile, path: str | PathLike[str]) -> None:
    """Write the last clocked iterations of each run in Chrome's trace format, for Perfetto or chrome://tracing.

    A process for each run; complete events, in microseconds, whose category is the stage.
    """
    events = [event for pid, run in enumerate(profile.runs, 1) for event in _events(run, pid)]
    _write({"traceEvents": events, "displayTimeUnit": "ms"}, path)


def _write(content: dict[str, Any], path: str | PathLike[str], indent: int | None = None) -> None:
    with atomic_write(path) as draft:
        draft.write_text(json.dumps(content, indent=indent) + "\n", encoding="utf-8")


def _events(run: Run, pid: int) -> Iterator[Event]:
    name = f"{run.variant}, {MODELS[run.case.model]}, V = {run.case.vocab_size:,}"
    yield {"name": "process_name", "ph": "M", "pid": pid, "tid": 1, "args": {"name": name}}
    start_ns = 0  # iterations one after the other, without what was done between them
    for number, calls in enumerate(run.calls, 1):
        begin_ns, end_ns = min(call.begin_ns for call in calls), max(call.end_ns for call in calls)
        whole = Call(f"iteration {number}", "iteration", begin_ns, end_ns)
        for call in sorted([whole, *calls], key=lambda call: (call.begin_ns, -call.end_ns)):
            yield _event(call, pid, start_ns - begin_ns)
        start_ns += end_ns - begin_ns


def _event(call: Call, pid: int, shift_ns: int) -> Event:
    times = {"ts": (call.begin_ns + shift_ns) / 1e3, "dur": (call.end_ns - call.begin_ns) / 1e3}
    return {"name": call.label, "cat": call.stage, "ph": "X", **times, "pid": pid, "tid": 1}

"""Lifecycle: the events of an object, as gensim's classes record them."""

from __future__ import annotations

import logging
import platform
import sys
from datetime import datetime
from importlib import import_module
from typing import Any

logger = logging.getLogger("fastw2v")


class Lifecycle:
    """An object with a list of events.

    Attributes
    ----------
    lifecycle_events : list of dict
        The events so far, each with its time and the versions of fastw2v and Python.
    """

    @property
    def lifecycle_events(self) -> list[dict[str, Any]]:
        """The events so far."""
        return self.__dict__.setdefault("_lifecycle_events", [])  # type: ignore[no-any-return]

    @lifecycle_events.setter
    def lifecycle_events(self, events: list[dict[str, Any]]) -> None:
        self.__dict__["_lifecycle_events"] = events

    def add_lifecycle_event(self, event_name: str, log_level: int = logging.INFO, **event: Any) -> None:  # noqa: ANN401
        """Append an event, with the time and the versions, to `lifecycle_events`, and log it; 0 logs nothing."""
        version = import_module("fastw2v").__version__  # a module of the package cannot import it while it is loaded
        versions = {"fastw2v": version, "python": sys.version, "platform": platform.platform()}
        entry = {**event, "datetime": datetime.now().isoformat(), **versions, "event": event_name}
        self.lifecycle_events.append(entry)
        if log_level:
            logger.log(log_level, "%s lifecycle event %s", type(self).__name__, entry)

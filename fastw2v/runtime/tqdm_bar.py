"""tqdm's bar for this place: widgets in a notebook that has ipywidgets, else text. Imported when a bar is shown."""

from __future__ import annotations

import sys
import warnings
from contextlib import suppress
from typing import Any

from tqdm.utils import ObjectWrapper

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # without ipywidgets tqdm warns, and then takes text
    from tqdm.auto import tqdm


class _Quiet(ObjectWrapper):  # type: ignore[misc]
    """A stream without errors: after one inside tqdm, tqdm's lock stays locked, and the next bar waits forever."""

    def write(self, text: str) -> None:
        """Write the text if that is possible."""
        with suppress(Exception):
            self._wrapped.write(text)

    def flush(self) -> None:
        """Flush the stream if that is possible."""
        with suppress(Exception):
            self._wrapped.flush()

    def __eq__(self, other: object) -> bool:
        return bool(self._wrapped == getattr(other, "_wrapped", other))

    __hash__ = None  # type: ignore[assignment]


class Bar(tqdm):  # type: ignore[misc]
    """A bar on stderr, or in the notebook, that raises no error when it is drawn."""

    monitor_interval = 0  # `PhaseBar` has a thread; tqdm needs none

    def __init__(self, **options: Any) -> None:  # noqa: ANN401
        super().__init__(**options, file=_Quiet(sys.stderr))

    def display(self, *arguments: Any, **options: Any) -> bool:  # noqa: ANN401
        """Draw the bar if that is possible; return whether it was."""
        if options.get("bar_style") == "danger":  # red; also for a training that a callback stopped
            options["bar_style"] = "warning"
        with suppress(Exception):
            return bool(super().display(*arguments, **options))
        return False

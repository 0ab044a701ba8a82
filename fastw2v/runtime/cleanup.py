"""Cleanup at the end of a block, with or without an error."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger("fastw2v")


@contextmanager
def cleanup(step: Callable[[], None]) -> Iterator[None]:
    """Call `step` when the block ends.

    If the block fails, its error is raised, and an error of `step` is only logged.
    """
    try:
        yield
    except BaseException:
        try:
            step()
        except Exception as error:  # often the same error again: a GPU that has failed goes on failing
            logger.warning("the cleanup after an error failed too: %s", error)
        raise
    step()

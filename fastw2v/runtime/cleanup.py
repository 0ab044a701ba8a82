"""What must be done however a block ends."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

logger = logging.getLogger("fastw2v")


@contextmanager
def cleanup(step: Callable[[], None]) -> Iterator[None]:
    """Do `step` at the block's end; after an error in the block that one is raised, and one of the step is logged."""
    try:
        yield
    except BaseException:
        try:
            step()
        except Exception as error:  # most often the same again: a GPU that failed goes on failing
            logger.warning("what follows an error failed too: %s", error)
        raise
    step()

"""Windows longer than every sentence: what they need, and no more."""

from __future__ import annotations

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.encode import Tokens
from fastw2v_kernels.shared.span.contexts import contexts_per_step


def with_fitting_window(config: TrainConfig, tokens: Tokens) -> TrainConfig:
    """Return the options with the window shortened to the longest sentence, if that changes no pair.

    The memory and the time that a kernel takes grow with the window. With `shrink_windows` it stays as it is, since
    each centre draws its own from 1..window. A window of several steps stays one (see `contexts_per_step`), so that
    the same pairs make the same moves.
    """
    if config.shrink_windows or tokens.n_sentences == 0:
        return config
    fitting = max(1, int(np.diff(tokens.starts).max()) - 1)
    while fitting < config.window and _is_one_step(fitting) != _is_one_step(config.window):
        fitting += 1
    return config.with_option("window", min(config.window, fitting))


def _is_one_step(window: int) -> bool:
    return contexts_per_step(window) == 2 * window

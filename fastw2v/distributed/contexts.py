"""How many contexts centres have: fewer than the window allows where sentences are short, or subsampling makes them so.

How often training updates a row, and how steep an update is, depends on it; see `UpdateCounter`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from fastw2v.config import TrainConfig
from fastw2v.encode import Tokens
from fastw2v.runtime.arrays import Array

_N_DRAWN = 1 << 18  # tokens of a shard, enough for means to a hundredth


class Contexts(NamedTuple):
    """What subsampling keeps of a text, and the contexts of the kept words; sums over them.

    Attributes
    ----------
    n_kept : float
        Words kept.
    n_centres : float
        Of these, words with a context at least.
    n_contexts : float
        Contexts of all of them.
    squares, inverses : float
        Sums of n**2 and of 1 / n, where n are the contexts of a word with a context at least.

    Examples
    --------
    >>> from fastw2v.distributed.contexts import Contexts
    >>> Contexts(n_kept=10, n_centres=8, n_contexts=24, squares=80, inverses=4).per_kept
    2.4
    """

    n_kept: float
    n_centres: float
    n_contexts: float
    squares: float
    inverses: float

    @property
    def per_kept(self) -> float:
        """Contexts of a kept word, in the mean."""
        return self.n_contexts / max(self.n_kept, 1)

    @property
    def per_centre(self) -> float:
        """Contexts of a word with a context at least, in the mean; 1 if there is none."""
        return self.n_contexts / self.n_centres if self.n_centres else 1.0

    @property
    def of_mean(self) -> float:
        """The n whose 1 / n is that of a centre in the mean: contexts of a mean of rows, for its second moment."""
        return self.n_centres / self.inverses if self.n_centres else 1.0

    @property
    def of_sum(self) -> float:
        """The n that has the n**2 of a centre for the mean n: contexts of a sum of rows, for its second moment."""
        return self.squares / self.n_contexts if self.n_centres else 1.0


NO_CONTEXTS = Contexts(0.0, 0.0, 0.0, 0.0, 0.0)


def contexts_of(tokens: Tokens, keep: Array, config: TrainConfig, *, seed: int = 0) -> Contexts:
    """Draw which of the first tokens are kept, and their windows, as training does, and scale the sums to all tokens.

    Parameters
    ----------
    tokens : Tokens
    keep : float[n_vocab]
        The probability that a token is kept.
    config : TrainConfig
    seed : int
        Equal seeds draw the same.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.config import TrainConfig
    >>> from fastw2v.distributed.contexts import contexts_of
    >>> from fastw2v.encode import Tokens
    >>> tokens = Tokens(np.zeros(6, np.int32), np.array([0, 1, 3, 6]))  # sentences of 1, 2 and 3 words
    >>> contexts_of(tokens, np.ones(1), TrainConfig(window=5, shrink_windows=False))
    Contexts(n_kept=6.0, n_centres=5.0, n_contexts=8.0, squares=14.0, inverses=3.5)
    """
    n, rng = min(tokens.n_tokens, _N_DRAWN), np.random.default_rng(seed)
    if not n:
        return NO_CONTEXTS
    n_before = np.zeros(n + 1, np.int64)
    np.cumsum(rng.random(n) < keep[tokens.ids[:n]], out=n_before[1:])
    starts = tokens.starts[: np.searchsorted(tokens.starts, n)]
    bounds = n_before[np.append(starts, n)]  # of the sentences, in kept words
    sizes, number = np.diff(bounds), np.arange(bounds[-1])
    reach = rng.integers(1, config.window + 1, len(number)) if config.shrink_windows else config.window
    before, after = number - np.repeat(bounds[:-1], sizes), np.repeat(bounds[1:], sizes) - 1 - number
    found = (np.minimum(before, reach) + np.minimum(after, reach)).astype(np.float64)
    of_centres = found[found > 0]
    sums = len(found), len(of_centres), of_centres.sum(), (of_centres**2).sum(), (1 / of_centres).sum()
    return Contexts(*(float(value) * tokens.n_tokens / n for value in sums))


def summed(all_contexts: Iterable[Contexts]) -> Contexts:
    """Return the sums over all shards; in an order that does not change, they do not either."""
    return Contexts(*(sum(values) for values in zip(NO_CONTEXTS, *all_contexts)))

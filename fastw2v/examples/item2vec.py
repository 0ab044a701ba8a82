"""Item vectors from shopping sessions (item2vec), scored by the next item of sessions that are held out.

Sessions are made here: each is about one of 100 themes, and takes most of its items from that. Some items are far more
popular than others, so "the most popular items" is what the vectors have to beat.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v import Word2Vec
from fastw2v.evaluation import hit_rate, hold_out_last

Ints = npt.NDArray[np.int64]
N_ITEMS, N_THEMES = 2_000, 100


def some_sessions(n_sessions: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return sessions as (ids, starts): session s is ``ids[starts[s]:starts[s + 1]]``."""
    lengths = rng.integers(3, 12, n_sessions)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    popularity = 1 / (np.arange(N_ITEMS // N_THEMES) + 1)
    rank = rng.choice(len(popularity), starts[-1], p=popularity / popularity.sum())
    theme = np.repeat(rng.integers(N_THEMES, size=n_sessions), lengths)
    strays = rng.random(starts[-1]) < 0.2
    theme[strays] = rng.integers(N_THEMES, size=int(strays.sum()))
    return rank * N_THEMES + theme, starts


def main() -> None:
    """Hold out the last item of each session, train on the others, and predict it."""
    sessions = some_sessions(20_000, np.random.default_rng(1))
    train, test = hold_out_last(sessions)

    # The order in a basket says nothing: every other item is a context, however long the session is. Negatives are
    # drawn from rare items more often than from popular ones.
    model = Word2Vec(
        train,
        sg=1,
        vector_size=64,
        window=100,
        shrink_windows=False,
        min_count=1,
        sample=0,
        epochs=10,
        ns_exponent=-0.5,
    )
    found = hit_rate(model.wv, test, topn=20, n_before=None, leave_out_seen=True)
    print(f"sessions used: {found.n_used} of {found.n_total} ({found.n_unknown} unknown, {found.n_repeated} repeated)")
    print(f"hit rate@20: {found.hit_rate:.2f}")
    print(f"MRR@20: {found.mrr:.2f}")

    popular = np.bincount(train[0]).argsort()[::-1][:20]
    last = test[0][test[1][1:] - 1]
    print(f"hit rate@20 of the most popular items: {np.isin(last, popular).mean():.2f}")


if __name__ == "__main__":
    main()

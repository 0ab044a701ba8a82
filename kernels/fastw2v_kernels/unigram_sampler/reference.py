"""Negatives for the book's loss, in NumPy."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels.shared.array_types import Float32, Int32
from fastw2v_kernels.shared.rng import alias_draw, random_bits, uniform


def patience(n_words: int) -> int:
    """Return the number of vain draws after which a scan of the table, in two passes, costs less than further draws.

    Parameters
    ----------
    n_words : int
        Length of the table.
    """
    return 64 + n_words // 4


def too_few(negative: int, n_words: int, target: int) -> ValueError:
    """Return the error for a target without enough other words.

    Parameters
    ----------
    negative, n_words, target : int
        Negatives asked for, words of the table, and the target.
    """
    return ValueError(
        f"{negative} distinct negatives for target {target} are more than the other words that can be drawn (of "
        f"{n_words} words, those with a count); use a smaller sample_size or draw with replacement (distinct=False)"
    )


def unigram_sampler_reference(
    alias_prob: Float32,
    alias_id: Int32,
    targets: NDArray[np.integer[Any]],
    *,
    seed: int,
    first_draw: int,
    distinct: bool,
    out: Int32,
) -> None:
    """Draw negatives for every target from the distribution of an alias table.

    This is the book's UnigramSampler (Deep Learning from Scratch 2, section 4.2.6). With `distinct` it does as the book
    on a CPU: np.random.choice(replace=False) with a probability of 0 for the target, each draw from the words that are
    left. Words are drawn until one is new; after many vain draws, a scan of the whole table finds one. Without
    `distinct`, draws are independent and may equal the target, as in the book on a GPU.

    Parameters
    ----------
    alias_prob, alias_id : float32[n_words], int32[n_words]
        Alias table: see `shared.rng.alias_draw`.
    targets : int32 or int64[batch]
        Words from 0 to n_words - 1.
    seed : int
        Any unsigned 64-bit number.
    first_draw : int
        Position of the first target in the stream of `seed`: the negatives of targets[b] are a function of the two
        and first_draw + b. Advance it by the batch's size from call to call.
    distinct : bool
        The K negatives of a target are K different words, none the target.
    out : int32[batch, K], written
        The negatives.

    Raises
    ------
    IndexError
        A target is not a word, or it is negative on the CPU.
    ValueError
        `distinct`, and fewer than K words other than the target can be drawn. Or, on the CPU, shapes or a memory order
        that do not fit.
    TypeError
        On the CPU: a type that does not fit.
    """
    for b, target in enumerate(targets):
        uniforms = _uniforms(seed, first_draw + b)
        if distinct:
            out[b] = _distinct(alias_prob, alias_id, target=int(target), uniforms=uniforms, negative=out.shape[1])
        else:
            out[b] = [alias_draw(u, alias_prob, alias_id) for u in islice(uniforms, out.shape[1])]


def _uniforms(seed: int, position: int) -> Iterator[float]:
    for draw in count():
        with np.errstate(over="ignore"):
            u = uniform(random_bits(random_bits(np.uint64(seed), 0, 0), position, draw))
        yield u


def _distinct(
    alias_prob: Float32, alias_id: Int32, *, target: int, uniforms: Iterator[float], negative: int
) -> list[int]:
    chosen: list[int] = []
    for _ in range(negative):
        words = (alias_draw(u, alias_prob, alias_id) for u in islice(uniforms, patience(len(alias_prob))))
        word = next((word for word in words if word != target and word not in chosen), -1)
        if word < 0:
            word = _scan(alias_prob, alias_id, taken=[target, *chosen], u=next(uniforms))
        if word < 0:
            raise too_few(negative, len(alias_prob), target)
        chosen.append(word)
    return chosen


def _scan(alias_prob: Float32, alias_id: Int32, *, taken: list[int], u: float) -> int:
    """Draw from the words that are not taken; -1 if none can be drawn."""
    own = np.asarray(alias_prob, np.float64)
    words = np.stack([np.arange(len(own)), alias_id], axis=1).ravel()
    mass = np.stack([own, 1 - own], axis=1).ravel() * ~np.isin(words, taken)
    below = np.cumsum(mass)
    if not below[-1] > 0:
        return -1
    found = np.searchsorted(below, u * below[-1], side="right")
    return int(words[min(found, np.flatnonzero(mass)[-1])])

"""Counter-based random numbers: a draw is a pure function of (seed, epoch, token position, draw number).

So the reference replays the very samples a kernel drew, and samples do not depend on how tokens are split over threads.
"""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64

# Increment and mixing of SplitMix64: Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators".
_GAMMA = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S27, _S30, _S31, _S11 = np.uint64(27), np.uint64(30), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)

_MASK = (1 << 64) - 1
_UNMIX_1, _UNMIX_2 = (pow(int(mix), -1, 1 << 64) for mix in (_MIX_1, _MIX_2))

KEEP_DRAW = 0
WINDOW_DRAW = 1
NEGATIVE_DRAW = 2


def random_bits(key: np.uint64, counter: int | np.uint64 | Int64, draw: int | Int64) -> np.uint64:
    """64 random bits of stream `key` at (counter, draw): SplitMix64's output function, once for each coordinate."""
    x = np.uint64(key) + _GAMMA * (np.uint64(counter) + _ONE)
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    x = (x ^ (x >> _S31)) + _GAMMA * (np.uint64(draw) + _ONE)
    x = (x ^ (x >> _S30)) * _MIX_1
    x = (x ^ (x >> _S27)) * _MIX_2
    return x ^ (x >> _S31)


def uniform(bits: np.uint64) -> float:
    """Map 64 random bits to a float64 in [0, 1), 53 bits of it random."""
    return (bits >> _S11) * 2.0**-53


def alias_draw(u: float, alias_prob: Float32, alias_id: Int32) -> int:
    """Draw a row from an alias table (Walker 1977; Vose 1991) with one uniform number.

    Parameters
    ----------
    u : float
        Uniform in [0, 1). Of u * n_vocab, the integer part picks a column, and the fraction one of its two rows.
    alias_prob : float32[n_vocab]
        Probability that a column yields its own row.
    alias_id : int32[n_vocab]
        The row it yields otherwise.
    """
    scaled = u * alias_prob.shape[0]
    column = int(scaled)
    other = int(alias_id[column])  # always loaded, for a select is cheaper than a branch that cannot be predicted
    return column if scaled - column < alias_prob[column] else other


def epoch_key(seed: int, epoch: int) -> np.uint64:
    """Return the key of an epoch's random stream.

    Parameters
    ----------
    seed : int
        Any unsigned 64-bit number.
    epoch : int
        Number of the epoch, from 0.
    """
    with np.errstate(over="ignore"):
        return random_bits(np.uint64(seed), epoch, 0)


def shifted_seed(seed: int, epoch: int, first_pos: int) -> int:
    """Return the seed whose epoch draws at position p the numbers that `seed` draws at first_pos + p.

    A stream depends on key + gamma * (position + 1), so a shift of positions is the same as another key. The seed that
    gives an epoch this key follows from SplitMix64 run backwards: each of its steps can be undone.

    Parameters
    ----------
    seed, epoch : int
        As for `epoch_key`.
    first_pos : int
        Position that becomes 0.
    """
    gamma = int(_GAMMA)
    key = _bits(seed, epoch) + gamma * first_pos
    return (_unmixed(_unmixed(key & _MASK) - gamma & _MASK) - gamma * (epoch + 1)) & _MASK


def _bits(seed: int, epoch: int) -> int:
    """Key of an epoch's stream: `random_bits(seed, epoch, 0)` on integers that do not wrap."""
    x = _mixed(seed + int(_GAMMA) * (epoch + 1) & _MASK)
    return _mixed(x + int(_GAMMA) & _MASK)


def _mixed(x: int) -> int:
    x = (x ^ x >> 30) * int(_MIX_1) & _MASK
    x = (x ^ x >> 27) * int(_MIX_2) & _MASK
    return x ^ x >> 31


def _unmixed(x: int) -> int:
    x = _unshifted(x, 31) * _UNMIX_2 & _MASK
    x = _unshifted(x, 27) * _UNMIX_1 & _MASK
    return _unshifted(x, 30)


def _unshifted(x: int, by: int) -> int:
    """Undo x ^= x >> by, for by > 21."""
    return x ^ x >> by ^ x >> 2 * by

"""Random numbers of a part of the corpus that is numbered from 0, as if it were where it is."""

from __future__ import annotations

from fastw2v_kernels.shared import rng

_MASK = (1 << 64) - 1
_UNMIX_1, _UNMIX_2 = (pow(int(mix), -1, 1 << 64) for mix in (rng._MIX_1, rng._MIX_2))


def shifted_seed(seed: int, epoch: int, first_pos: int) -> int:
    """Return the seed whose epoch draws at position p what `seed`'s draws at first_pos + p.

    A stream's key and position meet in a sum, key + gamma * (position + 1), so a shift is another key; and the seed
    that gives an epoch this key is found by going through SplitMix64 backwards, all of whose steps can be undone.
    """
    gamma = int(rng._GAMMA)
    key = _bits(seed, epoch) + gamma * first_pos
    return (_unmixed(_unmixed(key & _MASK) - gamma & _MASK) - gamma * (epoch + 1)) & _MASK


def _bits(seed: int, epoch: int) -> int:
    """Key of an epoch's stream: `random_bits(seed, epoch, 0)` on integers that do not wrap."""
    x = _mixed(seed + int(rng._GAMMA) * (epoch + 1) & _MASK)
    return _mixed(x + int(rng._GAMMA) & _MASK)


def _mixed(x: int) -> int:
    x = (x ^ x >> 30) * int(rng._MIX_1) & _MASK
    x = (x ^ x >> 27) * int(rng._MIX_2) & _MASK
    return x ^ x >> 31


def _unmixed(x: int) -> int:
    x = _unshifted(x, 31) * _UNMIX_2 & _MASK
    x = _unshifted(x, 27) * _UNMIX_1 & _MASK
    return _unshifted(x, 30)


def _unshifted(x: int, by: int) -> int:
    """Undo x ^= x >> by, for by > 21."""
    return x ^ x >> by ^ x >> 2 * by

"""Rows of numbers as text, on the CPU. Several threads divide the rows among them.

A number is m 2^e with an integer m of 24 bits, and its nine digits are m 2^e 10^k, rounded, for the k that gives an
integer of nine digits. Since 10^k = 2^k 5^k and 5^k fits into 64 bits up to k = 27, that product has at most 88 bits.
It is computed in two parts without an error, so the rounding (half to even) is the one of Python's formatting.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.format_floats.reference import LEAST, LIMIT, NUMBER_BYTES
from fastw2v_kernels.shared.arguments import INT64, UINT8, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Float32, Int64, UInt32, UInt64
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 10_000  # numbers, about 100 us
_MAX_SCALE = 27  # largest k
_LEAST_EXPONENT = -4  # of a number without "e"


def _bits(number: float) -> int:
    """Bits of the smallest float32 that is at least the number; greater numbers have greater bits."""
    nearest = np.float32(number)
    return int(nearest.view(np.uint32)) + (float(nearest) < number)


def _scaled_powers() -> tuple[UInt64, UInt64]:
    """Return 5^k 2^p for each k, with the p that makes it 64 bits long, and what gives the shift of a product with it.

    A float32 of exponent bits b is m 2^(b - 150). In m 5^k 2^p the nine digits lie above the lowest p - k + 150 - b
    bits. The kernel holds 32 of these apart.
    """
    powers = [5**k for k in range(_MAX_SCALE + 1)]
    paddings = [64 - power.bit_length() for power in powers]
    shifts = [padding - k + 150 - 32 for k, padding in enumerate(paddings)]
    scaled = [power << padding for power, padding in zip(powers, paddings)]
    return np.array(scaled, np.uint64), np.array(shifts, np.uint64)


def _scales() -> tuple[UInt64, UInt64]:
    """For each exponent of a float32: k of its least number, and bits of the first number with a smaller k."""
    scales, nexts = np.zeros(256, np.uint64), np.zeros(256, np.uint64)
    for k in range(_MAX_SCALE, -1, -1):  # numbers from 10^(8 - k) on
        first = _bits(10.0 ** (8 - k))
        scales[(first >> 23) + 1 :] = k
        nexts[first >> 23] = first
        scales[first >> 23] = k + 1
    nexts[nexts == 0] = 1 << 32
    return scales, nexts


_POWERS, _SHIFTS = _scaled_powers()
_SCALES, _NEXTS = _scales()
_LEAST_BITS, _LIMIT_BITS = np.uint64(_bits(LEAST)), np.uint64(_bits(LIMIT))
_PAIRS = np.frombuffer(b"".join(b"%02d" % n for n in range(100)), np.uint8)
_U1, _U23, _U31, _U32 = np.uint64(1), np.uint64(23), np.uint64(31), np.uint64(32)
_LOW_HALF, _FRACTION, _HIDDEN_BIT = np.uint64(0xFFFFFFFF), np.uint64((1 << 23) - 1), np.uint64(1 << 23)
_100, _TEN_THOUSAND, _HUNDRED_MILLION = np.uint64(100), np.uint64(10_000), np.uint64(10**8)
_SPACE, _MINUS, _POINT, _ZERO, _E = (np.uint8(ord(letter)) for letter in " -.0e")


@inline_cpu
def _nine_digits(size: np.uint64) -> tuple[np.uint64, np.int64]:
    """Return nine digits of the number with these bits, and the decimal exponent of the first one.

    No float32 in the range is so close below a power of ten that rounding gives a tenth digit.
    """
    exponent = size >> _U23
    scale = _SCALES[exponent] - np.uint64(size >= _NEXTS[exponent])
    m, power, shift = (size & _FRACTION) | _HIDDEN_BIT, _POWERS[scale], _SHIFTS[scale] - exponent
    low = m * (power & _LOW_HALF)
    high = m * (power >> _U32) + (low >> _U32)
    digits, rest, half = high >> shift, high & ((_U1 << shift) - _U1), _U1 << (shift - _U1)
    is_above = rest > half or (rest == half and (low & _LOW_HALF) != np.uint64(0))
    digits += np.uint64(is_above or (rest == half and (digits & _U1) == _U1))
    return digits, np.int64(8) - np.int64(scale)


@inline_cpu
def _write_pair(text: NDArray[Any], pos: np.uint64, number: np.uint64) -> None:
    text[pos], text[pos + _U1] = _PAIRS[number + number], _PAIRS[number + number + _U1]


@inline_cpu
def _write_digits(text: NDArray[Any], pos: np.uint64, digits: np.uint64, n_kept: np.uint64) -> np.uint64:
    """Write nine digits; return how many are left without zeros at the end, but at least `n_kept`."""
    first, rest = digits // _HUNDRED_MILLION, digits % _HUNDRED_MILLION
    high, low = rest // _TEN_THOUSAND, rest % _TEN_THOUSAND
    text[pos] = _ZERO + np.uint8(first)
    _write_pair(text, pos + _U1, high // _100)
    _write_pair(text, pos + np.uint64(3), high % _100)
    _write_pair(text, pos + np.uint64(5), low // _100)
    _write_pair(text, pos + np.uint64(7), low % _100)
    n = np.uint64(9)
    while n > n_kept and text[pos + n - _U1] == _ZERO:
        n -= _U1
    return n


@inline_cpu
def _write_number(text: NDArray[Any], pos: np.uint64, size: np.uint64) -> np.uint64:
    """Write a number without its sign, as %.9g does; return where its text ends."""
    digits, exponent = _nine_digits(size)
    if exponent < 0 and exponent >= _LEAST_EXPONENT:
        for i in range(5):
            text[pos + np.uint64(i)] = _ZERO
        text[pos + _U1] = _POINT
        pos += np.uint64(1 - exponent)
        return pos + _write_digits(text, pos, digits, _U1)
    n_before_point = _U1 + np.uint64(max(exponent, np.int64(0)))
    n = _write_digits(text, pos + _U1, digits, n_before_point)
    for i in range(n_before_point):
        text[pos + np.uint64(i)] = text[pos + np.uint64(i) + _U1]
    text[pos + n_before_point] = _POINT
    pos += n + np.uint64(n > n_before_point)
    if exponent < 0:
        text[pos], text[pos + _U1] = _E, _MINUS
        _write_pair(text, pos + np.uint64(2), np.uint64(-exponent))
        pos += np.uint64(4)
    return pos


@inline_cpu
def _write_row(row: UInt32, text: NDArray[Any]) -> np.int64:
    """Write the numbers with these bits; return where their text ends, or -1."""
    pos = np.uint64(0)
    for col in range(row.size):
        bits = np.uint64(row[col])
        size, sign = bits & (_LOW_HALF >> _U1), bits >> _U31
        text[pos], text[pos + _U1] = _SPACE, _MINUS
        pos += _U1 + sign
        if size == np.uint64(0):
            text[pos] = _ZERO
            pos += _U1
        elif size < _LEAST_BITS or size >= _LIMIT_BITS:
            return np.int64(-1)
        else:
            pos = _write_number(text, pos, size)
    return np.int64(pos)


@jit_cpu
def _format_floats_cpu_kernel(thread: int, n_threads: int, bits: UInt32, text: NDArray[Any], ends: Int64) -> int:
    n_rows = bits.shape[0]
    for i in range(n_rows * thread // n_threads, n_rows * (thread + 1) // n_threads):
        ends[i] = _write_row(bits[i], text[i])
        text[i, max(ends[i], 0) :] = 0
    return 0


def format_floats_cpu(rows: Float32, text: NDArray[Any], ends: Int64) -> None:
    """Do what `format_floats_reference` does."""
    check_axes("rows", rows, 2)
    n_rows, dim = rows.shape
    check_read("rows", rows, rows.shape)
    check_written("text", text, (n_rows, NUMBER_BYTES * dim), dtype=UINT8)
    check_written("ends", ends, (n_rows,), dtype=INT64)
    bits = rows.view(np.uint32)
    bits.flags.writeable = False  # as rows may be: for Numba that is another type, and would be compiled as well
    run_on_threads(_format_floats_cpu_kernel, threads_for(rows.size, _WORK_PER_THREAD), bits, text, ends)

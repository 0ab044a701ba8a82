"""Measure the peak of this machine: multiply-adds in registers, and transfers from and to main memory.

The suites show rates as shares of this peak.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import NamedTuple

import numpy as np

from fastw2v.profile.machine import available_bytes
from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import LANES, Shape, dot, fma_rows, load, splats, store_strip, zero_strip, zeros
from fastw2v_kernels.shared.array_types import Float32

N_ACCUMULATORS = 12  # at least the latency of a multiply-add times the units that do them
N_STEPS = 2_000_000
TRIAD_BYTES = 1 << 28  # of each of three arrays, unless that is over a sixteenth of the memory that is free
N_TRIES = 5


class Peak(NamedTuple):
    """GFLOP/s of float32 multiply-adds, two operations each; GB/s of a[i] = b[i] + s * c[i], three transfers each."""

    gflops: float
    gb_per_s: float


@cache
def peak(n_threads: int) -> Peak:
    """Best of several tries of both on `n_threads` threads."""
    n_flops = 2 * LANES * N_ACCUMULATORS * N_STEPS * n_threads
    n_floats = int(min(TRIAD_BYTES, (available_bytes() or 16 * TRIAD_BYTES) / 16)) // 4
    a, b, c = (np.ones(n_floats, np.float32) for _ in range(3))
    chunks = [slice(i * n_floats // n_threads, (i + 1) * n_floats // n_threads) for i in range(n_threads)]
    with ThreadPoolExecutor(n_threads) as pool:

        def best(jobs: list[Callable[[], None]]) -> float:
            return min(_seconds(pool, jobs) for _ in range(N_TRIES))

        return Peak(
            n_flops / best([_multiply_adds] * n_threads) / 1e9,
            12 * n_floats / best([lambda chunk=chunk: _triad(a[chunk], b[chunk], c[chunk]) for chunk in chunks]) / 1e9,
        )


def _seconds(pool: ThreadPoolExecutor, jobs: list[Callable[[], None]]) -> float:
    begun = time.perf_counter()
    for future in [pool.submit(job) for job in jobs]:
        future.result()
    return time.perf_counter() - begun


def _multiply_adds() -> None:
    values = np.full((2, 16), 0.5, np.float32)
    _multiply_adds_kernel(values, N_STEPS, Shape(1, N_ACCUMULATORS, 1, False))


# The kernel cache sees changes in the package's sources, not here: after a change empty it.
@jit_cpu
def _multiply_adds_kernel(values: Float32, n_steps: int, shape: Shape) -> None:
    x, addends, sums = load(values, 0, 0), splats(values, 1, 0, shape), zeros(shape)
    for _ in range(n_steps):
        sums = fma_rows(sums, x, addends)
    store_strip(values, 0, 0, dot(sums, addends, zero_strip(shape)))


@jit_cpu
def _triad(a: Float32, b: Float32, c: Float32) -> None:
    for i in range(a.shape[0]):
        a[i] = b[i] + np.float32(3) * c[i]

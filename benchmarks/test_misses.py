"""Why a step with SparseAdam costs more in a larger vocabulary: its rows come from memory instead of the caches.

A step of compiled CBOW, as in test_scaling.py, reads and writes its rows in four matrices: weights, gradient, both
moments. `test_step` times the step. `test_lines` times its memory accesses alone: it changes one number in each cache
line of the same rows, in the same order, with the same prefetches. The table "misses" compares how both grow with the
vocabulary.
"""

from __future__ import annotations

from itertools import cycle
from typing import NamedTuple

import numpy as np
import pytest

from benchmarks.cases import BATCH, DIM, N_BATCHES, Array, K, Work
from benchmarks.layers import MODEL_OPS, Iteration, corpus
from benchmarks.timing import Timing, kernel_threads, need_memory, refuse_if_red
from fastw2v_kernels._jit.cpu import inline_cpu, jit_cpu
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.rows_cpu import AHEAD, prefetch_row

WINDOW = 1
SIZES, QUICK_SIZES = [10_000, 100_000, 1_000_000], [1_000, 8_000]
LINE = 16  # floats
LINES_OF_ROW = -(-DIM // LINE)  # wherever a row begins, as long as rows are whole quarters of a line
AHEAD_OF_FOUR = 2  # rows of four matrices that sparse_adam prefetches
VISITS_IN, VISITS_OUT = 7, 8  # of a row of either matrix: see _visit_kernel


class Matrices(NamedTuple):
    """The four matrices of a layer's weights, float32[V, D]."""

    w: Float32
    dw: Float32
    m: Float32
    v: Float32


class Rows(NamedTuple):
    """Rows of W_in and W_out that a batch touches, and those whose gradients the previous batch left."""

    of_in: Int64
    of_out: Int64
    stale_in: Int64
    stale_out: Int64


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("n_vocab", QUICK_SIZES if metafunc.config.getoption("quick") else SIZES)
    metafunc.parametrize(("model", "device", "optimizer"), [("CBOW", "cpu", "SparseAdam")])


@pytest.fixture
def run(n_vocab: int, model: str, device: str, optimizer: str, timing: Timing) -> Iteration:
    """The model in training."""
    timing.benchmark.group = "memory accesses of a step"
    need_memory(10 * 4 * DIM * n_vocab)
    refuse_if_red(device, *MODEL_OPS)
    return Iteration(model, device, optimizer, n_vocab, WINDOW)


def test_step(run: Iteration, timing: Timing) -> None:
    with kernel_threads(1):
        timing.measure(run, run.next_batch)
    note(timing, run, "step", work=run.work())


def test_lines(run: Iteration, timing: Timing) -> None:
    rows = touched(run)
    layers = zip(run.model.params, run.model.grads, run.optimizer.m, run.optimizer.v)
    of_in, of_out = (Matrices(*(matrix.view(np.ndarray) for matrix in layer)) for layer in layers)
    draws = np.random.default_rng(0).integers(run.case.vocab_size, size=(N_BATCHES, BATCH * K))
    tables = tuple(np.ones(run.case.vocab_size, np.float32) for _ in range(2))
    order = cycle(list(zip(rows, [rows[-1], *rows], draws)))

    def visit() -> None:
        now, before, drawn = next(order)
        _visit_kernel(of_in, of_out, Rows(*now, *before), tables, drawn, np.float32(0))

    timing.measure(visit)
    n_in, n_out = (float(np.mean([len(found) for found in of_one])) for of_one in zip(*rows))
    n_visits = LINES_OF_ROW * (VISITS_IN * n_in + VISITS_OUT * n_out) + draws[0].size * len(tables)
    found = {"rows": round(n_in + n_out), "lines": round(4 * LINES_OF_ROW * (n_in + n_out)), "visits": round(n_visits)}
    note(timing, run, "lines", work=Work(n_bytes=2 * 4 * LINE * n_visits), **found)


def touched(run: Iteration) -> list[tuple[Array, Array]]:
    """The different rows of W_in and of W_out that each batch touches: found by training on it."""
    steps = []
    for _ in range(N_BATCHES):
        run.next_batch()
        run()
        in_rows, out_rows = (grad.unique_rows().copy() for grad in run.model.grads)
        steps.append((in_rows, out_rows))
    return steps


# The kernel cache sees changes in the package's sources, not here: after a change empty it.
@inline_cpu
def _visit(matrix: Float32, rows: Int64, addend: np.float32) -> None:
    for i in range(rows.shape[0]):
        prefetch_row(matrix, rows, i + AHEAD)
        for col in range(0, matrix.shape[1], LINE):
            matrix[rows[i], col] += addend


@inline_cpu
def _visit_four(layer: Matrices, rows: Int64, addend: np.float32) -> None:
    for i in range(rows.shape[0]):
        prefetch_row(layer.w, rows, i + AHEAD_OF_FOUR)
        prefetch_row(layer.dw, rows, i + AHEAD_OF_FOUR)
        prefetch_row(layer.m, rows, i + AHEAD_OF_FOUR)
        prefetch_row(layer.v, rows, i + AHEAD_OF_FOUR)
        for col in range(0, layer.w.shape[1], LINE):
            layer.w[rows[i], col] += addend
            layer.dw[rows[i], col] += addend
            layer.m[rows[i], col] += addend
            layer.v[rows[i], col] += addend


@jit_cpu
def _visit_kernel(
    layer_in: Matrices,
    layer_out: Matrices,
    rows: Rows,
    alias_table: tuple[Float32, Float32],
    drawn: Int64,
    addend: np.float32,
) -> None:
    _visit(layer_in.w, rows.of_in, addend)  # gather
    for i in range(drawn.shape[0]):  # sampler
        alias_table[0][drawn[i]] += addend
        alias_table[1][drawn[i]] += addend
    _visit(layer_out.w, rows.of_out, addend)  # scores
    _visit(layer_out.dw, rows.stale_out, addend)  # backward: clear the gradients of the previous batch
    _visit(layer_out.w, rows.of_out, addend)
    _visit(layer_out.dw, rows.of_out, addend)
    _visit(layer_in.dw, rows.stale_in, addend)
    _visit(layer_in.dw, rows.of_in, addend)
    _visit_four(layer_in, rows.of_in, addend)  # optimiser
    _visit_four(layer_out, rows.of_out, addend)


def note(timing: Timing, run: Iteration, what: str, *, work: Work, **found: int) -> None:
    sizes = {"V": run.case.vocab_size, "D": DIM, "K": K, "batch": BATCH, "window": WINDOW}
    timing.note(work, device="cpu", what=what, corpus=corpus(run.case.vocab_size)[0], **sizes, **found)

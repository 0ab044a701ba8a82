"""What is left of the vocabulary in a step with SparseAdam: rows that come from memory, no longer from the caches.

A step of compiled CBOW (test_scaling.py's) reads and writes each of its different rows in four matrices: weights,
gradient, both moments. `test_lines` does that and nothing else: in the matrices of such a model, for the very batches,
in the order of the step, and asking for rows ahead as its kernels do, it changes one number in each cache line.
README's table sets the difference in time that this makes between two vocabularies beside that of `test_step`.
"""

from __future__ import annotations

from itertools import cycle

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
AHEAD_OF_FOUR = 2  # rows of four matrices that sparse_adam asks for ahead
VISITS_IN, VISITS_OUT = 7, 8  # of a row of either matrix: see _visit_kernel


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    metafunc.parametrize("n_vocab", QUICK_SIZES if metafunc.config.getoption("quick") else SIZES)
    metafunc.parametrize(("model", "device", "optimizer"), [("CBOW", "cpu", "SparseAdam")])


@pytest.fixture
def run(n_vocab: int, model: str, device: str, optimizer: str, timing: Timing) -> Iteration:
    """The model in training."""
    timing.benchmark.group = "what is left of the vocabulary"
    need_memory(10 * 4 * DIM * n_vocab)
    refuse_if_red(device, *MODEL_OPS)
    return Iteration(model, device, optimizer, n_vocab, WINDOW)


def test_step(run: Iteration, timing: Timing) -> None:
    with kernel_threads(1):
        timing.measure(run, run.next_batch)
    note(timing, run, "step", run.work())


def test_lines(run: Iteration, timing: Timing) -> None:
    rows = touched(run)
    matrices = zip(run.model.params, run.model.grads, run.optimizer.m, run.optimizer.v)
    plain = [matrix.view(np.ndarray) for of_one in matrices for matrix in of_one]
    draws = np.random.default_rng(0).integers(run.case.vocab_size, size=(N_BATCHES, BATCH * K))
    tables = [np.ones(run.case.vocab_size, np.float32) for _ in range(2)]
    order = cycle(list(zip(rows, [rows[-1], *rows], draws)))

    def visit() -> None:
        now, before, drawn = next(order)
        _visit_kernel(*plain, *now, *before, *tables, drawn, np.float32(0))

    timing.measure(visit)
    n_in, n_out = (float(np.mean([len(found) for found in of_one])) for of_one in zip(*rows))
    n_visits = LINES_OF_ROW * (VISITS_IN * n_in + VISITS_OUT * n_out) + draws[0].size * len(tables)
    found = {"rows": round(n_in + n_out), "lines": round(4 * LINES_OF_ROW * (n_in + n_out)), "visits": round(n_visits)}
    note(timing, run, "lines", Work(n_bytes=2 * 4 * LINE * n_visits), **found)


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
def _visit_four(w: Float32, dw: Float32, m: Float32, v: Float32, rows: Int64, addend: np.float32) -> None:
    for i in range(rows.shape[0]):
        prefetch_row(w, rows, i + AHEAD_OF_FOUR)
        prefetch_row(dw, rows, i + AHEAD_OF_FOUR)
        prefetch_row(m, rows, i + AHEAD_OF_FOUR)
        prefetch_row(v, rows, i + AHEAD_OF_FOUR)
        for col in range(0, w.shape[1], LINE):
            w[rows[i], col] += addend
            dw[rows[i], col] += addend
            m[rows[i], col] += addend
            v[rows[i], col] += addend


@jit_cpu
def _visit_kernel(
    w_in: Float32,
    dw_in: Float32,
    m_in: Float32,
    v_in: Float32,
    w_out: Float32,
    dw_out: Float32,
    m_out: Float32,
    v_out: Float32,
    rows_in: Int64,
    rows_out: Int64,
    stale_in: Int64,
    stale_out: Int64,
    alias_prob: Float32,
    alias_id: Float32,
    drawn: Int64,
    addend: np.float32,
) -> None:
    _visit(w_in, rows_in, addend)  # gather
    for i in range(drawn.shape[0]):  # sampler
        alias_prob[drawn[i]] += addend
        alias_id[drawn[i]] += addend
    _visit(w_out, rows_out, addend)  # scores
    _visit(dw_out, stale_out, addend)  # backward: what the batch before has left is cleared
    _visit(w_out, rows_out, addend)
    _visit(dw_out, rows_out, addend)
    _visit(dw_in, stale_in, addend)
    _visit(dw_in, rows_in, addend)
    _visit_four(w_in, dw_in, m_in, v_in, rows_in, addend)  # optimiser
    _visit_four(w_out, dw_out, m_out, v_out, rows_out, addend)


def note(timing: Timing, run: Iteration, what: str, work: Work, **found: int) -> None:
    sizes = {"V": run.case.vocab_size, "D": DIM, "K": K, "batch": BATCH, "window": WINDOW}
    timing.note(work, device="cpu", what=what, corpus=corpus(run.case.vocab_size)[0], **sizes, **found)

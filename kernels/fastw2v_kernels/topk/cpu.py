"""The k best scores of each query, on the CPU. Several threads divide the queries among them."""

from __future__ import annotations

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.cpu import insert_topk
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_WORK_PER_THREAD = 1_000_000  # scores, about 100 us
_SCORES_AT_ONCE = 64  # scores that are compared with the worst of the k best at once


@jit_cpu
def _topk_cpu_kernel(
    thread: int, n_threads: int, scores: Float32, first_row: int, best_scores: Float32, best_rows: Int64
) -> int:
    n_queries, n_new = scores.shape
    last = best_scores.shape[1] - 1
    for q in range(n_queries * thread // n_threads, n_queries * (thread + 1) // n_threads):
        for first in range(0, n_new, _SCORES_AT_ONCE):
            batch, worst = scores[q, first : first + _SCORES_AT_ONCE], best_scores[q, last]
            n_better = 0
            for i in range(batch.shape[0]):
                n_better += batch[i] > worst
            if n_better > 0:
                for i in range(batch.shape[0]):
                    if batch[i] > best_scores[q, last]:
                        insert_topk(best_scores, best_rows, q, batch[i], first_row + first + i)
    return 0


def topk_cpu(scores: Float32, first_row: int, best_scores: Float32, *, best_rows: Int64) -> None:
    """Do what `topk_reference` does."""
    check_axes("scores", scores, 2)
    check_axes("best_scores", best_scores, 2)
    check_read("scores", scores, scores.shape)
    check_written("best_scores", best_scores, (scores.shape[0], max(best_scores.shape[1], 1)))
    check_written("best_rows", best_rows, best_scores.shape, dtype=INT64)
    run_on_threads(
        _topk_cpu_kernel, threads_for(scores.size, _WORK_PER_THREAD), scores, first_row, best_scores, best_rows
    )

"""The k best scores of each query, on the GPU, with a warp for each query."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels._jit.cuda import cuda, inline_cuda, jit_cuda, launch_rows
from fastw2v_kernels.shared.arguments import INT64, check_axes, check_read
from fastw2v_kernels.shared.array_types import Float32, Int64
from fastw2v_kernels.shared.cuda import insert_topk
from fastw2v_kernels.shared.rows_cuda import ALL_LANES


@inline_cuda
def _score_at(scores: Float32, q: int, col: int, otherwise: np.float32) -> np.float32:
    return scores[q, col] if col < scores.shape[1] else otherwise


@inline_cuda
def _take_better(
    score: np.float32, first_row: int, best_scores: Float32, best_rows: Int64, q: int, worst: np.float32
) -> np.float32:
    """Insert the scores of a warp's lanes that are above the worst of the k best, and return the new worst.

    Each lane inserts its own score. If one lane did it for all, the compiler would give that lane a separate loop, with
    shuffles that the others do not reach.
    """
    for lane in range(cuda.warpsize):
        candidate = cuda.shfl_sync(ALL_LANES, score, lane)
        if candidate > worst:
            if cuda.laneid == lane:
                insert_topk(best_scores, best_rows, q, candidate, first_row + lane)
                worst = best_scores[q, best_scores.shape[1] - 1]
            cuda.syncwarp()  # the next lane sees the insertion
            worst = cuda.shfl_sync(ALL_LANES, worst, lane)
    return worst


@jit_cuda
def _topk_cuda_kernel(scores: Float32, first_row: int, best_scores: Float32, best_rows: Int64) -> None:
    lane, first = cuda.grid(2)
    for q in range(first, scores.shape[0], cuda.gridsize(2)[1]):
        worst = best_scores[q, best_scores.shape[1] - 1]
        for start in range(0, scores.shape[1], 128):
            # Four loads at once, since a warp has no other work during the latency of memory.
            s0 = _score_at(scores, q, start + lane, worst)
            s1 = _score_at(scores, q, start + 32 + lane, worst)
            s2 = _score_at(scores, q, start + 64 + lane, worst)
            s3 = _score_at(scores, q, start + 96 + lane, worst)
            if cuda.any_sync(ALL_LANES, (s0 > worst) | (s1 > worst) | (s2 > worst) | (s3 > worst)):
                worst = _take_better(s0, first_row + start, best_scores, best_rows, q, worst)
                worst = _take_better(s1, first_row + start + 32, best_scores, best_rows, q, worst)
                worst = _take_better(s2, first_row + start + 64, best_scores, best_rows, q, worst)
                worst = _take_better(s3, first_row + start + 96, best_scores, best_rows, q, worst)


def topk_cuda(scores: Float32, first_row: int, best_scores: Float32, *, best_rows: Int64) -> None:
    """Do what `topk_reference` does."""
    check_axes("scores", scores, 2)
    check_axes("best_scores", best_scores, 2)
    check_read("scores", scores, scores.shape)
    check_read("best_scores", best_scores, (scores.shape[0], max(best_scores.shape[1], 1)))
    check_read("best_rows", best_rows, best_scores.shape, dtype=INT64)
    launch_rows(_topk_cuda_kernel, scores.shape[0], scores, np.int64(first_row), best_scores, best_rows)

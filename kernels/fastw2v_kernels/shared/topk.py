"""The list of the k best scores, in order: plain Python, compiled for every device."""

from __future__ import annotations

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int64


def insert_topk(best_scores: Float32, best_rows: Int64, q: int, score: np.float32, row: int) -> None:
    """Insert a score that is above the last one of line q, behind equal scores; the last one drops out."""
    place = best_scores.shape[1] - 1
    while place > 0 and best_scores[q, place - 1] < score:
        best_scores[q, place] = best_scores[q, place - 1]
        best_rows[q, place] = best_rows[q, place - 1]
        place -= 1
    best_scores[q, place] = score
    best_rows[q, place] = row

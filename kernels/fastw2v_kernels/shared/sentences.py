"""The sentence of a token: plain Python, compiled for every device."""

from __future__ import annotations

from fastw2v_kernels.shared.array_types import Int64


def sentence_of(starts: Int64, token_pos: int) -> int:
    """Number of the sentence that holds `token_pos`, by bisection."""
    low, high = 0, starts.shape[0] - 1
    while high - low > 1:
        middle = (low + high) // 2
        if starts[middle] <= token_pos:
            low = middle
        else:
            high = middle
    return low

"""Pairs with negatives of their own: odd windows, few words that repeat, weights and rates, against the reference."""

import numpy as np
import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import span_case
from tests.kernels.harness import assert_parity, copy, rates, results

(SKIPGRAM,) = (op for op in OPS if op.name == "skipgram_ns")
SIZES = [(7, 1, 2, 40), *([(20, 12, 5, 9)] if IS_SIMULATED else [])]  # dimension, negatives, window, words
MORE = [(129, 20, 5, 9), (20, 12, 5, 9), (1, 0, 1, 40), (33, 5, 3, 6), (300, 5, 5, 30), (250, 7, 4, 12)]
SLOW = [pytest.param(size, marks=pytest.mark.slow) for size in MORE if size not in SIZES]


@pytest.mark.parametrize("device", ["cpu", "cuda"])
@pytest.mark.parametrize("is_plain", [True, False], ids=["plain", "rates and weights"])
@pytest.mark.parametrize("size", [*SIZES, *SLOW], ids=str)
def test_pairs(device, size, is_plain):
    dim, negative, window, n_vocab = size
    rng = np.random.default_rng(dim)
    case = span_case(rng, 60, dim=dim, negative=negative, window=window, n_vocab=n_vocab)
    case |= {"share_negatives": False, "begin": 0, "end": 60}
    if not is_plain:
        weight = (rng.random(60) * (rng.random(60) > 0.2)).astype(np.float32)
        case |= {"centre_weight": weight, "shrink_windows": False}
        if device == "cpu":  # on a GPU, rows move on chip at the full rate
            case["rate_in"] = rates(n_vocab)
    truth = results(SKIPGRAM, "reference", copy(case, np.float64))
    assert_parity(results(SKIPGRAM, device, copy(case)), results(SKIPGRAM, "reference", copy(case)), truth)

"""Matrices of more than 2**31 elements: a row's place in memory does not fit into 32 bits."""

import numpy as np
import pytest

from tests.kernels.harness import MODES, toy_case
from tests.kernels.test_parity import OPS_BY_NAME

N_WORDS, DIM = 8, 1024
FIRST = 2**31 // DIM  # of the words, among so many that these are beyond
NEGATIVE = 3


def matrix(tmp_path, name, rows):
    """The rows at the end of a file that is all holes before them."""
    whole = np.memmap(tmp_path / name, np.float32, "w+", shape=(FIRST + N_WORDS, DIM))
    whole[FIRST:] = rows
    return whole


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), MODES, ids=str)
def test_rows_beyond_two_to_the_31_learn_as_others_do(name, mode, tmp_path):
    rng = np.random.default_rng(1)
    rows = {w: rng.normal(0, 0.1, (N_WORDS, DIM)).astype(np.float32) for w in ("w_in", "w_out")}
    sentences = [rng.integers(N_WORDS, size=12) for _ in range(5)]
    small = toy_case(sentences, N_WORDS, only_negative=NEGATIVE) | {w: x.copy() for w, x in rows.items()} | mode
    n_vocab = FIRST + N_WORDS
    large = small | {
        "ids": small["ids"] + np.int32(FIRST),
        "keep": np.ones(n_vocab, np.float32),
        "alias_prob": np.zeros(n_vocab, np.float32),
        "alias_id": np.full(n_vocab, FIRST + NEGATIVE, np.int32),
        "tally": np.zeros(3),
    }
    large |= {w: matrix(tmp_path, w, x) for w, x in rows.items()}
    for case in (small, large):
        OPS_BY_NAME[name].implementation("cpu")(**case)
    for w in rows:
        assert not np.array_equal(small[w], rows[w])
        np.testing.assert_array_equal(large[w][FIRST:], small[w])
        assert not large[w][: 4 * N_WORDS].any()  # where the last rows would lie by 32 bits

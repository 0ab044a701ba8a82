"""Mini-batches on the CPU: parity in all modes, and the same bits for any number of threads."""

import threading

import numpy as np
import pytest

from fastw2v_kernels.cbow_ns_batched.cpu import cbow_batch
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.skipgram_ns_batched.cpu import skipgram_batch
from tests.kernels.harness import assert_parity, copy, rates, results

OPS_BY_NAME = {op.name: op for op in OPS}
SKIPGRAM, CBOW = "skipgram_ns_batched", "cbow_ns_batched"
QUICK = [(SKIPGRAM, {}), (CBOW, {})]
SLOW = [
    (SKIPGRAM, {"share_negatives": False}),
    (SKIPGRAM, {"window": 6}),
    (SKIPGRAM, {"window": 11, "negative": 1}),
    (SKIPGRAM, {"negative": 20}),
    (SKIPGRAM, {"negative": 20, "share_negatives": False, "shrink_windows": False}),
    (SKIPGRAM, {"with_loss": False}),
    (CBOW, {"mean_context": False, "mean_gradient": False}),
    (CBOW, {"mean_gradient": False, "window": 11, "shrink_windows": False}),
    (CBOW, {"negative": 20}),
    (CBOW, {"with_loss": False}),
]
STRIDE = 144  # of the rows, as the largest in test_parity
each_mode = pytest.mark.parametrize(
    ("name", "mode"), [*QUICK, *(pytest.param(*case, marks=pytest.mark.slow) for case in SLOW)], ids=str
)


def case_of(name, mode, *, size=300, n_words=40):
    case = OPS_BY_NAME[name].make_case(np.random.default_rng(3), size)
    case["w_in"], case["w_out"] = (np.ascontiguousarray(case[w][:, :STRIDE]) for w in ("w_in", "w_out"))
    case["ids"] %= n_words
    return case | {"batch_tokens": 37} | mode


def by_threads(name, case, n_threads):
    """Call the kernel from `n_threads` threads; return what they changed."""
    case = copy(case)
    sizes = {key: case[key] for key in ("window", "negative", "batch_tokens")}
    if name == SKIPGRAM:
        batch = skipgram_batch(STRIDE, **sizes, share_negatives=case["share_negatives"], n_threads=n_threads)
    else:
        batch = cbow_batch(STRIDE, **sizes, n_threads=n_threads)
    kernel = OPS_BY_NAME[name].implementation("cpu")
    threads = [
        threading.Thread(target=lambda k: kernel(**case, batch=batch._replace(thread=k)), args=(thread,))
        for thread in range(n_threads)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return {key: case[key] for key in ("w_in", "w_out", "tally")}


@each_mode
def test_parity_of_modes(name, mode):
    op = OPS_BY_NAME[name]
    case = case_of(name, mode, size=150, n_words=11) | {"rate_in": rates(40)}
    truth = results(op, "reference", copy(case, np.float64))
    assert_parity(results(op, "cpu", copy(case)), results(op, "reference", copy(case)), truth)


@each_mode
def test_any_number_of_threads_gives_the_same_bits(name, mode):
    case = case_of(name, mode, size=1500)
    expected = by_threads(name, case, 1)
    assert (expected["w_in"] != case["w_in"]).any()
    for n_threads in (2, 3, 8):
        for key, value in by_threads(name, case, n_threads).items():
            assert value.tobytes() == expected[key].tobytes(), f"{key}, {n_threads} threads"


@pytest.mark.parametrize("name", [SKIPGRAM, CBOW])
def test_a_span_may_be_cut_where_a_batch_ends(name):
    whole = case_of(name, {"begin": 5, "end": 250})
    parts = copy(whole)
    for begin, end in ((5, 37), (37, 148), (148, 250)):
        OPS_BY_NAME[name].implementation("cpu")(**parts | {"begin": begin, "end": end})
    OPS_BY_NAME[name].implementation("cpu")(**whole)
    for key in ("w_in", "w_out"):
        assert parts[key].tobytes() == whole[key].tobytes(), key


@pytest.mark.parametrize("name", [SKIPGRAM, CBOW])
def test_a_batch_of_another_size_is_refused(name):
    case = case_of(name, {})
    for wrong in (0, 1025):
        with pytest.raises(ValueError, match=f"batch_tokens is {wrong}; expected 1 to 1,024"):
            OPS_BY_NAME[name].implementation("cpu")(**case | {"batch_tokens": wrong})
    sizes = {"window": 3, "negative": 5, "batch_tokens": 37, "n_threads": 1}
    batch = cbow_batch(STRIDE, **sizes) if name == CBOW else skipgram_batch(STRIDE, **sizes, share_negatives=True)
    with pytest.raises(ValueError, match="batch_tokens is 36; expected 37, for which the batch was made"):
        OPS_BY_NAME[name].implementation("cpu")(**case | {"batch_tokens": 36}, batch=batch)

"""Spans on the GPU: chunks and warps, rings that do not fit on chip, refused launches."""

import numpy as np
import pytest

from fastw2v_kernels.cbow_ns import cuda as cbow
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.rng import epoch_key
from fastw2v_kernels.shared.span import shape_cuda as span_shape
from fastw2v_kernels.shared.span.cases import alias_table, span_case
from fastw2v_kernels.shared.span.contexts import SCORED_TOGETHER
from fastw2v_kernels.shared.span.inputs import Sampler
from fastw2v_kernels.shared.span.reference import draw_targets
from fastw2v_kernels.skipgram_ns import cuda as skipgram
from tests.kernels.harness import MODES, copy, rates, toy_case
from tests.kernels.harness import results as run
from tests.kernels.test_parity import assert_parity

OPS_BY_NAME = {op.name: op for op in OPS}
each_mode = pytest.mark.parametrize(("name", "mode"), [pytest.param(n, m, id=f"{n}-{m}") for n, m in MODES])
pytestmark = pytest.mark.cuda


class Planned:
    """An operation with options of the launch."""

    def __init__(self, name, **plan):
        self._op, self._plan = OPS_BY_NAME[name], plan
        self.outputs, self.updates = self._op.outputs, self._op.updates

    def implementation(self, device):
        function = self._op.implementation(device)
        return lambda **case: function(**case, **(self._plan if device == "cuda" else {}))


def check(op, case):
    truth = run(op, "reference", copy(case, np.float64))
    reference = run(op, "reference", copy(case))
    assert_parity(run(op, "cuda", copy(case)), reference, truth)


def corpus(n_tokens, sentence, **changes):
    """Tokens of few words in sentences of equal length, in rows of 16."""
    case = span_case(np.random.default_rng(sentence), n_tokens, dim=16, negative=3, n_vocab=9)
    case["starts"] = np.arange(0, n_tokens + sentence, sentence).clip(max=n_tokens)
    return case | {"begin": 0, "end": n_tokens} | changes


@each_mode
@pytest.mark.parametrize("chunk_tokens", [1, 7, 10])
def test_one_warp_learns_as_the_reference_wherever_chunks_are_cut(name, mode, chunk_tokens):
    case = corpus(40, 20, begin=3) | mode
    check(Planned(name, chunk_tokens=chunk_tokens, max_warps=1), case)


@each_mode
@pytest.mark.parametrize("shrink_windows", [False, True])
def test_a_sentence_of_many_reads_keeps_its_contexts(name, mode, shrink_windows):
    """A warp reads 32 tokens at a time: windows reach over the seams of four reads of one sentence, thinned out."""
    case = corpus(119, 119, shrink_windows=shrink_windows, window=2, negative=1) | mode
    case["keep"] /= 3
    check(Planned(name, chunk_tokens=119, max_warps=1), case)


@each_mode
def test_warps_draw_the_references_samples(name, mode):
    """At a learning rate of 0 nothing depends on the order: the losses of all examples add up to the same."""
    case = corpus(90, 15, lr_first=0.0, lr_step=0.0) | mode
    expected = run(Planned(name), "cpu", copy(case))["tally"]
    for chunk_tokens, max_warps in ((8, 100), (20, 2)):
        tally = run(Planned(name, chunk_tokens=chunk_tokens, max_warps=max_warps), "cuda", copy(case))["tally"]
        np.testing.assert_array_equal(tally[1:], expected[1:])
        np.testing.assert_allclose(tally[0], expected[0], rtol=1e-6)


def no_word_twice(n_sentences, length, mode):
    """Sentences without a common word, and a seed that draws no negative twice and none of these words."""
    n_vocab, n_tokens = 20_000, n_sentences * length
    case = toy_case(np.arange(n_tokens).reshape(n_sentences, length), n_vocab, window=2, negative=1) | mode
    case["alias_prob"], case["alias_id"] = alias_table(np.ones(n_vocab))
    n_examples = 2 * case["window"] if mode.get("share_negatives") is False else 1
    tables = case["alias_prob"], case["alias_id"]
    for case["seed"] in range(100):
        sampler = Sampler(*tables, epoch_key(case["seed"], 0), 1)
        rows = [draw_targets(sampler, pos, pos, ordinal=j)[1] for pos in range(n_tokens) for j in range(n_examples)]
        if min(rows) >= n_tokens and len(set(rows)) == len(rows):
            return case
    raise AssertionError("no such seed")


@each_mode
def test_warps_that_share_no_row_learn_as_the_reference(name, mode):
    check(Planned(name, chunk_tokens=6), no_word_twice(8, 6, mode))


@each_mode
def test_a_cut_sentence_keeps_its_contexts(name, mode):
    """Centres on both sides of the cut move the words beyond it."""
    case = toy_case([[0, 1, 2, 3]], 5, only_negative=4, window=1) | mode
    for begin, end, moved in ((0, 2, [0, 1, 2]), (2, 4, [1, 2, 3])):
        after = run(Planned(name), "cuda", copy(case) | {"begin": begin, "end": end})
        assert np.flatnonzero((after["w_in"] != case["w_in"]).any(axis=1)).tolist() == moved


@each_mode
@pytest.mark.parametrize("window", [3, 6])
def test_a_rate_is_a_factor_of_what_is_written_back(name, mode, window):
    """With a chunk for each token, a row is on chip for one centre: rates are those of the reference."""
    case = span_case(np.random.default_rng(2), 40, dim=16, negative=3, window=window, n_vocab=20) | mode
    case |= {"ids": np.arange(40, dtype=np.int32) % 20, "rate_in": rates(20)}
    check(Planned(name, chunk_tokens=1, max_warps=1), case)


@each_mode
def test_every_word_of_a_short_sentence_is_written_back(name, mode):
    case = toy_case([[0, 1, 2], [3, 4], [5, 6, 7, 8]], 10, only_negative=9) | mode
    after = run(Planned(name), "cuda", copy(case))
    assert (after["w_in"][:9] != case["w_in"][:9]).any(axis=1).all()


@each_mode
def test_rows_that_do_not_fit_on_chip(name, mode, monkeypatch):
    monkeypatch.setattr(span_shape, "SHARED_BYTES", 1200)  # enough for the lists of a window of 3
    assert not span_shape.skipgram_shape(32, 3, 3, share_negatives=False).is_shared
    assert not span_shape.cbow_shape(32, 3, 3).is_shared
    for module, kernel in ((skipgram, "_skipgram_ns_cuda_kernel"), (cbow, "_cbow_ns_cuda_kernel")):
        monkeypatch.setattr(module, kernel, getattr(module, kernel).__wrapped__)
    check(Planned(name, chunk_tokens=16, max_warps=1), corpus(30, 10) | mode)


@pytest.mark.parametrize("name", ["skipgram_ns", "cbow_ns"])
def test_an_empty_span_changes_nothing(name):
    case = corpus(30, 10, begin=12, end=12) | dict(MODES)[name]
    after = run(Planned(name), "cuda", copy(case))
    for array in ("w_in", "w_out", "tally"):
        np.testing.assert_array_equal(after[array], case[array])


@pytest.mark.parametrize("plan", [{"chunk_tokens": 0}, {"chunk_tokens": 2**30}, {"max_warps": 0}], ids=str)
def test_a_plan_that_cannot_be_is_refused(plan):
    with pytest.raises(ValueError, match="expected 1 to 357913941, and 1 or more"):
        run(Planned("skipgram_ns", **plan), "cuda", corpus(30, 10, share_negatives=True))


@pytest.mark.parametrize("name", ["skipgram_ns", "cbow_ns"])
def test_a_window_that_does_not_fit_on_chip_is_refused(name):
    case = corpus(30, 10, window=1008) | dict(MODES)[name]
    with pytest.raises(ValueError, match=r"window is 1008; expected at most \d+ on a GPU"):
        run(Planned(name), "cuda", case)


@pytest.mark.parametrize("stride", [16, 112, 128, 304, 1024])
@pytest.mark.parametrize("n_targets", [2, 6, 9, 21, 101])
@pytest.mark.parametrize("window", [1, 5, 16, 40])
def test_tiles_and_strips_hold_all_rows_and_columns(stride, n_targets, window):
    shape = span_shape.SpanShape(stride, n_targets, window, n_inputs=min(2 * window, SCORED_TOGETHER))
    assert shape.n_tile <= span_shape.DOTS
    assert shape.n_tile * shape.n_tiles >= n_targets > shape.n_tile * (shape.n_tiles - 1)
    assert shape.n_strip * shape.n_strips >= shape.n_cols
    assert 32 * shape.n_cols >= stride > 32 * (shape.n_cols - 1)
    assert shape.n_tokens & (shape.n_tokens - 1) == 0
    assert shape.n_tokens >= shape.n_slots + 32

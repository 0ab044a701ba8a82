"""Subwords on the GPU: all modes, chunks and groups, many warps, vectors that do not fit on chip, refused launches."""

import numpy as np
import pytest

from fastw2v_kernels.cbow_subword_ns import cuda as cbow
from fastw2v_kernels.cbow_subword_ns import reference as cbow_truth
from fastw2v_kernels.shared.span import subword_shape_cuda as subword_shape
from fastw2v_kernels.shared.span.subwords import POSITIONS_PER_GROUP, subword_tree_case
from fastw2v_kernels.skipgram_subword_ns import cuda as skipgram
from tests.kernels.harness import copy, rates
from tests.kernels.harness import results as run
from tests.kernels.test_hierarchical import ALONE, deep_tree
from tests.kernels.test_spans_on_gpu import OPS_BY_NAME, Planned, check

pytestmark = pytest.mark.cuda
SKIPGRAM, CBOW, SKIPGRAM_HS, CBOW_HS = NAMES = [
    f"{model}_subword_{loss}" for loss in ("ns", "hs") for model in ("skipgram", "cbow")
]
FIRST = {
    SKIPGRAM: {"share_negatives": True, "in_groups": True},
    CBOW: {"mean_context": True, "mean_gradient": False},
    SKIPGRAM_HS: {"share_negatives": True},
    CBOW_HS: {"mean_context": True, "mean_gradient": False},
}
TREE = ("w_node", "path_starts", "path_steps")
MODES = [
    (SKIPGRAM, {"share_negatives": False}),
    (SKIPGRAM, {"in_groups": False}),
    (SKIPGRAM, {"window": 6, "shrink_windows": False}),
    (SKIPGRAM, {"window": 1, "negative": 1}),
    (SKIPGRAM, {"negative": 9, "with_loss": False}),
    (CBOW, {"mean_gradient": True}),
    (CBOW, {"mean_context": False, "mean_gradient": True, "negative": 9}),
    (CBOW, {"window": 6, "shrink_windows": False}),
    (SKIPGRAM_HS, ALONE),
    (SKIPGRAM_HS, {"share_negatives": False}),
    (SKIPGRAM_HS, {"window": 6, "shrink_windows": False} | ALONE),
    (CBOW_HS, ALONE),
    (CBOW_HS, {"mean_gradient": True, "window": 1}),
]
each_name = pytest.mark.parametrize("name", NAMES)
each_noise_name = pytest.mark.parametrize("name", [SKIPGRAM, CBOW])
each_path_name = pytest.mark.parametrize("name", [SKIPGRAM_HS, CBOW_HS])


def case_of(name, size=16, *, dim=20, n_vocab=12, **changes):
    """Sentences of few words, some of one token, each word with up to 9 rows of n-grams."""
    case = subword_tree_case(np.random.default_rng(3), size, dim=dim, n_vocab=n_vocab) | {"negative": 2}
    case = {key: value for key, value in case.items() if name in (SKIPGRAM_HS, CBOW_HS) or key not in TREE}
    return case | FIRST[name] | changes


@pytest.mark.parametrize(("name", "changes"), MODES, ids=str)
def test_parity_of_modes(name, changes):
    check(OPS_BY_NAME[name], case_of(name, **changes))


@each_name
def test_words_and_negatives_that_repeat(name):
    """Three words: windows, positives, negatives and nodes repeat, and an n-gram is in each word, and twice in it."""
    case = case_of(name, 14, n_vocab=40)
    case["ids"] %= 3
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 3
    case["row_ids"] = np.tile(np.array([0, 40, 41, 40], np.int32), 40)
    case["row_ids"][::4], case["row_starts"] = np.arange(40), 4 * np.arange(41)
    check(OPS_BY_NAME[name], case)


@pytest.mark.parametrize("dim", [3, 70])
@each_noise_name
def test_words_without_ngrams_and_rows_of_any_length(name, dim):
    case = case_of(name, 12, dim=dim)
    case |= {"row_ids": np.arange(12, dtype=np.int32), "row_starts": np.arange(13)}
    check(OPS_BY_NAME[name], case)


@each_noise_name
def test_words_of_many_rows(name):
    """More than a tile: 8 and 9 at a time, and 20."""
    case, n_rows = case_of(name, 8, n_vocab=4), [8, 9, 20, 1]
    case["row_ids"] = np.random.default_rng(2).permutation(np.resize(np.arange(34), 38)).astype(np.int32)
    case["row_starts"] = np.cumsum([0, *n_rows])
    check(OPS_BY_NAME[name], case)


@each_name
def test_sentences_of_one_word_train_nothing(name):
    case = case_of(name, 9, begin=0, end=9, starts=np.arange(10))
    after = run(OPS_BY_NAME[name], "cuda", copy(case))
    assert after["tally"][:2].tolist() == [0, 0]
    assert after["tally"][2] > 0
    for matrix in ("w_in", "w_out"):
        assert after[matrix].tobytes() == case[matrix].tobytes()


@each_noise_name
def test_sentences_end_windows_but_neither_groups_nor_what_is_carried(name):
    case = case_of(name, 25, begin=0, end=25, starts=np.array([0, 1, 5, 5, 7, 16, 25]), shrink_windows=False)
    case["keep"][:] = 1
    check(OPS_BY_NAME[name], case)


@each_name
def test_weights_of_centres(name):
    check(OPS_BY_NAME[name], case_of(name) | {"centre_weight": np.resize(np.array([0, 0.5, 1, 2], np.float32), 16)})


@each_name
def test_padding_stays_zero(name):
    after = run(OPS_BY_NAME[name], "cuda", case_of(name, 12))
    assert not any(after[matrix][:, 20:].any() for matrix in after if matrix != "tally")


@pytest.mark.parametrize("n_words", [2, 97])
@each_path_name
def test_paths_of_any_length(name, n_words):
    case = case_of(name, 6, n_vocab=n_words, **ALONE)
    case |= deep_tree(n_words) | {"ids": (n_words - 1 - np.arange(6) % n_words).astype(np.int32)}
    case["keep"][:] = 1
    case["w_node"] *= 0.25  # rounding of 96 scores adds up
    check(OPS_BY_NAME[name], case)


@each_path_name
def test_one_word_has_no_decision(name):
    case = case_of(name, 8, n_vocab=1, **ALONE)
    after = run(OPS_BY_NAME[name], "cuda", copy(case))
    assert after["tally"][0] == 0 < after["tally"][1]
    np.testing.assert_array_equal(after["w_in"], case["w_in"])


@each_path_name
def test_without_negatives_their_rows_stay(name):
    case = case_of(name, 12, **ALONE)
    left_out = {key: value for key, value in copy(case).items() if key not in ("w_out", "alias_prob", "alias_id")}
    OPS_BY_NAME[name].implementation("cuda")(**left_out)
    with pytest.raises(TypeError, match="w_out, alias_prob or alias_id is None; with negative > 0"):
        OPS_BY_NAME[name].implementation("cuda")(**left_out | {"negative": 3})


@pytest.mark.parametrize("begin", [0, 5])
@each_noise_name
def test_one_warp_learns_as_the_reference_where_chunks_are_cut(name, begin, monkeypatch):
    """Chunks end where groups do, and the sums that CBOW carries reach their rows there."""
    monkeypatch.setattr(cbow_truth, "TOKENS_PER_BLOCK", POSITIONS_PER_GROUP)
    case = case_of(name, 28, begin=begin, end=27)
    check(Planned(name, chunk_tokens=POSITIONS_PER_GROUP, max_warps=1), case)


def test_a_sentence_of_many_reads_keeps_its_contexts():
    """A warp reads 32 tokens at a time; the tokens in memory are as many as the windows of a group need."""
    for name in (SKIPGRAM, CBOW):
        case = case_of(name, 70, window=2, negative=1, dim=3, starts=np.array([0, 70]), begin=0, end=70)
        case["keep"] /= 3
        check(Planned(name, max_warps=1), case)


@each_noise_name
def test_warps_draw_the_references_samples(name):
    """At a learning rate of 0 nothing depends on the order: the losses of all examples add up to the same."""
    case = case_of(name, 32, dim=3, lr_first=0.0, lr_step=0.0)
    expected = run(Planned(name), "reference", copy(case))["tally"]
    tally = run(Planned(name, chunk_tokens=16, max_warps=2), "cuda", copy(case))["tally"]
    np.testing.assert_array_equal(tally[1:], expected[1:])
    np.testing.assert_allclose(tally[0], expected[0], rtol=1e-6)


@each_noise_name
def test_vectors_that_do_not_fit_on_chip(name, monkeypatch):
    case = case_of(name, 16)
    module, kernel = skipgram if name == SKIPGRAM else cbow, f"_{name}_cuda_kernel"
    monkeypatch.setattr(subword_shape.SubwordShape, "is_shared", False)
    monkeypatch.setattr(module, kernel, getattr(module, kernel).__wrapped__)
    check(Planned(name, max_warps=1), case)


@each_name
def test_a_rate_is_a_factor_of_what_is_written(name):
    """A centre by itself: what each row has moved by is in proportion to its rate."""
    case = case_of(name, 4, n_vocab=4, begin=1, end=2, starts=np.array([0, 4]), shrink_windows=False)
    case |= {"ids": np.arange(4, dtype=np.int32), "keep": np.ones(4, np.float32)}
    n_rows, matrices = len(case["w_in"]), [matrix for matrix in ("w_in", "w_out", "w_node") if matrix in case]
    whole = run(Planned(name), "cuda", copy(case))
    given = {"rate_in": rates(n_rows), "rate_out": rates(4)} | ({"rate_node": rates(4)} if "w_node" in case else {})
    if "w_node" in case:
        case["negative"] = 0  # one step, which no rate reaches
        whole = run(Planned(name), "cuda", copy(case))
    slowed = run(Planned(name, **given), "cuda", copy(case))
    for matrix in matrices:
        rate = rates(n_rows if matrix == "w_in" else 4)[:, None]
        np.testing.assert_allclose(slowed[matrix], case[matrix] + rate * (whole[matrix] - case[matrix]), atol=1e-6)
        assert slowed[matrix][::3].tobytes() == case[matrix][::3].tobytes()
    assert (whole["w_in"] != case["w_in"]).any()


@each_name
def test_an_empty_span_changes_nothing(name):
    case = case_of(name, begin=9, end=9)
    after = run(Planned(name), "cuda", copy(case))
    for array in after:
        np.testing.assert_array_equal(after[array], case[array])


@each_name
def test_a_launch_that_cannot_be_is_refused(name):
    with pytest.raises(ValueError, match="chunk_tokens is 0, max_warps 1024; expected 1 to 357913941, and 1 or more"):
        run(Planned(name, chunk_tokens=0), "cuda", case_of(name))
    with pytest.raises(ValueError, match=r"window is 60000; expected at most \d+ on a GPU"):
        run(Planned(name), "cuda", case_of(name, window=60_000))


@pytest.mark.parametrize("stride", [16, 112, 304, 1024])
@pytest.mark.parametrize("window", [1, 5, 40])
def test_tiles_and_strips_hold_all_rows_and_columns(stride, window):
    shapes = [subword_shape.cbow_subword_shape(stride, 5, window, hs=hs) for hs in (0, 1)]
    for option in ({"in_groups": True}, {"in_groups": False}, {"hs": 1}):
        shapes.append(subword_shape.skipgram_subword_shape(stride, 5, window, share_negatives=True, **option))
    for shape in shapes:
        assert 32 * shape.n_cols >= stride > 32 * (shape.n_cols - 1)
        assert shape.n_strip * shape.n_strips >= shape.n_cols
        assert shape.n_tokens & (shape.n_tokens - 1) == 0
        assert shape.n_tokens >= shape.n_slots + shape.n_group - 1 + 32
        assert shape.n_targets >= shape.n_drawn + 8

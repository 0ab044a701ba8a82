"""Skip-gram and CBOW with subwords: gradients, options, cuts, repeated rows, and toys that they must learn."""

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS, POSITIONS_PER_GROUP, TOKENS_PER_BLOCK, subword_case
from tests.kernels.harness import copy, results
from tests.kernels.test_gradient import assert_same, step_down
from tests.kernels.test_parity import check

OPS_BY_NAME = {op.name: op for op in OPS}
SKIPGRAM, CBOW = "skipgram_subword_ns", "cbow_subword_ns"
MODES = [
    (SKIPGRAM, {"share_negatives": True, "in_groups": True}),
    (SKIPGRAM, {"share_negatives": False, "in_groups": True}),
    (CBOW, {"mean_context": True, "mean_gradient": False}),
    (CBOW, {"mean_context": True, "mean_gradient": True}),
    (CBOW, {"mean_context": False, "mean_gradient": True}),
]
VARIANTS = [
    {"shrink_windows": False},
    {"window": 1},
    {"window": 6, "shrink_windows": False},
    {"window": 17},
    {"negative": 1},
    {"negative": 20},
    {"with_loss": False},
]
each_first_mode = pytest.mark.parametrize(("name", "mode"), [MODES[0], MODES[2]], ids=str)
BY_CENTRE = {"in_groups": False}
QUICK = [
    (*MODES[0], VARIANTS[2]),
    (*MODES[0], BY_CENTRE),
    (*MODES[2], VARIANTS[2]),
]
SLOW = [(*mode, variant) for mode in MODES for variant in VARIANTS if (*mode, variant) not in QUICK]


def case_of(name, mode, size=100, *, dim=40, **changes):
    return subword_case(np.random.default_rng(3), size, dim=dim) | mode | changes


@pytest.mark.parametrize(
    ("name", "mode", "variant"), [*QUICK, *(pytest.param(*c, marks=pytest.mark.slow) for c in SLOW)], ids=str
)
def test_parity_of_modes(name, mode, variant):
    check(OPS_BY_NAME[name], "cpu", case_of(name, mode, **variant))


@pytest.mark.slow
@pytest.mark.parametrize(("name", "mode"), MODES, ids=str)
def test_words_and_negatives_that_repeat(name, mode):
    """Three words: windows, positives and negatives repeat rows, and n-grams occur in each word, one of them twice."""
    case = case_of(name, mode, 60)
    case["ids"] %= 3
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 3
    case["row_ids"] = np.tile(np.array([0, 40, 41, 40], np.int32), 40)
    case["row_ids"][::4], case["row_starts"] = np.arange(40), 4 * np.arange(41)
    check(OPS_BY_NAME[name], "cpu", case)


@pytest.mark.slow
@each_first_mode
def test_weights_of_centres(name, mode):
    weight = np.resize(np.array([0, 0.5, 1, 2], np.float32), 100)
    check(OPS_BY_NAME[name], "cpu", case_of(name, mode) | {"centre_weight": weight})


@pytest.mark.slow
@each_first_mode
def test_without_moves_only_the_tally_changes(name, mode):
    case, op = case_of(name, mode), OPS_BY_NAME[name]
    moved, still = copy(case), copy(case) | {"moves_rows": False, "lr_first": 0.0, "lr_step": 0.0}
    op.implementation("cpu")(**still)
    for weights in ("w_in", "w_out"):
        assert (still[weights] == case[weights]).all()
    op.implementation("reference")(**moved | {"lr_first": 0.0, "lr_step": 0.0})
    np.testing.assert_allclose(still["tally"], moved["tally"], rtol=1e-5)


def test_cbow_writes_back_where_a_block_ends_wherever_the_span_begins():
    case = case_of(*MODES[2], 700 + TOKENS_PER_BLOCK, begin=500, end=600 + TOKENS_PER_BLOCK)
    check(OPS_BY_NAME[CBOW], "cpu", case)


@each_first_mode
def test_padding_stays_zero(name, mode):
    after = results(OPS_BY_NAME[name], "cpu", case_of(name, mode))
    assert not after["w_in"][:, 40:].any()
    assert not after["w_out"][:, 40:].any()


@each_first_mode
def test_a_span_may_be_cut(name, mode):
    """Skip-gram's where a group ends, CBOW's where a block ends; the bits stay the same."""
    n_tokens = POSITIONS_PER_GROUP if name == SKIPGRAM else TOKENS_PER_BLOCK
    size = 3 * n_tokens + 5
    whole = case_of(name, mode, size, begin=0, end=size)
    parts = copy(whole)
    after = results(OPS_BY_NAME[name], "cpu", whole)
    for begin in range(0, size, n_tokens):
        span = {"begin": begin, "end": min(begin + n_tokens, size)}
        cut = results(OPS_BY_NAME[name], "cpu", parts | span)
    for weights in ("w_in", "w_out"):
        np.testing.assert_array_equal(cut[weights], after[weights])


def one_centre(name, **mode):
    """A case in float64 with one centre, 4, at full windows and a rate of 1; each word has its row and two n-grams."""
    case = case_of(name, mode, 9, dim=16, begin=4, end=5, window=3, shrink_windows=False, lr_first=1.0, lr_step=0.0)
    case |= {"starts": np.array([0, 9]), "keep": np.ones(40, np.float32), "ids": np.arange(9, dtype=np.int32)}
    rows = [[word, 40 + 2 * word % 20, 41 + 2 * word % 20] for word in range(40)]
    case |= {"row_ids": np.concatenate(rows).astype(np.int32), "row_starts": 3 * np.arange(41)}
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 6  # some negatives are contexts
    return copy(case, np.float64)


def rows_of(case, words):
    return [row for word in words for row in case["row_ids"][3 * word : 3 * word + 3]]


def log_sigmoid(score):
    return -np.log1p(np.exp(-score))


def negatives_of(case, token_pos):
    from fastw2v_kernels.shared.rng import epoch_key
    from fastw2v_kernels.shared.span.inputs import Sampler
    from fastw2v_kernels.shared.span.reference import draw_targets

    sampler = Sampler(case["alias_prob"], case["alias_id"], epoch_key(case["seed"], case["epoch"]), case["negative"])
    sets = [draw_targets(sampler, 4, token_pos, ordinal=k)[1:] for k in range(NEGATIVE_SETS)]
    return [row for drawn in sets for row in drawn]


def pair_loss(hidden, w_out, *, positive, negatives):
    """The loss of a pair with 5 negatives; if there are more, they count less."""
    others = [row for row in negatives if row != positive]
    return -log_sigmoid(hidden @ w_out[positive]) - 5 / len(negatives) * sum(
        log_sigmoid(-hidden @ w_out[row]) for row in others
    )


def test_gradient_of_skipgram():
    """Each of the centre's rows moves by the hidden vector's gradient, which is that of a row times their number."""
    case = one_centre(SKIPGRAM, share_negatives=True, in_groups=True)
    assert 4 < POSITIONS_PER_GROUP  # so the negatives of the centre are those of position 0
    negatives, contexts = negatives_of(case, 0), [1, 2, 3, 5, 6, 7]
    assert set(negatives) & set(contexts)

    def loss(w_in, w_out):
        hidden = w_in[rows_of(case, [4])].mean(axis=0)
        return sum(pair_loss(hidden, w_out, positive=context, negatives=negatives) for context in contexts)

    before, total = case["w_in"].copy(), loss(case["w_in"], case["w_out"])
    down_in, down_out = step_down(loss, case["w_in"].copy(), case["w_out"].copy())
    OPS_BY_NAME[SKIPGRAM].implementation("reference")(**case)
    assert_same((case["w_in"], case["w_out"]), (before + 3 * (down_in - before), down_out))
    np.testing.assert_allclose(case["tally"], [total, 6, 1])


@pytest.mark.parametrize(
    ("mean_context", "mean_gradient", "factor"), [(True, True, 1), (True, False, 18), (False, False, 1)]
)
def test_gradient_of_cbow(mean_context, mean_gradient, factor):
    case = one_centre(CBOW, mean_context=mean_context, mean_gradient=mean_gradient)
    rows, negatives = rows_of(case, [1, 2, 3, 5, 6, 7]), negatives_of(case, 4)[:5]

    def loss(w_in, w_out):
        hidden = w_in[rows].sum(axis=0) / (len(rows) if mean_context else 1)
        return pair_loss(hidden, w_out, positive=4, negatives=negatives)

    before, total = case["w_in"].copy(), loss(case["w_in"], case["w_out"])
    down_in, down_out = step_down(loss, case["w_in"].copy(), case["w_out"].copy())
    OPS_BY_NAME[CBOW].implementation("reference")(**case)
    assert_same((case["w_in"], case["w_out"]), (before + factor * (down_in - before), down_out))
    np.testing.assert_allclose(case["tally"], [total, 1, 1])


@each_first_mode
@pytest.mark.parametrize("device", ["reference", pytest.param("cpu", marks=pytest.mark.slow)])
def test_a_word_never_trained_learns_from_its_ngrams(name, mode, device):
    """Words 0 and 1 share an n-gram, 2 and 3 another. Of 0 with 4, and 2 with 5, the words 1 and 3 learn too."""
    case = case_of(name, mode, 8, dim=16, window=1, shrink_windows=False, negative=3, begin=0, end=80, lr_first=0.2)
    case |= {"ids": np.tile(np.array([0, 4, 2, 5], np.int32), 20), "starts": np.arange(0, 81, 2), "lr_step": 0.0}
    case |= {"keep": np.ones(40, np.float32), "alias_id": np.arange(40, dtype=np.int32) % 6}
    case["alias_prob"][:] = 0
    lists = [[word, 40 + word // 2, 43 + word] for word in range(40)]
    case |= {"row_ids": np.concatenate(lists).astype(np.int32) % 70, "row_starts": 3 * np.arange(41)}
    case["w_in"][:], case["w_out"][:] = np.random.default_rng(1).normal(0, 0.1, case["w_in"].shape), 0
    for epoch in range(30):
        results(OPS_BY_NAME[name], device, case | {"epoch": epoch})
    hidden = case["w_in"][case["row_ids"].reshape(40, 3)].mean(axis=1)
    scores = hidden[[1, 3]] @ case["w_out"][[4, 5]].T
    assert scores[0, 0] > scores[0, 1]
    assert scores[1, 1] > scores[1, 0]

"""Subwords with hierarchical softmax: parity in all modes, paths of any length, gradients, cuts, toys."""

from itertools import pairwise

import numpy as np
import pytest

from fastw2v_kernels._jit.cuda import IS_SIMULATED
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.subwords import TOKENS_PER_BLOCK, subword_tree_case
from tests.kernels.harness import CBOW_MODES, SKIPGRAM_MODES, copy, results
from tests.kernels.test_gradient import assert_same, step_down
from tests.kernels.test_hierarchical import ALONE, deep_tree
from tests.kernels.test_parity import check
from tests.kernels.test_subwords import negatives_of, pair_loss, rows_of

pytestmark = [  # test_parity has each operation once
    pytest.mark.skipif(IS_SIMULATED, reason="the simulator runs CUDA alone"),
    pytest.mark.slow,
]
OPS_BY_NAME = {op.name: op for op in OPS}
SKIPGRAM, CBOW = "skipgram_subword_hs", "cbow_subword_hs"
MODES = [(SKIPGRAM, mode) for mode in SKIPGRAM_MODES] + [(CBOW, mode) for mode in CBOW_MODES]
FIRST = {name: mode for name, mode in reversed(MODES)}
MATRICES = ("w_in", "w_node", "w_out")
each_mode = pytest.mark.parametrize(
    ("name", "mode"),
    [MODES[0], MODES[2], *(pytest.param(*m, marks=pytest.mark.slow) for m in MODES[1:2] + MODES[3:])],
    ids=str,
)
each_name = pytest.mark.parametrize("name", [SKIPGRAM, CBOW])
each_loss = pytest.mark.parametrize("losses", [ALONE, {"negative": 3}], ids=["alone", "both"])
VARIANTS = [
    {},
    {"window": 6, "shrink_windows": False},
    *(
        pytest.param(variant, marks=pytest.mark.slow)
        for variant in ({"shrink_windows": False}, {"with_loss": False}, {"window": 1}, {"window": 17}, {"window": 5})
    ),
]


def case_of(name, size=60, *, dim=40, n_vocab=40, **changes):
    case = subword_tree_case(np.random.default_rng(3), size, dim=dim, n_vocab=n_vocab)
    return case | FIRST[name] | changes


@each_loss
@pytest.mark.parametrize("variant", VARIANTS, ids=str)
@each_mode
def test_parity_of_modes(name, mode, variant, losses):
    check(OPS_BY_NAME[name], "cpu", case_of(name, 100) | mode | losses | variant)


@each_loss
@each_name
def test_words_and_negatives_that_repeat(name, losses):
    """Three words, so that windows repeat paths and negatives are contexts; an n-gram is in each word, and twice."""
    case = case_of(name, **losses)
    case["ids"] %= 3
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 3
    case["row_ids"] = np.tile(np.array([0, 40, 41, 40], np.int32), 40)
    case["row_ids"][::4], case["row_starts"] = np.arange(40), 4 * np.arange(41)
    check(OPS_BY_NAME[name], "cpu", case)


@pytest.mark.parametrize("n_words", [2, 3, 40, 97])
@each_name
def test_paths_of_any_length(name, n_words):
    """From 1 to 96 nodes, most of which the paths of a window share."""
    case = case_of(name, 40, n_vocab=n_words, **ALONE)
    case |= deep_tree(n_words) | {"ids": (n_words - 1 - np.arange(40) % n_words).astype(np.int32)}
    case["keep"][:] = 1
    case["w_node"] *= 0.25  # rounding of 96 scores adds up
    check(OPS_BY_NAME[name], "cpu", case)


@each_name
def test_paths_that_share_little_fill_the_most_targets(name):
    """Words at the ends of ten long branches."""
    n_words, window = 10 * 40, 5
    case = case_of(name, 11, n_vocab=n_words, window=window, shrink_windows=False, begin=5, end=6, **ALONE)
    first = [[2 * node + bit for node, bit in path] for path in _branches(10, 40)]
    steps = [first[word % 10] for word in range(n_words)]
    case |= {"path_starts": np.cumsum([0, *map(len, steps)]), "path_steps": np.concatenate(steps).astype(np.int32)}
    case |= {"ids": np.arange(11, dtype=np.int32), "starts": np.array([0, 11])}
    case["keep"][:] = 1
    case["w_node"] *= 0.25
    check(OPS_BY_NAME[name], "cpu", case)


def _branches(n_branches, length):
    """Paths that part one after the other and then have nodes of their own, as (node, bit)."""
    for branch in range(n_branches):
        common = [(node, 0) for node in range(branch)] + [(branch, 1)]
        yield common + [(n_branches + branch * 30 + k, k % 2) for k in range(length - 10 - branch)]


@each_name
def test_one_word_has_no_decision(name):
    case = case_of(name, 10, n_vocab=1, **ALONE)
    after = results(OPS_BY_NAME[name], "cpu", copy(case))
    assert after["tally"][0] == 0 < after["tally"][1]
    np.testing.assert_array_equal(after["w_in"], case["w_in"])


@each_loss
@each_name
def test_weights_of_centres(name, losses):
    weight = np.resize(np.array([0, 0.5, 1, 2], np.float32), 60)
    check(OPS_BY_NAME[name], "cpu", case_of(name, **losses) | {"centre_weight": weight})


@each_loss
@each_name
def test_without_moves_only_the_tally_changes(name, losses):
    op, case = OPS_BY_NAME[name], case_of(name, 100, **losses)
    still = results(op, "cpu", copy(case) | {"moves_rows": False})
    slow = results(op, "reference", copy(case, np.float64) | {"lr_first": 0.0, "lr_step": 0.0})
    for matrix in MATRICES:
        assert still[matrix].tobytes() == case[matrix].tobytes()
    np.testing.assert_allclose(still["tally"], slow["tally"], rtol=1e-6)


@each_loss
@each_name
def test_padding_stays_zero(name, losses):
    after = results(OPS_BY_NAME[name], "cpu", case_of(name, **losses))
    assert not any(after[matrix][:, 40:].any() for matrix in MATRICES)


@each_name
def test_without_negatives_their_rows_stay(name):
    case = case_of(name, **ALONE)
    after = results(OPS_BY_NAME[name], "cpu", copy(case))
    assert after["w_out"].tobytes() == case["w_out"].tobytes()
    assert after["w_node"][-1].tobytes() == case["w_node"][-1].tobytes()  # a row of no node
    left_out = {key: value for key, value in copy(case).items() if key not in ("w_out", "alias_prob", "alias_id")}
    OPS_BY_NAME[name].implementation("cpu")(**left_out)
    with pytest.raises(TypeError, match="w_out, alias_prob or alias_id is None; with negative > 0"):
        OPS_BY_NAME[name].implementation("cpu")(**left_out | {"negative": 3})


@each_loss
@each_name
def test_a_span_may_be_cut(name, losses):
    """Skip-gram's anywhere, CBOW's where a block ends; the bits stay the same."""
    op, size = OPS_BY_NAME[name], 2 * TOKENS_PER_BLOCK + 5
    whole = case_of(name, size, begin=0, end=size, **losses)
    parts = copy(whole)
    cuts = [0, 17, TOKENS_PER_BLOCK, size] if name == SKIPGRAM else [0, TOKENS_PER_BLOCK, 2 * TOKENS_PER_BLOCK, size]
    for begin, end in pairwise(cuts):
        parts |= results(op, "cpu", parts | {"begin": begin, "end": end})
    after = results(op, "cpu", copy(whole))
    for matrix in MATRICES:
        assert parts[matrix].tobytes() == after[matrix].tobytes()


def one_centre(name, **mode):
    """A case in float64 with one centre, 4, at full windows and a rate of 1; each word has its row and two n-grams."""
    case = case_of(name, 9, dim=16, begin=4, end=5, window=3, shrink_windows=False, lr_first=1.0, lr_step=0.0, **mode)
    case |= {"starts": np.array([0, 9]), "keep": np.ones(40, np.float32), "ids": np.arange(9, dtype=np.int32)}
    rows = [[word, 40 + 2 * word % 20, 41 + 2 * word % 20] for word in range(40)]
    case |= {"row_ids": np.concatenate(rows).astype(np.int32), "row_starts": 3 * np.arange(41)}
    case["alias_prob"][:], case["alias_id"][:] = 0, np.arange(40) % 6  # some negatives are contexts
    case = copy(case, np.float64)
    for matrix in MATRICES:
        case[matrix] *= 0.2  # or the differences of the losses after several steps at this rate are less exact
    return case


def path_loss(hidden, w_node, case, *, word):
    """The sum of -log sigmoid of the scores, with the sign of the decision, over the nodes of the path to a word."""
    steps = case["path_steps"][case["path_starts"][word] : case["path_starts"][word + 1]]
    return sum(np.log1p(np.exp(-(1 - 2 * (step & 1)) * (hidden @ w_node[step >> 1]))) for step in steps)


@pytest.mark.parametrize("negative", [0, 5])
def test_gradient_of_skipgram(negative):
    """Of the paths to all contexts first; then of negative sampling, at the hidden vector that this has moved."""
    case, contexts = one_centre(SKIPGRAM, negative=negative), [1, 2, 3, 5, 6, 7]
    rows, negatives = rows_of(case, [4]), negatives_of(case, 4)

    def of_paths(hidden, w_node):
        return sum(path_loss(hidden[0], w_node, case, word=word) for word in contexts)

    w_in, w_out = case["w_in"].copy(), case["w_out"]
    first = hidden = w_in[rows].mean(axis=0, keepdims=True)
    total = of_paths(hidden, case["w_node"])
    hidden, w_node = step_down(of_paths, hidden, case["w_node"].copy())

    def of_pairs(hidden, w_out):
        return sum(pair_loss(hidden[0], w_out, positive=word, negatives=negatives) for word in contexts)

    if negative:
        total += of_pairs(hidden, w_out)
        hidden, w_out = step_down(of_pairs, hidden, w_out.copy())
    np.add.at(w_in, rows, hidden - first)
    OPS_BY_NAME[SKIPGRAM].implementation("reference")(**case)
    assert_same([case[name] for name in MATRICES], [w_in, w_node, w_out])
    np.testing.assert_allclose(case["tally"], [total, 6, 1])


@pytest.mark.parametrize("negative", [0, 5])
@pytest.mark.parametrize(
    ("mean_context", "mean_gradient", "factor"), [(True, True, 1), (True, False, 18), (False, False, 1)]
)
def test_gradient_of_cbow(mean_context, mean_gradient, factor, negative):
    """Of the path first; then of negative sampling at the rows that the first step has moved."""
    case = one_centre(CBOW, mean_context=mean_context, mean_gradient=mean_gradient, negative=negative)
    rows, negatives = rows_of(case, [1, 2, 3, 5, 6, 7]), negatives_of(case, 4)[:5]

    def hidden(w_in):
        return w_in[rows].sum(axis=0) / (len(rows) if mean_context else 1)

    def of_path(w_in, w_node):
        return path_loss(hidden(w_in), w_node, case, word=4)

    def of_pair(w_in, w_out):
        return pair_loss(hidden(w_in), w_out, positive=4, negatives=negatives)

    w_in, w_out, total = case["w_in"].copy(), case["w_out"].copy(), of_path(case["w_in"], case["w_node"])
    down, w_node = step_down(of_path, w_in.copy(), case["w_node"].copy())
    w_in = w_in + factor * (down - w_in)
    if negative:
        total += of_pair(w_in, w_out)
        down, w_out = step_down(of_pair, w_in.copy(), w_out)
        w_in = w_in + factor * (down - w_in)
    OPS_BY_NAME[CBOW].implementation("reference")(**case)
    assert_same([case[name] for name in MATRICES], [w_in, w_node, w_out])
    np.testing.assert_allclose(case["tally"], [total, 1, 1])


@each_name
@pytest.mark.parametrize("device", ["reference", "cpu"])
def test_a_word_never_trained_learns_from_its_ngrams(name, device):
    """Words 0 and 1 share an n-gram, 2 and 3 another. Of 0 with 4, and 2 with 5, the words 1 and 3 learn too."""
    case = case_of(name, 8, dim=16, window=1, shrink_windows=False, begin=0, end=80, lr_first=0.2, lr_step=0.0, **ALONE)
    case |= {"ids": np.tile(np.array([0, 4, 2, 5], np.int32), 20), "starts": np.arange(0, 81, 2)}
    lists = [[word, 40 + word // 2, 43 + word] for word in range(40)]
    case |= {"row_ids": np.concatenate(lists).astype(np.int32) % 70, "row_starts": 3 * np.arange(41)}
    case["keep"][:], case["w_node"][:] = 1, 0
    case["w_in"][:] = np.random.default_rng(1).normal(0, 0.1, case["w_in"].shape)
    for epoch in range(30):
        results(OPS_BY_NAME[name], device, case | {"epoch": epoch})
    hidden = case["w_in"][case["row_ids"].reshape(40, 3)].mean(axis=1)
    losses = [[path_loss(hidden[row], case["w_node"], case, word=word) for word in (4, 5)] for row in (1, 3)]
    assert losses[0][0] < losses[0][1]
    assert losses[1][1] < losses[1][0]

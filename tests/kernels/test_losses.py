"""The losses that the span kernels sum up: against float64 over the same samples, after ten billion pairs, too."""

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import span_case
from tests.kernels.harness import MODES, copy, results, to_device, to_host

OPS_BY_NAME = {op.name: op for op in OPS}
DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)]
SLOW_CHANGES = [
    pytest.param(changes, marks=pytest.mark.slow) for changes in ({"dim": 100}, {"dim": 300}, {"window": 10})
]
ERROR = 1e-6  # of a sum of losses, relative: the error of float32 scores and of the polynomial for the logarithm
each_mode = pytest.mark.parametrize(
    ("name", "mode"), MODES, ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values()))
)


def still(mode, *, size=120, **changes):
    """A case at a learning rate of 0, so that the order in which examples are trained makes no difference."""
    return span_case(np.random.default_rng(11), size, **changes) | mode | {"lr_first": 0.0, "lr_step": 0.0}


def tally_of(name, device, case):
    return results(OPS_BY_NAME[name], device, copy(case))["tally"]


def true_tally(name, case):
    return results(OPS_BY_NAME[name], "reference", copy(case, np.float64))["tally"]


@each_mode
@pytest.mark.parametrize("scale", [1.0, 4.0, 40.0])
@pytest.mark.parametrize("device", DEVICES)
def test_equals_a_recomputation_in_float64(name, mode, scale, device):
    """With a scale of 40, scores go beyond what the logistic function can tell from 0 and 1."""
    case = still(mode, size=40 if device == "cuda" else 120, dim=20 if device == "cuda" else 40)
    case["w_in"] *= scale
    tally, truth = tally_of(name, device, case), true_tally(name, case)
    np.testing.assert_array_equal(tally[1:], truth[1:])
    np.testing.assert_allclose(tally[0], truth[0], rtol=ERROR)


@pytest.mark.slow
@each_mode
@pytest.mark.parametrize(("negative", "window"), [(20, 3), (1, 3), (5, 10), (20, 10)])
def test_equals_it_for_any_number_of_targets_and_contexts(name, mode, negative, window):
    case = still(mode, dim=40, negative=negative, window=window, n_vocab=12)  # words repeat, in windows and negatives
    np.testing.assert_allclose(tally_of(name, "cpu", case)[0], true_tally(name, case)[0], rtol=ERROR)


@each_mode
@pytest.mark.parametrize(
    "changes", [{}, pytest.param({"negative": 20}, marks=pytest.mark.slow), *SLOW_CHANGES], ids=str
)
def test_the_loss_changes_no_bit_of_the_weights(name, mode, changes):
    case = span_case(np.random.default_rng(3), 700, **({"dim": 40} | changes)) | mode
    with_loss, without = (results(OPS_BY_NAME[name], "cpu", copy(case) | {"with_loss": on}) for on in (True, False))
    for matrix in ("w_in", "w_out"):
        assert with_loss[matrix].tobytes() == without[matrix].tobytes()
    assert with_loss["tally"][0] > 0 == without["tally"][0]


@each_mode
@pytest.mark.parametrize("device", DEVICES)
def test_ten_billion_pairs_lose_no_digit_that_matters(name, mode, device):
    """A span at a time is added to the sums of ten billion pairs."""
    case = still(mode, size=30, dim=16)
    case["tally"] = np.array([2.5e10, 1e10, 1e10])
    own = true_tally(name, case | {"tally": np.zeros(3)})
    there = to_device(copy(case)) if device == "cuda" else copy(case)  # the simulator's arrays are the host's
    for begin in range(case["begin"], case["end"]):
        OPS_BY_NAME[name].implementation(device)(**there | {"begin": begin, "end": begin + 1})
    added = to_host(there["tally"]) - case["tally"]
    np.testing.assert_array_equal(added[1:], own[1:])
    assert added[0] == pytest.approx(own[0], rel=ERROR, abs=len(case["ids"]) * np.spacing(2.5e10))


@each_mode
def test_scores_that_are_no_numbers_give_no_number(name, mode):
    for value in (np.nan, np.inf):
        case = still(mode, dim=16)
        case["w_in"][:, :3] = value
        assert not np.isfinite(tally_of(name, "cpu", case)[0])

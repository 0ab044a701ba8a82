"""Every launcher refuses what its kernel would misread; and no two of its arrays can change places unnoticed."""

import inspect
import itertools

import numpy as np
import pytest

from fastw2v_kernels.ops import OPS
from tests.kernels.harness import copy, rates, results, to_device, written

SIZE = 20
ANY_LENGTH = {  # whose length is free, or says how much is asked for
    ("encode", "text"),
    ("encode", "slots"),
    ("encode", "arena"),
    ("find_words", "found"),
    ("random_walks", "out"),
    ("rehash_slots", "new_slots"),
    ("topk", "best_scores"),
    ("uniform_rows", "rows"),
    ("unigram_sampler", "out"),
    ("unique_rows", "marks"),
}
ANY_SHAPE = {  # ids are read one after the other whatever their shape; Adam's weights may have any
    ("adam", "param"),
    ("dot_sigmoid_loss_backward", "stale_ids"),
    ("embedding_backward", "stale_ids"),
    ("sparse_adam", "rows"),
    ("unigram_sampler", "targets"),
    ("unique_rows", "ids"),
}
DECIDED_BY_VALUES = {  # whose least length follows from values in other arrays
    ("count_bigrams", "roles"),
    ("embedding", "w"),  # by the ids, each of which is checked
    ("embedding_backward", "dw"),
    ("dot_sigmoid_loss", "w"),
    ("encode", "counts"),
    ("find_words", "known_arena"),
    ("find_words", "known_slots"),
    ("find_words", "known_starts"),
    ("find_words", "slots"),
    ("ids_to_rows", "row_of"),
    ("pack_words", "arena"),
    ("pack_words", "word_starts"),
    ("rehash_slots", "old_slots"),
    ("skipgram_ns", "ids"),
    ("cbow_ns", "ids"),
    ("mean_rows", "w"),  # by the ids, each of which is checked
    *(
        (f"{model}_subword_{loss}", name)
        for model in ("skipgram", "cbow")
        for loss in ("ns", "hs")
        for name in ("ids", "row_ids", "w_in")
    ),
}
COPIED_ON_CPU = {  # row numbers of any order and integer type; a matrix of any row stride
    ("dot_sigmoid_loss", "targets"),
    ("dot_sigmoid_loss_backward", "stale_ids"),
    ("dot_sigmoid_loss_backward", "targets"),
    ("embedding", "ids"),
    ("embedding_backward", "ids"),
    ("embedding_backward", "stale_ids"),
    ("nearest", "vectors"),
    ("sparse_adam", "rows"),
    ("unigram_sampler", "targets"),
    ("unique_rows", "ids"),
}
OP_DEVICES = [pytest.param(op, device, id=f"{op.name}-{device}") for op in OPS for device in op.devices]
WRONG_TYPES = {"f": np.int32, "i": np.float64, "u": np.float64}


def case_of(op):
    """Return the case of an operation, with the arrays that are optional."""
    case = op.make_case(np.random.default_rng(4), SIZE)
    parameters = inspect.signature(op.implementation("reference")).parameters
    given = {
        "rate_in": rates(len(case.get("w_in", ()))),
        "centre_weight": np.ones(len(case.get("ids", ())), np.float32),
    }
    return case | {name: array for name, array in given.items() if name in parameters}


def array_names(case):
    return [name for name, value in case.items() if isinstance(value, np.ndarray)]


def refuses(op, device, case, **change):
    """Whether a call with another array under this name raises before it has written anything."""
    (name,) = change
    case = copy(case) | change
    case = to_device(case) if device == "cuda" else case
    before = {key: value.copy() for key, value in written(op, case).items()}
    with pytest.raises((TypeError, ValueError), match=name):
        op.implementation(device)(**case)
    for key, value in written(op, case).items():
        assert (value == before[key]).all() or value.dtype.kind == "f", f"{key} was written to"


@pytest.mark.parametrize(("op", "device"), OP_DEVICES)
def test_an_array_of_another_type_is_refused(op, device):
    case = case_of(op)
    for name in array_names(case):
        with np.errstate(invalid="ignore"):  # an output may hold anything
            wrong = case[name].astype(WRONG_TYPES[case[name].dtype.kind])
        refuses(op, device, case, **{name: wrong})


@pytest.mark.parametrize(("op", "device"), OP_DEVICES)
def test_an_array_with_an_axis_more_is_refused(op, device):
    case = case_of(op)
    for name in array_names(case):
        if (op.name, name) not in ANY_SHAPE:
            refuses_shape(op, device, case, **{name: case[name][None].copy()})


def refuses_shape(op, device, case, **change):
    """Whether a call raises; another argument may be named, to which this one does not fit."""
    case = copy(case) | change
    with pytest.raises((TypeError, ValueError)):
        op.implementation(device)(**(to_device(case) if device == "cuda" else case))


@pytest.mark.parametrize(("op", "device"), OP_DEVICES)
def test_an_array_that_is_written_to_is_not_one_short(op, device):
    case = case_of(op)
    changed = [*op.updates, *(name for name in array_names(case) if name in op.outputs(case))]
    for name in changed:
        if (op.name, name) not in ANY_LENGTH:
            refuses_shape(op, device, case, **{name: np.ascontiguousarray(case[name][..., :-1])})


@pytest.mark.parametrize(("op", "device"), OP_DEVICES)
def test_an_array_that_is_not_contiguous_is_refused(op, device):
    case = case_of(op)
    for name in array_names(case):
        wrong = np.repeat(case[name], 2, axis=-1)[..., ::2]
        is_copied = device == "cpu" and (op.name, name) in COPIED_ON_CPU
        if not wrong.flags.c_contiguous and not is_copied:
            refuses_shape(op, device, case, **{name: wrong})


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_an_array_that_is_read_is_not_one_short(op):
    case = case_of(op)
    for name in set(array_names(case)) - set(op.updates) - set(op.outputs(case)):
        if (op.name, name) not in ANY_LENGTH | ANY_SHAPE | DECIDED_BY_VALUES:
            refuses_shape(op, "cpu", case, **{name: np.ascontiguousarray(case[name][:-1])})


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_an_output_that_may_not_be_written_is_refused(op):
    case = case_of(op)
    for name in [*op.updates, *(name for name in array_names(case) if name in op.outputs(case))]:
        array = case[name].copy()
        array.flags.writeable = False
        refuses_shape(op, "cpu", case, **{name: array})


INTERCHANGEABLE = {  # pairs that mean the same: the operation is symmetric in them
    ("encode", "cursor_in", "cursor_out"),
    ("encode", "counts", "cursor_in"),  # both begin with zeros
}


def swappable(op):
    """Pairs of arrays of equal type and shape, of which one at least is read."""
    case = case_of(op)
    outputs = set(op.outputs(case))
    for a, b in itertools.combinations(array_names(case), 2):
        is_alike = case[a].dtype == case[b].dtype and case[a].shape == case[b].shape
        if is_alike and not {a, b} <= outputs and (op.name, a, b) not in INTERCHANGEABLE:
            yield a, b


@pytest.mark.parametrize(
    ("op", "a", "b"), [pytest.param(op, *pair, id=f"{op.name}-{pair}") for op in OPS for pair in swappable(op)]
)
def test_arrays_that_change_places_give_another_result(op, a, b):
    """So a launcher that hands two of them over the wrong way round fails its parity test."""
    case = case_of(op)
    right = results(op, "reference", copy(case))
    try:
        with np.errstate(invalid="ignore"):
            wrong = results(op, "reference", copy(case) | {a: case[b].copy(), b: case[a].copy()})
    except (ArithmeticError, IndexError, ValueError):
        return
    assert any((right[name] != wrong[name]).any() for name in right)

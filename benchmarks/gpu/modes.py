"""A step of box.py: the span kernels in every mode and by every plan of a launch, against their reference."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.gpu.jobs import Sizes
from benchmarks.gpu.steps import Clock, Row, colour, row
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import span_case
from fastw2v_kernels.shared.span.shape_cuda import SpanShape
from tests.kernels.harness import MODES, assert_parity, copy, results, to_device, to_host, toy_case

Case = dict[str, Any]
Found = dict[str, npt.NDArray[Any]]
OPS_BY_NAME = {op.name: op for op in OPS}
WRITTEN = "w_in", "w_out", "tally"
WINDOW, OFF_CHIP_WINDOW, OFF_CHIP_DIM = 3, 6, 512
LARGE_WORDS, LARGE_DIM = 10_000_000, 256
FIRST_MODES = [next(mode for mode in MODES if mode[0] == name) for name in dict(MODES)]


class NoRoomError(Exception):
    """The GPU's memory is too small for a check."""


def modes(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """One warp is the reference; many are one where they share no row; rates are factors; places have 64 bits."""
    for what, check in CHECKS.items():
        for name, mode in FIRST_MODES if check is beyond_32_bits else MODES:
            begun = time.perf_counter()
            shown = ", ".join([name, *(option for option, is_on in mode.items() if is_on), what])
            try:
                check(sizes, name, mode)
            except NoRoomError as error:
                yield row("modes", shown, "LEFT OUT", note=str(error))
                continue
            except Exception as error:  # anything wrong with one check must not hide the others
                sizes.red |= {name}
                wrong = f"{type(error).__name__} {' '.join(str(error).split())[:120]}"
                yield row("modes", shown, colour(False), note=wrong)
                continue
            yield row("modes", shown, colour(True), note=f"{time.perf_counter() - begun:.1f} s with compilation")


def on_gpu(name: str, case: Case, **plan: Any) -> Found:  # noqa: ANN401
    """Results of a launch by this plan on a copy of the case."""
    there = to_device(copy(case) | plan)
    OPS_BY_NAME[name].implementation("cuda")(**there)
    return {array: to_host(there[array]) for array in WRITTEN}


def compare_with_reference(name: str, case: Case, **plan: Any) -> None:  # noqa: ANN401
    """Raise unless the GPU computes what the reference does, by the tests' own rule."""
    op = OPS_BY_NAME[name]
    reference, truth = (results(op, "reference", copy(case, kind)) for kind in (np.float32, np.float64))
    if not truth["tally"][1]:
        raise AssertionError("the case trains nothing")
    assert_parity(on_gpu(name, case, **plan), reference, truth)


def one_warp(sizes: Sizes, name: str, mode: Case) -> None:
    """Rows that occur again and again, in chunks that cut sentences."""
    n_tokens = 9 if sizes.toy else 300
    case = span_case(np.random.default_rng(1), n_tokens, dim=sizes.dim, negative=sizes.negative, window=WINDOW) | mode
    compare_with_reference(name, case, max_warps=1, chunk_tokens=5 if sizes.toy else 16)


def one_sentence(sizes: Sizes, name: str, mode: Case) -> None:
    """Windows that reach over the seams of reads: a warp takes 32 tokens of its sentence at a time."""
    n_tokens = 40 if sizes.toy else 200
    shape = {"dim": sizes.dim, "negative": sizes.negative, "window": WINDOW}
    case = span_case(np.random.default_rng(5), n_tokens, **shape) | mode
    case |= {"starts": np.array([0, n_tokens]), "begin": 0, "end": n_tokens}
    if sizes.toy:
        case["keep"] /= 3  # few centres, which are what takes the simulator long
    for shrink_windows in (False,) if sizes.toy else (False, True):
        whole = case | {"shrink_windows": shrink_windows}
        compare_with_reference(name, whole, max_warps=1, chunk_tokens=n_tokens)


def off_chip(sizes: Sizes, name: str, mode: Case) -> None:
    """The same if the rows of a window are in the GPU's memory, not on chip."""
    if SpanShape.of(OFF_CHIP_DIM, sizes.negative, OFF_CHIP_WINDOW, n_inputs=1).is_shared:
        raise AssertionError("the rows fit on chip")
    shape = {"dim": OFF_CHIP_DIM, "negative": sizes.negative, "window": OFF_CHIP_WINDOW}
    case = span_case(np.random.default_rng(2), 8 if sizes.toy else 200, **shape) | mode
    compare_with_reference(name, case, max_warps=1, chunk_tokens=32)


def toy(sizes: Sizes, sentences: Any, n_words: int, *, negative_row: int, dim: int) -> Case:  # noqa: ANN401
    """A corpus with one row for all negatives, in the shape that `one_warp` has compiled where `dim` is the same."""
    rng, stride = np.random.default_rng(3), -(-dim // 16) * 16
    matrices = {name: rng.normal(0, 0.3, (n_words, stride)).astype(np.float32) for name in ("w_in", "w_out")}
    options = {"window": WINDOW, "negative": sizes.negative}
    return toy_case(sentences, n_words, only_negative=negative_row, **matrices, **options)


def several_warps(sizes: Sizes, name: str, mode: Case) -> None:
    """Sentences without a common word, and one row for all negatives, fixed by a rate of 0: warps share no row."""
    n_sentences, length = (2, 3) if sizes.toy else (64, 12)
    n_tokens = n_sentences * length
    sentences = np.arange(n_tokens).reshape(n_sentences, length)
    case = toy(sizes, sentences, n_tokens + 1, negative_row=n_tokens, dim=sizes.dim) | mode
    rates = {"rate_in": np.ones(1, np.float32), "rate_out": np.r_[np.ones(n_tokens), 0].astype(np.float32)}
    one, many = (on_gpu(name, case, max_warps=n, chunk_tokens=length, **rates) for n in (1, n_sentences))
    assert_parity(many, one, one)
    np.testing.assert_array_equal(many["w_out"][-1], case["w_out"][-1])
    if not all((many[matrix][:n_tokens] != case[matrix][:n_tokens]).any(axis=1).all() for matrix in ("w_in", "w_out")):
        raise AssertionError("a row has not moved")


def rates(sizes: Sizes, name: str, mode: Case) -> None:
    """One step of word 0 with context word 1: every row moves in proportion to its rate."""
    case = toy(sizes, [[0, 1]], 3, negative_row=2, dim=sizes.dim) | mode | {"end": 1}
    slow = {"rate_in": np.array([1, 0.5], np.float32), "rate_out": np.array([0.25], np.float32)}
    for matrix, factors in (("w_in", {1: 0.5}), ("w_out", {0: 0.25, 2: 1.0})):
        whole, slowed = (on_gpu(name, case, **plan)[matrix] - case[matrix] for plan in ({}, slow))
        for place, factor in factors.items():
            np.testing.assert_allclose(slowed[place], factor * whole[place], rtol=1e-3, atol=1e-6)
            if np.abs(whole[place]).max() < 1e-4:
                raise AssertionError(f"row {place} of {matrix} has not moved")


def beyond_32_bits(sizes: Sizes, name: str, mode: Case) -> None:
    """The last rows of matrices of 2.56e9 elements learn as those of small ones do, and no others move."""
    xp, n_small, n_words = gpu.array_module(), 8, 40 if sizes.toy else LARGE_WORDS
    dim = sizes.dim if sizes.toy else LARGE_DIM
    sentences = np.random.default_rng(4).integers(0, n_small - 1, (2, 3) if sizes.toy else (20, 12))
    small = toy(sizes, sentences, n_small, negative_row=n_small - 1, dim=dim) | mode
    stride, first = small["w_in"].shape[1], n_words - n_small
    n_bytes = n_words * (2 * stride + 3) * 4
    if gpu.free_memory() < 1.1 * n_bytes:
        raise NoRoomError(f"{n_bytes / 1e9:.1f} GB are not free")
    large = to_device(copy(small) | {"ids": small["ids"] + np.int32(first), "tally": np.zeros(3)})
    large |= {"keep": xp.ones(n_words, np.float32), "alias_prob": xp.zeros(n_words, np.float32)}
    large["alias_id"] = xp.full(n_words, n_words - 1, np.int32)
    for matrix in ("w_in", "w_out"):
        large[matrix] = xp.zeros((n_words, stride), np.float32)
        large[matrix][first:] = xp.asarray(small[matrix])
    OPS_BY_NAME[name].implementation("cuda")(**large, max_warps=1)
    expected = on_gpu(name, small, max_warps=1)
    found = {matrix: to_host(large[matrix][first:]) for matrix in ("w_in", "w_out")}
    assert_parity(found | {"tally": to_host(large["tally"])}, expected, expected)
    wrapped = max(0, first - (1 << 32) // stride), max(0, first - (1 << 31) // stride), 0
    for matrix in ("w_in", "w_out"):
        if np.array_equal(expected[matrix], small[matrix]):
            raise AssertionError(f"{matrix} has not moved")
        if any(to_host(large[matrix][place : place + n_small]).any() for place in wrapped):
            raise AssertionError(f"{matrix} has moved where its rows would lie by 32 bits")


CHECKS: dict[str, Callable[[Sizes, str, Case], None]] = {
    "one warp": one_warp,
    "one sentence of many reads": one_sentence,
    "several warps that share no row": several_warps,
    "rates of rows": rates,
    f"rows off chip, D {OFF_CHIP_DIM}": off_chip,
    "rows beyond 2**31 elements": beyond_32_bits,
}

"""Numbers as text, against Python: random bits, exact ties, powers and their neighbours, limits, threads."""

import numpy as np
import pytest

from fastw2v_kernels.format_floats.cpu import _format_floats_cpu_kernel, format_floats_cpu
from fastw2v_kernels.format_floats.reference import LEAST, LIMIT, NUMBER_BYTES, format_floats_reference
from fastw2v_kernels.shared.threads import set_max_threads

FUNCTIONS = [format_floats_cpu, format_floats_reference]
each = pytest.mark.parametrize("format_floats", FUNCTIONS, ids=["cpu", "reference"])
MAX_NEIGHBOURS = 3
LEAST_WRITTEN = np.nextafter(np.float32(LEAST), np.float32(1))  # the float32 next to LEAST is less


def texts(format_floats, rows):
    """The text of each row; None for a row that is not written. Behind the text there are zeros."""
    rows = np.asarray(rows, np.float32)
    text = np.full((len(rows), NUMBER_BYTES * rows.shape[1]), 7, np.uint8)
    ends = np.full(len(rows), 7)
    format_floats(rows, text, ends)
    assert not any(line[max(end, 0) :].any() for line, end in zip(text, ends))
    return [line[:end].tobytes() if end >= 0 else None for line, end in zip(text, ends)]


def assert_as_python(numbers):
    """Every number of either sign, each a row of its own."""
    numbers = np.asarray(numbers, np.float32)
    numbers = numbers[(numbers >= LEAST_WRITTEN) & (numbers < LIMIT)]
    numbers = np.concatenate([numbers, -numbers])
    text, ends = np.empty((len(numbers), NUMBER_BYTES), np.uint8), np.empty(len(numbers), np.int64)
    format_floats_cpu(numbers[:, None], text, ends)
    expected = [b" %.9g" % number for number in numbers.tolist()]
    if text[text != 0].tobytes() != b"".join(expected):  # no list of all, which takes a second
        found = [line[:end].tobytes() for line, end in zip(text, ends)]
        assert [pair for pair in zip(found, expected) if pair[0] != pair[1]][:5] == []
    assert ends.tolist() == list(map(len, expected))
    return len(numbers)


def test_random_bits():
    first, last = np.array([LEAST_WRITTEN, LIMIT], np.float32).view(np.uint32)
    bits = np.random.default_rng(1).integers(first, last, 500_000, dtype=np.uint32)
    assert assert_as_python(bits.view(np.float32)) == 1_000_000


@pytest.mark.parametrize("exponent", range(-6, 9))
def test_random_numbers_of_usual_size(exponent):
    mantissas = np.random.default_rng(exponent + 9).uniform(1, 10, 20_000)
    assert assert_as_python(mantissas * 10.0**exponent) == 40_000


@pytest.mark.parametrize("k", range(2, 14))
def test_ties_go_to_the_even_digit(k):
    """An odd m times 5^k is 2 n + 1 with an n of nine digits, so m 2^-(k + 1) is exactly (n + 1/2) 10^-k."""
    low, high = -(-2 * 10**8 // 5**k), min(2 * 10**9 // 5**k, (1 << 24) - 1)
    m = np.unique(np.random.default_rng(k).integers(low, high, 20_000, endpoint=True) | 1)
    m = m[m <= high]
    numbers = (m * 0.5 ** (k + 1)).astype(np.float32)
    assert (numbers.astype(np.float64) * 2.0 ** (k + 1) == m).all()
    assert (m * 5**k % 2 == 1).all()
    assert (10**8 <= m * 5**k // 2).all()
    assert (m * 5**k // 2 < 10**9).all()
    assert assert_as_python(numbers) == 2 * len(m) > 0


def with_neighbours(numbers):
    bits = np.asarray(numbers, np.float32).view(np.uint32).astype(np.int64)
    return (bits[:, None] + np.arange(-MAX_NEIGHBOURS, MAX_NEIGHBOURS + 1)).astype(np.uint32).ravel().view(np.float32)


def test_powers_of_ten_and_two_and_their_neighbours():
    assert assert_as_python(with_neighbours([float(f"{digit}e{k}") for k in range(-19, 10) for digit in "1259"])) > 1000
    assert assert_as_python(with_neighbours(2.0 ** np.arange(-63, 30))) > 1000


def test_whole_numbers_and_short_decimals():
    whole = np.concatenate([np.arange(1, 200_000), np.arange(1, 1000) * 1_000_000])
    for divisor in (1, 2, 10, 1000, 10**6, 10**9):
        assert_as_python(whole / divisor)


@each
def test_known_texts(format_floats):
    rows = [[0, -0.0], [1, -1], [0.5, 100], [1e-4, -1e-5], [123456789, 0.1], [-1.5e-19, 1e-10]]
    expected = [b" 0 -0", b" 1 -1", b" 0.5 100", b" 9.99999975e-05 -9.99999975e-06", b" 123456792 0.100000001"]
    assert texts(format_floats, rows) == [*expected, b" -1.50000002e-19 1.00000001e-10"]


@each
def test_rows_with_a_number_beyond_the_limits_are_not_written(format_floats):
    inside = [0.0, LEAST_WRITTEN, np.nextafter(np.float32(LIMIT), np.float32(0))]
    outside = [np.nextafter(LEAST_WRITTEN, np.float32(0)), 1e-45, LIMIT, 3e38, np.inf, np.nan]
    numbers = np.array([*inside, *outside], np.float32)
    rows = np.ones((2 * len(numbers), 5), np.float32)
    rows[:, 3] = [*numbers, *-numbers]
    rows[::2, [3, 4]] = rows[::2, [4, 3]]
    is_written = [text is not None for text in texts(format_floats, rows)]
    assert is_written == 2 * ([True] * len(inside) + [False] * len(outside))
    assert texts(format_floats, rows[:1]) == [b" 1 1 1 1 0"]


@each
def test_the_longest_numbers_fill_their_row(format_floats):
    rows = np.full((3, 7), -0.000987654319)
    rows[1] = -1.23456789e-19
    assert [len(text) for text in texts(format_floats, rows)] == [16 * 7, 16 * 7, 16 * 7]


@each
@pytest.mark.parametrize("shape", [(0, 3), (3, 0), (0, 0)])
def test_nothing_is_no_text(format_floats, shape):
    assert texts(format_floats, np.zeros(shape)) == [b""] * shape[0]


def test_rows_that_are_read_only_need_no_second_compilation():
    rows = np.ones((2, 3), np.float32)
    format_floats_cpu(rows, np.empty((2, 48), np.uint8), np.empty(2, np.int64))
    assert rows.flags.writeable
    rows.flags.writeable = False
    assert texts(format_floats_cpu, rows) == [b" 1 1 1"] * 2
    assert len(_format_floats_cpu_kernel.signatures) == 1


def test_threads_divide_the_rows():
    rows = np.random.default_rng(3).normal(size=(101, 1000)).astype(np.float32)
    rows[[0, 50, 100]] = 1e20
    before = set_max_threads(1)
    try:
        alone = texts(format_floats_cpu, rows)
        set_max_threads(3)
        assert texts(format_floats_cpu, rows) == alone
    finally:
        set_max_threads(before)
    assert alone == texts(format_floats_reference, rows)

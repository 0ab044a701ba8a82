import io

import numpy as np
import pytest

from fastw2v.corpus.blocks import blocks_of
from fastw2v.corpus.cuts import cut_lines, first_lines, one_line


def text_of(blocks):
    found = []
    for text, n_bytes in blocks:
        assert text.size == (n_bytes // 8 + 2) * 8
        assert (text[n_bytes:] == 32).all()
        found.append(text[:n_bytes].tobytes())
    return b"".join(found)


def sentences_of(blocks):
    return [line.split() for line in text_of(blocks).split(b"\n") if line.split()]


def blocks(text, block_bytes):
    return blocks_of(io.BytesIO(text), "text", block_bytes)


def cut(text, n_words):
    lines = (line.split() for line in text.split(b"\n"))
    return [line[at : at + n_words] for line in lines for at in range(0, len(line), n_words)]


def random_lines(rng, n_words, most):
    """Words with whitespace of many kinds between them; lines of 0 to `most` words."""
    spaces = [b" ", b"  ", b"\t", b"\r", b" \v\f "]
    ends = np.cumsum(rng.integers(0, most + 1, n_words))
    text = []
    for number in range(n_words):
        text += [b"w%d" % number, b"\n" * int(np.count_nonzero(ends == number)) or spaces[rng.integers(5)]]
    return b"".join(text)


LARGE = [pytest.param(*sizes, marks=pytest.mark.slow) for sizes in [(2048, 5000), (3000, 20_000), (9000, 90)]]


@pytest.mark.parametrize("block_bytes", [1, 50, 5000, 1 << 20])
@pytest.mark.parametrize(("n_words", "most"), [(1, 3), (7, 20), (100, 450), *LARGE])
def test_lines_are_cut_after_so_many_words(n_words, most, block_bytes):
    n_bytes = {1: 2000, 50: 10_000}.get(block_bytes, 40_000)
    text = random_lines(np.random.default_rng(n_words), n_bytes, most)
    assert sentences_of(cut_lines(blocks(text, block_bytes), n_words)) == cut(text, n_words)


@pytest.mark.parametrize("n_words", [2048, 2049, 5000])
def test_lines_of_one_letter_words_about_the_limit(n_words):
    lines = [b" ".join([b"a"] * n) for n in range(n_words - 3, n_words + 4)]
    text = b"\n".join(lines * 2)
    assert sentences_of(cut_lines(blocks(text, 1 << 20), n_words)) == cut(text, n_words)


@pytest.mark.parametrize("block_bytes", [1, 5, 1000])
@pytest.mark.parametrize("n_lines", range(7))
def test_the_first_lines_alone(n_lines, block_bytes):
    lines = [b"a b\n", b"\n", b"c\n", b" d\n", b"e"]
    assert (
        text_of(first_lines(blocks(b"".join(lines), block_bytes), n_lines)).rstrip()
        == b"".join(lines[:n_lines]).rstrip()
    )


def test_first_lines_read_no_further():
    stream = io.BytesIO(b"word\n" * 1_000_000)
    assert len(text_of(first_lines(blocks_of(stream, "text", 1000), 10))) == 50
    assert stream.tell() < 10_000


@pytest.mark.parametrize("block_bytes", [1, 7, 1 << 20])
def test_one_line(block_bytes):
    text = b"a b\nc\n\nd" + b" e" * 50_000 * (block_bytes > 7)
    assert sentences_of(one_line(blocks(text, block_bytes))) == [text.split()]
    assert sentences_of(cut_lines(one_line(blocks(text, block_bytes)), 3)) == cut(text.replace(b"\n", b" "), 3)

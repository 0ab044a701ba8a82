"""Text in lower case, and tokens by a pattern or as simple_preprocess, are those of plain Python."""

import os
import re
import threading
from itertools import pairwise

import pytest

from fastw2v.corpus import simple_preprocess, text_corpus
from fastw2v.encode import encode_corpus

TEXT = """The Film, "Élan" was GOOD; 3 actors_and 20x plots!
_private new  york a bb verylongwordthatisoverfifteen ÀÉÎ don't

日本 x\t new york\r
last LINE without_end"""


def tokens_of(path, block_bytes=1 << 20, **options):
    vocab, tokens = encode_corpus(text_corpus(path, **options), min_count=1, block_bytes=block_bytes)
    with tokens:
        keys, starts = vocab.keys, tokens.starts.tolist()
        return [[keys[n] for n in tokens.ids[a:b]] for a, b in pairwise(starts)]


@pytest.fixture
def path(tmp_path):
    (tmp_path / "raw.txt").write_text(TEXT)
    return tmp_path / "raw.txt"


@pytest.mark.parametrize("block_bytes", [1, 20, 1 << 20])
@pytest.mark.parametrize(
    ("options", "tokens"),
    [
        ({"lower": True}, lambda line: line.lower().split()),
        ({"tokens": "simple"}, simple_preprocess),
        ({"tokens": "[A-Za-z]+"}, lambda line: re.findall("[A-Za-z]+", line)),
        ({"tokens": r"\w+", "lower": True}, lambda line: re.findall(r"\w+", line.lower())),
        (
            {"tokens": r"new\s+york|\S+"},
            lambda line: ["_".join(found.split()) for found in re.findall(r"new\s+york|\S+", line)],
        ),
    ],
    ids=["lower", "simple", "pattern", "both", "spaces"],
)
def test_tokens_are_those_of_plain_python(path, block_bytes, options, tokens):
    expected = [found for found in map(tokens, TEXT.split("\n")) if found]
    assert tokens_of(path, block_bytes, **options) == expected


@pytest.mark.parametrize(
    ("pattern", "message"), [("[a-z", "expected a regular expression"), ("a*", "matches the empty text")]
)
def test_a_wrong_pattern_is_an_error_with_the_cure(path, pattern, message):
    with pytest.raises(ValueError, match=message):
        text_corpus(path, tokens=pattern)


def test_a_folder_is_its_files_in_order(tmp_path):
    for name in ("b.txt", "a.txt", ".hidden"):
        (tmp_path / name).write_text(f"word {name}")
    (tmp_path / "sub").mkdir()
    assert tokens_of(tmp_path) == [["word", "a.txt"], ["word", "b.txt"]]


def test_a_pipe_is_read_once_and_stored(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=lambda: pipe.write_bytes(b"a b\nb \xff\n"))
    writer.start()
    corpus = text_corpus(pipe)
    writer.join()
    with pytest.warns(RuntimeWarning, match=r"pipe', line 2 is not UTF-8"):
        vocab, tokens = encode_corpus(corpus, min_count=1)
    tokens.close()
    assert (vocab.counts.tolist(), corpus.n_bytes) == ([2, 1, 1], 8)

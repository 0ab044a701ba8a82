import gzip
import os
from contextlib import closing

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, text_corpus
from fastw2v.encode import encode_corpus
from fastw2v.encode import text as encode_text
from fastw2v.encode.temporary_blocks import TemporaryBlocks
from fastw2v.encode.word_table import WordTable
from fastw2v.runtime.worker_pool import ItemQueue
from fastw2v_kernels.encode import random_text
from tests.encode.cases import SPANNING, as_block, check, split


@pytest.mark.filterwarnings("ignore:.*is not UTF-8")
@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("block_bytes", [1, 13, 64, 1000, 1 << 20])
@pytest.mark.parametrize("min_count", [1, 4])
def test_text_equals_a_counter_for_every_split(workers, block_bytes, min_count):
    text = random_text(np.random.default_rng(block_bytes), 1500)
    check(TextCorpus((text,)), split(text), min_count=min_count, workers=workers, block_bytes=block_bytes)


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("block_bytes", [1, 3, 12, 40])
@pytest.mark.parametrize("name", SPANNING)
def test_sentences_and_blocks_of_any_kind_give_the_same_store(name, block_bytes, workers):
    text = SPANNING[name]
    for sorted_vocab in (True, False):
        options = {"workers": workers, "block_bytes": block_bytes, "sorted_vocab": sorted_vocab}
        check(TextCorpus((text,)), split(text), min_count=3, **options)


def test_workers_that_get_no_block_have_no_table_and_no_file(monkeypatch):
    made = []
    monkeypatch.setattr(encode_text, "TemporaryBlocks", lambda: made.append(1) or TemporaryBlocks())
    text = b"a b c\n" * 50
    for corpus in (TextCorpus((text,)), TextCorpus((gzip.compress(text),))):
        made.clear()
        check(corpus, split(text), workers=200)
        assert made == [1]
        made.clear()
        check(corpus, split(text), workers=200, block_bytes=100)
        assert 1 <= len(made) <= 4
    with pytest.raises(ValueError, match="the corpus has no words"):
        encode_corpus(TextCorpus(()), min_count=1, workers=3)


def test_blocks_without_words_among_others():
    text = b"a b\n" + b"\n" * 300 + b"b c" + b" " * 300 + b"a d\n"
    for workers in (1, 2, 5):
        check(TextCorpus((text,)), split(text), workers=workers, block_bytes=20)


MANY_WORKERS = """
import resource, threading
from fastw2v.encode import text as encode_text
from fastw2v.corpus import TextCorpus
from fastw2v.encode import encode_corpus

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
WORKERS = 100
encode_corpus(TextCorpus((b"a b c\\n" * 50,)), min_count=1, workers=WORKERS)
temporary_blocks, all_have_one = encode_text.TemporaryBlocks, threading.Barrier(WORKERS)

def a_block_each():
    all_have_one.wait(60)
    return temporary_blocks()

encode_text.TemporaryBlocks = a_block_each
encode_corpus(TextCorpus((b"a b c\\n",) * WORKERS), min_count=1, workers=WORKERS)
"""


@pytest.mark.skipif(os.name == "nt", reason="no such limit there")
def test_too_many_files_for_so_many_workers_is_an_error_with_the_cure(run_python):
    done = run_python("-c", MANY_WORKERS)
    assert "Too many open files" in done.stderr
    assert done.stderr.splitlines()[-1].endswith("pass fewer workers, or raise `ulimit -n`")


def test_one_sentence_of_a_million_tokens_stays_whole():
    text = b" ".join([b"ten", b"words"] * 500_000)
    vocab, tokens = encode_corpus(TextCorpus((text,)), min_count=1, workers=2, block_bytes=100_000)
    assert vocab.keys == ["ten", "words"]
    assert tokens.starts.tolist() == [0, 1_000_000]
    assert (tokens.ids.reshape(-1, 2) == [0, 1]).all()


def test_ten_words_empty_lines_and_files(tmp_path):
    text = b"\n\n  \n" + b" ".join(b"w%d" % (n % 10) for n in range(95)) + b"\n\n\n"
    (tmp_path / "a.txt").write_bytes(text)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(text))
    (tmp_path / "c.txt").write_bytes(b"")
    (tmp_path / "d.txt").write_bytes(text.rstrip())
    check(text_corpus(tmp_path / "a.txt"), split(text))
    check(text_corpus(str(tmp_path / "*.txt*")), split(text * 3), workers=2, block_bytes=100)


@pytest.mark.parametrize("text", [b"", b"\n", b" \t\n\n "])
def test_a_text_without_words_is_an_error(text):
    with pytest.raises(ValueError, match="the corpus has no words"):
        encode_corpus(TextCorpus((text,)), min_count=1)


def test_threads_with_copies_of_one_frozen_table_count_together():
    table = WordTable()
    table.encode(*as_block(b"a b a"))
    encoders = [encode_text._ThreadEncoder(table.frozen_copy(), frozen=True) for _ in range(2)]
    for position, (encoder, text) in enumerate(zip(encoders, (b"a b b", b"b c a a"))):
        encoder.run((position, as_block(text)), ItemQueue(iter(())))
    with closing(encode_text.EncodedText(encoders, frozen=True, are_quoted=False)) as encoded:
        assert encoded.counts.tolist() == [3, 3]
        assert encoded.n_raw == 7
        rows = [block.row_of[block.read()[0]].tolist() for block in encoded.blocks(np.array([10, 20], np.int32))]
        assert rows == [[10, 20, 20], [20, 10, 10]]

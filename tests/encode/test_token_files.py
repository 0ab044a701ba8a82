import gc
import os
import threading
from pathlib import Path

import pytest

from fastw2v.corpus import TextCorpus
from fastw2v.encode import encode_corpus, encode_with, token_files
from tests.encode.cases import SPANNING, check, split


@pytest.mark.parametrize("name", SPANNING)
def test_a_block_whose_rows_are_ready_first_waits_for_its_position(monkeypatch, name):
    rows_of, first_thread, is_ahead = token_files._rows_of, [], threading.Event()

    def second_thread_first(*block):
        first_thread.append(threading.get_ident())
        if first_thread[-1] != first_thread[0]:
            is_ahead.set()
        assert is_ahead.wait(60)
        return rows_of(*block)

    monkeypatch.setattr(token_files, "_rows_of", second_thread_first)
    text = SPANNING[name]
    check(TextCorpus((text,)), split(text), min_count=3, workers=2, block_bytes=40)


def test_an_error_is_not_handed_from_block_to_block(monkeypatch):
    rows_of, all_have_one = token_files._rows_of, threading.Barrier(4)

    def fail_in_the_first(ids, *block):
        all_have_one.wait(60)
        if ids[0] == 0:
            raise OSError("the disk is gone")
        return rows_of(ids, *block)

    monkeypatch.setattr(token_files, "_rows_of", fail_in_the_first)
    with pytest.raises(OSError, match="the disk is gone") as error:
        encode_corpus([["a", "a"], ["b", "b"], ["c", "c"], ["d", "d"]], min_count=1, workers=4, block_bytes=4)
    assert [entry.name for entry in error.traceback].count("_write_block") == 1
    assert error.value.__context__ is None


@pytest.mark.parametrize("fails_at", [0, 1, 7])
@pytest.mark.parametrize("name", ["_rows_of", "write_all"])
def test_an_error_while_blocks_are_written_stops_all_threads(temporary_folder, monkeypatch, name, fails_at):
    work, calls = getattr(token_files, name), []

    def fail(*args):
        calls.append(args)
        if len(calls) > fails_at:
            raise OSError("the disk is gone")
        return work(*args)

    monkeypatch.setattr(token_files, name, fail)
    with pytest.raises(OSError, match="the disk is gone"):
        encode_corpus(TextCorpus((b"word " * 10_000,)), min_count=1, workers=3, block_bytes=50)
    assert len(calls) <= fails_at + 3
    assert not list(temporary_folder.iterdir())


@pytest.mark.skipif(not os.path.exists("/proc/self/maps"), reason="no /proc/self/maps on this system")
def test_the_files_of_tokens_are_mapped_and_have_no_name(temporary_folder):
    def n_mapped():
        return Path("/proc/self/maps").read_text().count(str(temporary_folder))

    corpus = TextCorpus((b"a b a",))
    vocab, tokens = encode_corpus(corpus, min_count=1)
    assert n_mapped() == 2
    assert not list(temporary_folder.iterdir())
    del tokens
    gc.collect()
    assert n_mapped() == 0
    with encode_with(corpus, vocab) as tokens:
        assert n_mapped() == 2
    assert n_mapped() == 0
    assert tokens.n_tokens == 0

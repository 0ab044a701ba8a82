import _thread
import gc
import gzip
import os
import re
import signal
import tempfile
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus, text_corpus
from fastw2v.encode import encode_corpus, encode_with, lists, token_files
from fastw2v.encode import integers as encode_integers
from fastw2v.encode import text as encode_text
from fastw2v.encode.temporary_blocks import TemporaryBlocks
from fastw2v.encode.word_table import WordTable
from fastw2v.runtime.temporary_files import write_all
from fastw2v.vocab import Vocab
from fastw2v_kernels.encode import make_case, outputs, padded_size, random_text
from fastw2v_kernels.encode.cpu import encode_cpu
from fastw2v_kernels.encode.reference import encode_reference


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path, monkeypatch):
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def to_str(word):
    return word.decode("utf-8", "surrogateescape")


def split(text):
    return [[to_str(word) for word in line.split()] for line in text.split(b"\n")]


def oracle(sentences, min_count=1, *, sorted_vocab=True):
    """Return words, counts and sentences of rows as a Counter makes them."""
    counter = Counter(word for sentence in sentences for word in sentence)
    items = counter.most_common() if sorted_vocab else counter.items()
    kept = [(word, count) for word, count in items if count >= min_count]
    row = {word: n for n, (word, _) in enumerate(kept)}
    rows = [[row[word] for word in sentence if word in row] for sentence in sentences]
    return list(row), [count for _, count in kept], [sentence for sentence in rows if sentence]


def sentences_of(tokens):
    assert tokens.ids.dtype == np.int32
    assert tokens.starts.dtype == np.int64
    assert type(tokens.ids) is np.ndarray
    assert tokens.starts[0] == 0
    assert tokens.starts[-1] == tokens.n_tokens == len(tokens.ids)
    assert (np.diff(tokens.starts) > 0).all()
    return [part.tolist() for part in np.split(tokens.ids, tokens.starts[1:-1])] if tokens.n_tokens else []


def check(corpus, sentences, *, min_count=1, sorted_vocab=True, **options):
    vocab, tokens = encode_corpus(corpus, min_count=min_count, sorted_vocab=sorted_vocab, **options)
    words, counts, rows = oracle(sentences, min_count, sorted_vocab=sorted_vocab)
    assert vocab.keys == words
    assert vocab.counts.tolist() == counts
    assert sentences_of(tokens) == rows
    n_raw = sum(map(len, sentences))
    assert (tokens.n_raw, vocab.n_raw_tokens, vocab.n_tokens) == (n_raw, n_raw, sum(counts))
    tokens.close()


@pytest.mark.parametrize("workers", [1, 2, 3])
@pytest.mark.parametrize("block_bytes", [1, 13, 64, 1000, 1 << 20])
@pytest.mark.parametrize("min_count", [1, 4])
def test_text_equals_a_counter_for_every_split(workers, block_bytes, min_count):
    text = random_text(np.random.default_rng(block_bytes), 1500)
    check(TextCorpus((text,)), split(text), min_count=min_count, workers=workers, block_bytes=block_bytes)


SPANNING = {
    "sentences over many blocks": b"a b a c\nb "
    + b"a rare%d b " * 40 % tuple(range(40))
    + b"a\n\na b c\na b"
    + b" c" * 90,
    "one sentence": b"a b c " * 300,
    "no word with a row for many blocks": b"a b\n" * 3 + b" ".join(b"x%d" % n for n in range(300)) + b"\na b\n" * 3,
    "lines of words without a row": b"a b a\n" + b"".join(b"x%d\n" % n for n in range(300)) + b"a b\na b",
    "a sentence whose words with a row lie before its last blocks": b"a b a b "
    + b"x1 x2 x3 x4 " * 2
    + b"\n" * 50
    + b"b a b",
    "a line ends where a block does": b"ab cd ef gh\n" * 60,
    "blank lines alone in blocks": b"a b\n" + b"\n" * 400 + b"a\n" + b" \n" * 400 + b"b a b",
}


@pytest.mark.parametrize("workers", [1, 2, 3, 4])
@pytest.mark.parametrize("block_bytes", [1, 3, 12, 40])
@pytest.mark.parametrize("name", SPANNING)
def test_sentences_and_blocks_of_any_kind_give_the_same_store(name, block_bytes, workers):
    text = SPANNING[name]
    for sorted_vocab in (True, False):
        options = {"workers": workers, "block_bytes": block_bytes, "sorted_vocab": sorted_vocab}
        check(TextCorpus((text,)), split(text), min_count=3, **options)


@pytest.mark.parametrize("name", SPANNING)
def test_a_block_whose_rows_are_ready_first_waits_for_its_place(monkeypatch, name):
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
    monkeypatch.setattr(lists.encode_lists, "__kwdefaults__", {"chunk_tokens": 2})
    with pytest.raises(OSError, match="the disk is gone") as error:
        encode_corpus([["a", "a"], ["b", "b"], ["c", "c"], ["d", "d"]], min_count=1, workers=4)
    assert [entry.name for entry in error.traceback].count("_write_block") == 1
    assert error.value.__context__ is None


@pytest.mark.parametrize("fails_at", [0, 1, 7])
@pytest.mark.parametrize("name", ["_rows_of", "write_all"])
def test_an_error_while_blocks_are_given_rows_stops_all_threads(temporary_folder, monkeypatch, name, fails_at):
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


def test_blocks_without_words_beside_others():
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


@pytest.mark.parametrize("sorted_vocab", [True, False])
@pytest.mark.parametrize("workers", [1, 2, 4])
def test_many_words_grow_the_table(workers, sorted_vocab):
    rng = np.random.default_rng(5)
    words = [b"%d" % n for n in rng.integers(0, 10**9, 100_000)] + [b"w" * int(n) for n in rng.integers(1, 2000, 300)]
    words += words[::-1]
    text = b"\n".join(b" ".join(words[at : at + 10]) for at in range(0, len(words), 10))
    options = {"workers": workers, "block_bytes": 1 << 16, "sorted_vocab": sorted_vocab}
    check(TextCorpus((text,)), split(text), **options)


def test_every_byte_but_whitespace_is_part_of_a_word():
    singles = [bytes([byte]) for byte in range(256)]
    text = b" ".join(singles) + b"\n" + b"".join(singles) + b"\n" + b" ".join(b"12345678" + b for b in singles)
    check(TextCorpus((text,)), split(text), block_bytes=50, workers=2)


@pytest.mark.parametrize("n", range(1, 26))
def test_words_that_are_beginnings_of_each_other_differ(n):
    words = [b"a" * k for k in range(1, n + 1)] + [b"a" * k + b"\0" for k in range(n)]
    text = b" ".join(words + words[::-1])
    check(TextCorpus((text,)), split(text))


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


def test_an_empty_vocabulary_is_an_error_and_leaves_nothing_behind(temporary_folder):
    with pytest.raises(ValueError, match="3 distinct words in 4 tokens, the most frequent seen 2 times"):
        encode_corpus(TextCorpus((b"a b c a",)), min_count=5)
    assert not list(temporary_folder.iterdir())


def test_token_lists_equal_a_counter(monkeypatch):
    monkeypatch.setattr(lists.encode_lists, "__kwdefaults__", {"chunk_tokens": 10})
    rng = np.random.default_rng(0)
    words = ["a b", "", "日本", "\n", "x\0", *map(str, range(50))]
    sentences = [[words[n] for n in rng.integers(0, len(words), rng.integers(0, 30))] for _ in range(200)]
    for min_count in (1, 60):
        for workers in (1, 3):
            check(sentences, sentences, min_count=min_count, workers=workers)
    check(sentences, sentences, sorted_vocab=False)
    check([iter(s) for s in sentences[1:] if s] and [tuple(s) for s in sentences], sentences)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([["a"], ["b", "c", 7]], "sentence 1, token 2: a token is a int, 7"),
        ([["a"], ["b", b"c"]], "sentence 1, token 1: a token is a bytes"),
        ([["a"], [["b"]]], "sentence 1, token 0: unhashable type"),
        ([["a"], 3], "sentence 1, token 0: .*not iterable"),
        ([["a"], "words"], "sentence 1 is the str 'words'"),
    ],
)
def test_a_token_that_is_no_str_is_named(sentences, message):
    with pytest.raises(TypeError, match=message):
        encode_corpus(sentences, min_count=1)


@pytest.mark.parametrize("scale", [1, 10**9])
@pytest.mark.parametrize("dtype", [np.int64, np.uint64])
@pytest.mark.parametrize("chunk_tokens", [7, 1 << 20])
def test_integers_equal_a_counter(monkeypatch, scale, dtype, chunk_tokens):
    init = encode_integers.EncodedIntegers.__init__
    monkeypatch.setattr(init, "__kwdefaults__", {"chunk_tokens": chunk_tokens})
    walks = (np.random.default_rng(0).zipf(1.5, (50, 9)) % 100 * scale).astype(dtype)
    check(walks, walks.tolist(), min_count=1)
    for workers in (1, 2, 3):
        check(walks, walks.tolist(), min_count=3, workers=workers)
    check(walks.tolist(), walks.tolist(), min_count=3, sorted_vocab=False)
    starts = np.array([0, 0, 5, 5, 20, 450, 450])
    ragged = [walks.ravel()[a:b].tolist() for a, b in pairwise(starts)]
    check((walks.ravel(), starts), ragged, min_count=2)


def test_integers_and_their_names_get_the_same_rows():
    walks = np.random.default_rng(1).integers(0, 30, (40, 8))
    vocab, tokens = encode_corpus(walks, min_count=8)
    named, named_tokens = encode_corpus([[str(n) for n in walk] for walk in walks], min_count=8)
    assert [str(key) for key in vocab.keys] == named.keys
    assert (tokens.ids == named_tokens.ids).all()


def test_min_count_0_keeps_every_id_as_its_own_row():
    vocab, tokens = encode_corpus(np.array([[5, 2], [2, 9]]), min_count=0)
    assert vocab.keys == list(range(10))
    assert vocab.is_integer
    assert vocab.counts.tolist() == [0, 0, 2, 0, 0, 1, 0, 0, 0, 1]
    assert sentences_of(tokens) == [[5, 2], [2, 9]]
    with pytest.raises(ValueError, match="max_final_vocab drops ids"):
        encode_corpus(np.array([[5, 2]]), min_count=0, max_final_vocab=3)
    with pytest.raises(ValueError, match="a row for every id"):
        encode_corpus(np.array([[2**31]]), min_count=0)
    check([["a", "b", "a"]], [["a", "b", "a"]], min_count=0)


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_a_number_of_workers_that_is_none_is_named(workers):
    message = f"workers is {workers}; expected a whole number from 1 to 1024"
    with pytest.raises(ValueError, match=message):
        encode_corpus([["a"]], workers=workers)
    with pytest.raises(ValueError, match=message):
        encode_with([["a"]], Vocab.from_keys(["a"], np.ones(1)), workers=workers)


def test_max_final_vocab_keeps_the_most_frequent():
    text = b"a a a b b c c d"
    vocab, tokens = encode_corpus(TextCorpus((text,)), min_count=1, max_final_vocab=3)
    assert vocab.keys == ["a", "b", "c"]
    assert (tokens.n_raw, tokens.n_tokens) == (8, 7)


@pytest.mark.parametrize("as_lists", [False, True])
@pytest.mark.parametrize("workers", [1, 3])
def test_max_vocab_size_bounds_the_count_and_then_counts_exactly(monkeypatch, as_lists, workers):
    rng = np.random.default_rng(2)
    common = [b"c%d" % n for n in range(20)]
    lines = [b" ".join([*common, *(b"r%d" % n for n in rng.integers(0, 10**6, 5))]) for _ in range(300)]
    text = b"\n".join(lines)
    monkeypatch.setattr(lists.encode_lists, "__kwdefaults__", {"chunk_tokens": 100})
    corpus = split(text) if as_lists else TextCorpus((text,))
    vocab, tokens = encode_corpus(corpus, min_count=2, max_vocab_size=60, workers=workers, block_bytes=500)
    counter = Counter(text.split())
    assert set(map(to_str, common)) <= set(vocab.keys)
    assert len(vocab) <= 60
    assert vocab.counts.tolist() == [counter[key.encode()] for key in vocab.keys]
    assert tokens.n_raw == len(text.split())
    assert sentences_of(tokens)[0][:20] == [vocab.key_to_index[to_str(word)] for word in common]


def test_max_vocab_size_of_a_corpus_without_repeats():
    with pytest.raises(ValueError, match=r"no words|empty vocabulary"):
        encode_corpus(TextCorpus((b"a b c d",)), min_count=1, max_vocab_size=2)
    with pytest.raises(ValueError, match="integer ids have none"):
        encode_corpus(np.array([[1]]), min_count=1, max_vocab_size=2)


@pytest.mark.parametrize("workers", [1, 3])
def test_encode_with_a_given_vocabulary(monkeypatch, workers):
    monkeypatch.setattr("fastw2v.encode.word_table.CHUNK_WORDS", 7)
    text = random_text(np.random.default_rng(9), 800)
    words = list(dict.fromkeys(word for line in split(text) for word in line))[::2]
    keys = ["two words", "", "absent", *words, "new\nline"]
    vocab = Vocab.from_keys(keys, np.ones(len(keys)))
    expected = [[vocab.key_to_index[w] for w in line if w in vocab.key_to_index] for line in split(text)]
    expected = [line for line in expected if line]
    for corpus in (TextCorpus((text,)), split(text)):
        tokens = encode_with(corpus, vocab, workers=workers, block_bytes=100)
        assert sentences_of(tokens) == expected
        assert tokens.n_raw == len(text.split())
    assert sentences_of(encode_with([["two words", "", "?"]], vocab)) == [[0, 1]]


def test_encode_with_integers_and_with_nothing_in_common():
    vocab = Vocab.from_ids(np.array([9, 4, 7]), np.ones(3))
    assert sentences_of(encode_with(np.array([[4, 5], [5, 5], [9, 7]]), vocab)) == [[1], [0, 2]]
    tokens = encode_with(np.array([[1, 2]]), vocab)
    assert (tokens.n_tokens, tokens.n_sentences, tokens.n_raw, tokens.starts.tolist()) == (0, 0, 2, [0])
    with pytest.raises(TypeError, match="vocabulary holds integers and the corpus words"):
        encode_with([["a"]], vocab)
    with pytest.raises(TypeError, match="vocabulary holds words and the corpus integers"):
        encode_with([[1]], Vocab.from_keys(["a"], np.ones(1)))


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


KILLED = """
import os, signal, sys
from fastw2v import Word2Vec

def die(phase, done, total):
    if phase == sys.argv[1]:
        os.kill(os.getpid(), int(sys.argv[2]))

Word2Vec([["a", "b"] * 550] * 1000, min_count=1, workers=1, vector_size=8, progress=die)
"""


@pytest.mark.skipif(os.name == "nt", reason="a signal ends no process there")
@pytest.mark.parametrize("name", ["SIGTERM", "SIGKILL"])
@pytest.mark.parametrize("phase", ["encode", "train"])
def test_a_killed_process_leaves_no_file_behind(run_python, temporary_folder, phase, name):
    number = int(getattr(signal, name))
    done = run_python("-c", KILLED, phase, number, TMPDIR=str(temporary_folder))
    assert done.returncode == -number, done.stderr
    assert not list(temporary_folder.iterdir())


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_in_a_thread_stops_all_and_leaves_nothing_behind(temporary_folder, workers):
    calls = []

    def fail(done, total):
        calls.append(done)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        encode_corpus(TextCorpus((b"word " * 10_000,)), min_count=1, workers=workers, block_bytes=10, progress=fail)
    assert len(calls) == 1
    assert not list(temporary_folder.iterdir())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_an_error_with_the_cure():
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left") as error:
        write_all(full, np.arange(3))
    assert "Set TMPDIR" in error.value.__notes__[0]


def test_ctrl_c_stops_the_threads(temporary_folder):
    calls = []

    def interrupt(done, total):
        calls.append(done)
        if len(calls) == 5:
            _thread.interrupt_main()

    text = b"word " * 2_000_000
    with pytest.raises(KeyboardInterrupt):
        encode_corpus(TextCorpus((text,)), min_count=1, workers=2, block_bytes=50, progress=interrupt)
    assert 5 <= len(calls) < 100_000
    assert not list(temporary_folder.iterdir())


def test_progress_reports_bytes_of_text_and_tokens_of_lists(monkeypatch):
    calls = []
    encode_corpus(TextCorpus((b"a " * 50,)), min_count=1, block_bytes=10, progress=lambda *call: calls.append(call))
    assert calls[-1] == (100, 100)
    monkeypatch.setattr(lists.encode_lists, "__kwdefaults__", {"chunk_tokens": 10})
    encode_corpus([["a"] * 10] * 3, min_count=1, progress=lambda *call: calls.append(call))
    assert calls[-1] == (30, None)


@pytest.mark.parametrize("size", [0, 1, 7, 63, 2000])
@pytest.mark.parametrize("implementation", [encode_cpu, encode_reference])
def test_kernel_and_reference_equal_split_and_a_dict(implementation, size):
    case = make_case(np.random.default_rng(size), size)
    implementation(**case)
    text = case["text"][: case["n_bytes"]].tobytes()
    number = {word: n for n, word in enumerate(dict.fromkeys(text.split()))}
    found = outputs(case)
    assert found["ids"].tolist() == [number[word] for word in text.split()]
    assert found["counts"].tolist() == [Counter(text.split())[word] for word in number]
    units = found["arena"].tobytes()
    words = [units[8 * a : 8 * b].rstrip(b" ") for a, b in zip(found["word_starts"][:-1], found["word_starts"][1:])]
    assert words == list(number)
    n_units = len(units) // 8
    n_lines = len(found["line_ends"])
    assert found["cursor_out"].tolist() == [
        len(text),
        len(text.split()),
        n_lines,
        len(text.split()),
        len(words),
        n_units,
    ]


@pytest.mark.parametrize("implementation", [encode_cpu, encode_reference])
def test_a_full_table_stops_before_the_word_and_a_frozen_one_drops_it(implementation):
    text = b"a b\na long-word-of-20-bytes b c\n"
    case = make_case(np.random.default_rng(0), 0) | {
        "text": np.frombuffer(bytearray(text.ljust(padded_size(len(text)))), np.uint8),
        "n_bytes": len(text),
        "slots": np.zeros(8, np.uint64),
        "arena": np.zeros(100, np.uint64),
        "word_starts": np.zeros(3, np.int64),
        "counts": np.zeros(2, np.int64),
        "ids": np.zeros(10, np.int32),
        "line_ends": np.zeros(10, np.int64),
    }
    encode_cpu(**case)
    assert case["cursor_out"].tolist() == [6, 3, 1, 3, 2, 2]
    case["cursor_in"] = case["cursor_out"].copy()
    implementation(**case)
    assert case["cursor_out"].tolist() == case["cursor_in"].tolist()
    implementation(**case | {"frozen": 1})
    assert case["cursor_out"].tolist() == [len(text), 4, 2, 6, 2, 2]
    assert case["ids"][:4].tolist() == [0, 1, 0, 1]
    assert case["line_ends"][:2].tolist() == [2, 4]
    assert case["counts"].tolist() == [2, 2]


def test_copies_of_a_frozen_table_share_no_memory_that_is_written():
    text = b"a b a\n"
    block = np.frombuffer(text.ljust(padded_size(len(text))), np.uint8), len(text)
    table = WordTable()
    table.encode(*block)
    one, other = table.frozen_copy(), table.frozen_copy()
    for mine, theirs in zip(one.encode(*block, frozen=True)[:2], other.encode(*block, frozen=True)[:2]):
        assert mine.tolist() == theirs.tolist()
        assert not np.shares_memory(mine, theirs)
    assert (one.counts.tolist(), other.counts.tolist()) == ([2, 1], [2, 1])


def test_the_reference_reads_whitespace_as_bytes_split_does():
    pattern = re.compile(rb"[^ \t\n\r\v\f]+")
    every = bytes(range(256))
    assert pattern.findall(every) == every.split()

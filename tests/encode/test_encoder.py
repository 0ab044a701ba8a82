import _thread
import os
import signal
from collections import Counter

import numpy as np
import pytest

from fastw2v.corpus import TextCorpus
from fastw2v.encode import encode_corpus, encode_with
from fastw2v.vocab import Vocab
from fastw2v_kernels.encode import random_text
from tests.encode.cases import sentences_of, split, to_str


def test_an_empty_vocabulary_is_an_error_and_leaves_nothing_behind(temporary_folder):
    with pytest.raises(ValueError, match="3 distinct words in 4 tokens, the most frequent seen 2 times"):
        encode_corpus(TextCorpus((b"a b c a",)), min_count=5)
    assert not list(temporary_folder.iterdir())


@pytest.mark.parametrize("workers", [0, -1, 1.5])
def test_a_wrong_number_of_workers_is_named(workers):
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
def test_max_vocab_size_bounds_the_count_and_then_counts_exactly(as_lists, workers):
    rng = np.random.default_rng(2)
    common = [b"c%d" % n for n in range(20)]
    lines = [b" ".join([*common, *(b"r%d" % n for n in rng.integers(0, 10**6, 5))]) for _ in range(300)]
    text = b"\n".join(lines)
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


KILLED = """
import os, signal, sys
from fastw2v import Word2Vec

def die(phase, done, total):
    if phase == sys.argv[1]:
        os.kill(os.getpid(), int(sys.argv[2]))

Word2Vec([["a", "b"] * 550] * 1000, min_count=1, workers=1, vector_size=8, progress=die)
"""


@pytest.mark.skipif(os.name == "nt", reason="a signal ends no process there")
@pytest.mark.parametrize("name", [pytest.param("SIGTERM", marks=pytest.mark.slow), "SIGKILL"])
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


@pytest.mark.usefixtures("interruptible")
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


def test_progress_reports_bytes_of_text_and_tokens_of_lists():
    calls = []
    encode_corpus(TextCorpus((b"a " * 50,)), min_count=1, block_bytes=10, progress=lambda *call: calls.append(call))
    assert calls[-1] == (100, 100)
    encode_corpus([["a"] * 10] * 3, min_count=1, block_bytes=20, progress=lambda *call: calls.append(call))
    assert calls[-1] == (30, None)

"""What `fuzz.py` damages: a small whole file of each format, and what reads it and checks the result."""

from __future__ import annotations

import bz2
import gzip
import lzma
import pickle
import random
from collections import Counter
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks.studies.fuzz_formats import SENTENCES, WORDS, Input, check, written
from benchmarks.studies.fuzz_models import model_inputs
from benchmarks.studies.fuzz_tables import table_inputs
from fastw2v import KeyedVectors, Word2Vec, evaluation
from fastw2v.corpus import LineSentence, text_corpus
from fastw2v.encode import encode_corpus
from fastw2v.nn import load_params
from fastw2v.phrases import FrozenPhrases, Phrases


def inputs() -> dict[str, Input]:
    """Return the formats by name."""
    found = vector_inputs() | other_inputs() | model_inputs() | table_inputs()
    text, binary, corpus = found["text"], found["binary"], found["corpus"]
    for name, pack in {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}.items():
        found[f"text, {name}"] = text._replace(pack=pack)
        found[f"binary, {name}"] = binary._replace(pack=pack)
        found[f"corpus, {name}"] = corpus._replace(pack=pack)
    if find_spec("zstandard"):
        import zstandard

        found["text, zstd"] = text._replace(pack=zstandard.compress)
    return found


def vector_inputs() -> dict[str, Input]:
    """Return the formats of vectors."""
    rng = np.random.default_rng(0)
    kv = KeyedVectors(WORDS, rng.normal(size=(len(WORDS), 4)), counts=range(len(WORDS), 0, -1))
    text, binary = written(kv.save, "v.txt"), written(kv.save, "v.bin")
    kv.set_vecattr("the", "name", "x")
    kv.vectors_lockf = np.full(len(kv), 0.5, np.float32)
    model = Word2Vec(vector_size=4, min_count=1, workers=1, sample=0)
    model.build_vocab(SENTENCES, keep_raw_vocab=True)
    model.train(SENTENCES, total_examples=len(SENTENCES), epochs=1)
    ids = dict(zip(WORDS, range(len(WORDS))))
    params = {
        "word_vecs": np.float16(kv.vectors),
        "word_to_id": ids,
        "id_to_word": {i: word for word, i in ids.items()},
    }
    wide = b"3 2\nNew York 1 2\n 3 4\nat a@b.com 5 -6e-3\n"
    return {
        "text": Input(text, read_vectors),
        "text, words with spaces": Input(wide, read_vectors),
        "GloVe": Input(text.split(b"\n", 1)[1], read_vectors),
        "binary": Input(binary, read_vectors),
        "safetensors": Input(written(kv.save, "v.safetensors"), read_vectors),
        "safetensors, mapped": Input(written(kv.save, "v.safetensors"), read_mapped),
        "model": Input(written(model.save), read_model),
        **{f"book's pickle {p}": Input(pickle.dumps(params, p), read_pickle) for p in (2, 4, 5)},
    }


def other_inputs() -> dict[str, Input]:
    """Return the formats of text: corpora, phrases, evaluation files, counts."""
    phrases = written(Phrases(SENTENCES, min_count=1, threshold=0.1).save)
    corpus = "\n".join(map(" ".join, SENTENCES)).encode()
    pairs = b"# a comment\nthe\tNew\t7.5\nNew\tYork\t9\nYork\tthe\t1e-1\n"
    questions = ": places\nthe New York 日本\nNew York the naïve\n: others\nthe New York 1.5\n".encode()
    return {
        "phrases": Input(phrases, read_phrases),
        "corpus": Input(corpus, read_corpus, names_file=False),
        "lines": Input(corpus, read_lines, names_file=False),
        "word pairs": Input(pairs, lambda path, _: _evaluated(evaluation.word_pairs, path)),
        "analogies": Input(questions, lambda path, _: _evaluated(evaluation.analogies, path)),
        "counts": Input(b"the 7\nNew 5\nYork 12\n", read_counts),
    }


def read_vectors(path: Path, rng: random.Random) -> None:
    """By content, or as a user says that it is."""
    if rng.random() < 0.5:
        check(KeyedVectors.load(path), path)
        return
    options = {
        "binary": rng.random() < 0.5,
        "unicode_errors": rng.choice(["strict", "ignore", "replace"]),
        "limit": rng.choice([None, None, 1, 3, 10**9]),
        "datatype": rng.choice([np.float16, np.float32, np.float64]),
    }
    check(KeyedVectors.load_word2vec_format(path, **options), path)


def read_mapped(path: Path, rng: random.Random) -> None:
    """Mapped into memory: the queries look at the keys."""
    kv = KeyedVectors.load(path, mmap=rng.choice(["r", "c"]))
    assert len(kv.key_to_index) == len(kv.index_to_key)
    check(kv, path)


def read_model(path: Path, _: random.Random) -> None:
    """A model, which must be able to train on."""
    model = Word2Vec.load(path)
    assert len(model.wv) == len(model.syn1neg)
    check(KeyedVectors.load(path), path)


def read_pickle(path: Path, rng: random.Random) -> None:
    """The book's parameters."""
    if rng.random() < 0.3:
        check(KeyedVectors.load(path), path)
        return
    params = load_params(path)
    assert params["word_vecs"].dtype.kind == "f"
    assert list(params["word_to_id"]) == list(params["id_to_word"].values())


def read_phrases(path: Path, rng: random.Random) -> None:
    """A detector of phrases, which finds phrases."""
    found = rng.choice([Phrases, FrozenPhrases]).load(path)
    assert sum(len(joined) for joined in found[SENTENCES]) > 0


def read_corpus(path: Path, rng: random.Random) -> None:
    """The encoder's counts are those of bytes.split; where the file is packed, it is only read."""
    vocab, tokens = encode_corpus(text_corpus(path), min_count=1, workers=rng.choice([1, 2]))
    tokens.close()
    content = path.read_bytes().removeprefix(b"\xef\xbb\xbf")
    if not content.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd")):
        assert dict(zip(vocab.words(slice(None)), vocab.counts.tolist())) == Counter(content.split())


def read_lines(path: Path, _: random.Random) -> None:
    """Sentences read in Python, and by the encoder."""
    read = Counter(word for sentence in LineSentence(path) for word in sentence)
    vocab, tokens = encode_corpus(LineSentence(path), min_count=1, workers=1)  # type: ignore[arg-type]
    tokens.close()
    assert dict(zip(vocab.keys, vocab.counts.tolist())) == read


def read_counts(path: Path, _: random.Random) -> None:
    """Counts of another file's keys."""
    vectors = path.with_name("again")
    vectors.write_bytes(b"3 1\nthe 1\nNew 2\nYork 3\n")
    assert len(KeyedVectors.load_word2vec_format(vectors, fvocab=path)) == 3


def _evaluated(score: Callable[..., object], path: Path) -> None:
    score(_EVALUATED, path)


_EVALUATED = KeyedVectors(WORDS, np.random.default_rng(1).normal(size=(len(WORDS), 4)))

"""Tasks that one process of a pair does: train, encode, find neighbours or phrases, or write and read files.

`pairs.py` starts this program with a request in JSON, {"task": NAME, ...} with the arguments of the task's function.
The program prints the figures of the run as JSON.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import peers

Figures = dict[str, Any]
N_ENCODES = 7


def encode(corpus: str, workers: int) -> Figures:
    """Text in the page cache to a vocabulary and ids on disk: MB/s, and what a word costs in memory and objects.

    The rate is the median of several passes in one process. The first pass, which also waits for fresh memory from the
    system, has a figure too.
    """
    from fastw2v.corpus import text_corpus
    from fastw2v.encode import encode_corpus
    from fastw2v.runtime.memory import peak_rss_bytes
    from fastw2v.warm import load_encoder

    _read_into_page_cache(corpus)
    source = text_corpus(corpus)
    load_encoder(source)
    before, objects = peak_rss_bytes() or 0, sys.getallocatedblocks()
    seconds = []
    for _ in range(N_ENCODES):
        begun = time.perf_counter()
        vocab, tokens = encode_corpus(source, min_count=1, workers=workers)
        seconds.append(time.perf_counter() - begun)
        n_vocab, n_tokens, n_objects = len(vocab), tokens.n_tokens, sys.getallocatedblocks() - objects
        tokens.close()
        del vocab  # or two vocabularies would need memory at once
    n_bytes = Path(corpus).stat().st_size
    rates = {"mb_per_s": n_bytes / statistics.median(seconds) / 1e6, "first_mb_per_s": n_bytes / seconds[0] / 1e6}
    memory = {"peak_rss_mb": (peak_rss_bytes() or 0) / 1e6, "rss_before_mb": before / 1e6}
    sizes = {"n_vocab": n_vocab, "raw_words": n_tokens, "n_bytes": n_bytes}
    return sizes | memory | rates | {"objects_per_word": n_objects / n_vocab}


def _read_into_page_cache(path: str) -> None:
    """Read a file block by block: as a whole it would count as memory that this process needed."""
    with open(path, "rb", buffering=0) as file:
        block = bytearray(1 << 20)
        while file.readinto(block):
            pass


def neighbours(tool: str, n_rows: int, n_queries: int, *, dim: int) -> Figures:
    """The ten nearest of each query: gensim by a loop of calls, fastw2v by one; the first answers, for comparison."""
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(n_rows, dim)).astype(np.float32)
    keys = [f"w{i}" for i in range(n_rows)]
    asked = [keys[i] for i in rng.integers(0, n_rows, n_queries)]
    ask = _asker(tool, keys, vectors)
    ask(asked)  # norms, and a kernel from the cache
    begun = time.perf_counter()
    answers = ask(asked)
    seconds = time.perf_counter() - begun
    found = [[key for key, _ in answer] for answer in answers]
    return {"queries_per_s": n_queries / seconds, "raw_words": n_queries, "n_vocab": n_rows, "answers": found}


def _asker(tool: str, keys: list[str], vectors: np.ndarray) -> Callable[[list[str]], Any]:
    if tool == "fastw2v":
        from fastw2v import KeyedVectors

        return KeyedVectors(keys, vectors).most_similar_batch
    from gensim.models import KeyedVectors as Peer

    peer = Peer(vectors.shape[1])
    peer.add_vectors(keys, vectors)
    return lambda asked: [peer.most_similar(key) for key in asked]


def phrases(tool: str, corpus: str, connectors: bool) -> Figures:
    """Count the phrases of a text, list them, and join them in lists of its words, by either class."""
    _read_into_page_cache(corpus)
    if tool == "fastw2v":
        from fastw2v.corpus import text_corpus
        from fastw2v.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
        from fastw2v.warm import load_encoder

        source: Any = text_corpus(corpus)
        load_encoder(source)
        Phrases([["a"]])  # compiles, or loads from the cache
    else:
        from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases
        from gensim.models.word2vec import LineSentence

        source = LineSentence(corpus)
    counted, found = _timed(lambda: Phrases(source, connector_words=ENGLISH_CONNECTOR_WORDS if connectors else ()))
    listed, frozen = _timed(found.freeze)
    sentences = [line.split() for line in Path(corpus).read_text(encoding="utf-8").splitlines()]
    joined, by_frozen = (_timed(lambda model=model: sum(map(len, model[sentences])))[0] for model in (found, frozen))
    n_words, listing = found.corpus_word_count, dict(frozen.phrasegrams)
    rates = {"counted": counted, "joined": joined, "frozen": by_frozen}
    figures = {f"{name}_words_per_s": n_words / seconds for name, seconds in rates.items()}
    sizes = {"raw_words": n_words, "n_vocab": len(listing)}
    return sizes | figures | {"found_per_s": len(listing) / listed, "phrases": listing}


def vector_files(tool: str, n_rows: int, dim: int, *, binary: bool) -> Figures:
    """Write vectors in a word2vec format and read them, in rows per second; the file is in the page cache."""
    rng = np.random.default_rng(1)
    keys, vectors = [f"w{i}" for i in range(n_rows)], rng.normal(0, 0.1, (n_rows, dim)).astype(np.float32)
    if tool == "fastw2v":
        from fastw2v import KeyedVectors

        kv: Any = KeyedVectors(keys, vectors)
    else:
        from gensim.models import KeyedVectors  # type: ignore[no-redef]

        kv = KeyedVectors(dim)
        kv.add_vectors(keys, vectors)
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "v"))
        written, _ = _timed(lambda: kv.save_word2vec_format(path, binary=binary))
        read, found = _timed(lambda: KeyedVectors.load_word2vec_format(path, binary=binary))
    last = found[keys[-1]].tolist()
    return {"written_rows_per_s": n_rows / written, "read_rows_per_s": n_rows / read, "last": last}


def _timed(task: Callable[[], Any]) -> tuple[float, Any]:
    begun = time.perf_counter()
    result = task()
    return time.perf_counter() - begun, result


TASKS: dict[str, Callable[..., Figures]] = {
    "train": peers.run,
    "encode": encode,
    "neighbours": neighbours,
    "phrases": phrases,
    "vector_files": vector_files,
}

if __name__ == "__main__":
    request = json.loads(sys.argv[1])
    print(json.dumps(TASKS[request.pop("task")](**request)))

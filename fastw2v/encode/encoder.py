"""Corpus to vocabulary and Tokens; what a corpus is made of decides who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Protocol

import numpy as np

from fastw2v.config import number
from fastw2v.corpus import BLOCK_BYTES, Corpus, TextCorpus, as_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.encode import on_gpu
from fastw2v.encode.integers import EncodedIntegers
from fastw2v.encode.lists import encode_lists
from fastw2v.encode.text import encode_text, pruned_table, table_of
from fastw2v.encode.token_files import EncodedBlock, write_tokens
from fastw2v.encode.tokens import Tokens
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.vocab import Vocab, select_words


class EncodedCorpus(Protocol):
    """A corpus read once: its words by first occurrence, their counts, and blocks of word ids."""

    counts: np.ndarray
    n_raw: int

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the words in `order`."""
        ...

    def blocks(self, row_of: np.ndarray) -> Iterable[EncodedBlock]:
        """Yield the blocks in the order of the corpus, given the row of each word: int32[n_words]."""
        ...

    def close(self) -> None:
        """Delete temporary files."""
        ...


def encode_corpus(
    corpus: Corpus | Iterable[Any],
    *,
    min_count: int = 5,
    max_vocab_size: int | None = None,
    max_final_vocab: int | None = None,
    sorted_vocab: bool = True,
    workers: int = 1,
    progress: PhaseProgress | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> tuple[Vocab, Tokens]:
    """Count the words of a corpus, choose the vocabulary, and write the sentences as rows of it.

    The result does not depend on `workers`; on `block_bytes` it depends only with `max_vocab_size`.

    Parameters
    ----------
    corpus
        Whatever `fastw2v.corpus.as_corpus` takes, or the result of `as_corpus` or `text_corpus`.
    min_count : int
        Words seen less often get no row. With integer input, 0 makes row = id, for every id from 0 to the largest.
    max_vocab_size : int, optional
        The most words to hold while counting. The corpus is then read twice. The first pass uses one thread, and
        forgets the rarest words after each block of text (or each million tokens of lists) that leaves more words than
        this. The second pass counts the words that are left. A word that becomes frequent late may be missed.
    max_final_vocab : int, optional
        The most rows: `min_count` is raised until it holds.
    sorted_vocab : bool
        True: rows by falling count, equal counts by first occurrence. False: rows by first occurrence.
    workers : int
        Threads that read text and write rows. One thread counts lists and arrays.
    progress : callable, optional
        Called as ``progress(done, total)``, by one thread at a time: in bytes of text, or in tokens with total None.
    block_bytes : int
        Each thread reads text in blocks of about this size.

    Returns
    -------
    vocab : Vocab
    tokens : Tokens
        Memory-mapped; for a corpus on the GPU, CuPy arrays.

    Raises
    ------
    TypeError
        The corpus is none, or holds tokens of several types; see `as_corpus`.
    ValueError
        No word is left; `workers` is below 1; or `max_vocab_size` or `max_final_vocab` does not apply to this corpus.
    OSError
        A file cannot be read, or the temporary folder is full.

    Warns
    -----
    RuntimeWarning
        A text is not UTF-8.

    Examples
    --------
    >>> from fastw2v.encode import encode_corpus
    >>> vocab, tokens = encode_corpus([["to", "be", "or", "not", "to", "be"], ["be"]], min_count=2)
    >>> vocab.keys, vocab.counts.tolist()
    (['be', 'to'], [3, 2])
    >>> tokens.ids.tolist(), tokens.starts.tolist()
    ([1, 0, 1, 0, 0], [0, 4, 5])
    """
    corpus, workers = as_corpus(corpus), _checked_workers(workers)
    keep_all = isinstance(corpus, IntegerCorpus) and min_count == 0
    if keep_all and max_final_vocab is not None:
        raise ValueError(
            "max_final_vocab drops ids and min_count=0 keeps all; use min_count=1, or drop max_final_vocab"
        )
    choose = partial(select_words, min_count=min_count, max_final_vocab=max_final_vocab, sorted_vocab=sorted_vocab)
    if on_gpu.is_on_device(corpus) and max_vocab_size is None:
        counted, ids, starts = on_gpu.vocab_on_device(corpus, keep_all=keep_all, choose=choose)
        return counted, Tokens(ids, starts, counted.n_raw_tokens)
    encoded = _encode(
        corpus,
        workers=workers,
        block_bytes=block_bytes,
        max_vocab_size=max_vocab_size,
        progress=progress,
        keep_all=keep_all,
    )
    try:
        order = np.arange(len(encoded.counts)) if keep_all else choose(encoded.counts)
        row_of = np.full(len(encoded.counts), -1, np.int32)
        row_of[order] = np.arange(len(order))
        vocabs: list[Vocab] = []
        tokens = _write(encoded, row_of, workers, other_tasks=[lambda: vocabs.append(encoded.vocab(order))])
        return vocabs[0], tokens
    finally:
        encoded.close()


def encode_with(
    corpus: Corpus | Iterable[Any],
    vocab: Vocab,
    *,
    workers: int = 1,
    progress: PhaseProgress | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Tokens:
    """Write the sentences of a corpus as rows of a given vocabulary; other words are dropped.

    Parameters
    ----------
    corpus, workers, progress, block_bytes
        As in `encode_corpus`.
    vocab : Vocab

    Returns
    -------
    Tokens
        Empty when no word of the corpus is in the vocabulary.

    Raises
    ------
    TypeError
        The vocabulary holds integers and the corpus words, or the reverse.
    ValueError
        `workers` is below 1.
    """
    corpus, workers = as_corpus(corpus), _checked_workers(workers)
    if isinstance(corpus, IntegerCorpus) != vocab.is_integer:
        kinds = ("integers", "words") if vocab.is_integer else ("words", "integers")
        raise TypeError(f"the vocabulary holds {kinds[0]} and the corpus {kinds[1]}; pass a corpus of {kinds[0]}")
    if on_gpu.is_on_device(corpus):
        return Tokens(*on_gpu.rows_on_device(corpus, vocab), corpus.ids.size)
    if isinstance(corpus, TextCorpus):
        table, row_of = table_of(vocab)
        encoded: Any = encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress, frozen=table)
    else:
        encoded = _encode(corpus, workers=workers, block_bytes=block_bytes, progress=progress)
        row_of = encoded.rows_in(vocab)
    try:
        return _write(encoded, row_of, workers)
    finally:
        encoded.close()


def _checked_workers(workers: int) -> int:
    return int(number("workers", workers, int, least=1, most=1 << 10))


def _encode(
    corpus: Corpus,
    *,
    workers: int,
    block_bytes: int,
    progress: PhaseProgress | None,
    max_vocab_size: int | None = None,
    keep_all: bool = False,
) -> EncodedCorpus:
    """Read and count a corpus of any kind."""
    if isinstance(corpus, IntegerCorpus):
        if max_vocab_size is not None:
            raise ValueError("max_vocab_size bounds the table of words and integer ids have none; use max_final_vocab")
        return EncodedIntegers(corpus, keep_all=keep_all)
    if not isinstance(corpus, TextCorpus):
        return encode_lists(corpus, max_vocab_size=max_vocab_size, progress=progress)
    frozen = None
    if max_vocab_size is not None:
        frozen = pruned_table(corpus, max_vocab_size=max_vocab_size, block_bytes=block_bytes, progress=progress)
    return encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress, frozen=frozen)


def _write(
    encoded: EncodedCorpus, row_of: np.ndarray, workers: int, *, other_tasks: Iterable[Callable[[], None]] = ()
) -> Tokens:
    """Write the tokens, given the row of each word; run `other_tasks` in the same threads."""
    return Tokens(*write_tokens(encoded.blocks(row_of), workers, other_tasks), encoded.n_raw)


_TEXT, _LISTS = TextCorpus((b"a",)), [["a"]]  # the smallest corpora, to compile with


def load_encoder(corpus: Corpus) -> None:
    """Compile what reads this kind of corpus, or load it from the cache."""
    from fastw2v_kernels import find_words, rehash_slots

    if on_gpu.is_on_device(corpus):
        return
    with log_compilation("the encoder"):
        if isinstance(corpus, TextCorpus):
            for op in (rehash_slots, find_words):  # what a large vocabulary, and several threads, need
                op.OP.implementation("cpu")(**op.OP.make_case(np.random.default_rng(0), 1))
            encode_corpus(_TEXT, min_count=1)[1].close()
        else:
            encode_corpus(_LISTS, min_count=1)[1].close()

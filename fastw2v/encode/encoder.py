"""Corpus and vocabulary to Tokens: vocabulary rows, written once to disk, memory-mapped."""

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
from fastw2v.encode.lists import encode_tokens
from fastw2v.encode.text import encode_text, pruned_table, table_of
from fastw2v.encode.token_files import Unread, write_tokens
from fastw2v.encode.tokens import Tokens
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.vocab import Vocab, select_words


class EncodedCorpus(Protocol):
    """A corpus read once: counts in order of first occurrence, and blocks of numbers that await their rows."""

    counts: np.ndarray
    n_raw: int

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the words in `order`."""
        ...

    def blocks(self, row_of: np.ndarray) -> Iterable[Unread]:
        """Yield for each block what reads its numbers and line ends, and the row of each number."""
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
    """Read a corpus once; choose the vocabulary; write the sentences as vocabulary rows.

    The result does not depend on `workers` or `block_bytes`, but with `max_vocab_size` on the latter.

    Parameters
    ----------
    corpus
        What `text_corpus` or `as_corpus` gives, or what `as_corpus` takes.
    min_count : int
        Words seen less often get no row. 0 with integer input: row = id for every id from 0 to the largest.
    max_vocab_size : int, optional
        Bound on the words held while counting. The corpus is then read twice: first in one thread, forgetting the
        rarest words after each block (of text; each million tokens of a list) that leaves more than this many; then
        with what was left, counted exactly. A word that is rare until late may be missed.
    max_final_vocab : int, optional
        Bound on the rows: `min_count` is raised until it holds.
    sorted_vocab : bool
        Rows by falling count, equal counts by first occurrence; or, False, all by first occurrence.
    workers : int
        Threads that read text and write rows. Lists and arrays are counted by one.
    progress : callable, optional
        Called as `progress(done, total)` in bytes of text, from any one thread at a time; or in tokens, with total
        None.
    block_bytes : int
        Text is read in blocks of about this size, one per thread.

    Returns
    -------
    vocab : Vocab
    tokens : Tokens

    Raises
    ------
    ValueError
        No word is left; no worker; `max_vocab_size` or `max_final_vocab` where it has no meaning. Else as `as_corpus`.
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
    encoded = _encode(corpus, workers, block_bytes, max_vocab_size, progress, keep_all=keep_all)
    try:
        order = np.arange(len(encoded.counts)) if keep_all else choose(encoded.counts)
        row_of = np.full(len(encoded.counts), -1, np.int32)
        row_of[order] = np.arange(len(order))
        vocabs: list[Vocab] = []
        tokens = _tokens(encoded, row_of, workers, [lambda: vocabs.append(encoded.vocab(order))])
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
        Without a token where the corpus shares no word with the vocabulary.

    Raises
    ------
    TypeError
        The vocabulary holds integers and the corpus words, or the reverse.
    ValueError
        No worker.
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
        encoded = _encode(corpus, workers, block_bytes, None, progress, keep_all=False)
        row_of = encoded.rows_in(vocab)
    try:
        return _tokens(encoded, row_of, workers)
    finally:
        encoded.close()


def _checked_workers(workers: int) -> int:
    return int(number("workers", workers, int, least=1, most=1 << 10))


def _encode(
    corpus: Corpus,
    workers: int,
    block_bytes: int,
    max_vocab_size: int | None,
    progress: PhaseProgress | None,
    *,
    keep_all: bool,
) -> EncodedCorpus:
    """Read the corpus once, whatever it is made of."""
    if isinstance(corpus, IntegerCorpus):
        if max_vocab_size is not None:
            raise ValueError("max_vocab_size bounds the table of words and integer ids have none; use max_final_vocab")
        return EncodedIntegers(corpus, keep_all=keep_all)
    if not isinstance(corpus, TextCorpus):
        return encode_tokens(corpus, max_vocab_size=max_vocab_size, progress=progress)
    frozen = None if max_vocab_size is None else pruned_table(corpus, max_vocab_size, block_bytes, progress)
    return encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress, frozen=frozen)


def _tokens(
    encoded: EncodedCorpus, row_of: np.ndarray, workers: int, beside: Iterable[Callable[[], None]] = ()
) -> Tokens:
    return Tokens(*write_tokens(encoded.blocks(row_of), workers, beside), encoded.n_raw)


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

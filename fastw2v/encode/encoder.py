"""Corpus to vocabulary and Tokens; what a corpus is made of decides who reads it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

import numpy as np

from fastw2v.config import number
from fastw2v.corpus import BLOCK_BYTES, Corpus, TextCorpus, TokenCorpus, WeightedCorpus, as_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import PeekedSentences
from fastw2v.encode import on_gpu
from fastw2v.encode.integers import EncodedIntegers
from fastw2v.encode.text import encode_text, pruned_table, table_of
from fastw2v.encode.token_files import EncodedBlock, write_tokens
from fastw2v.encode.tokens import Tokens
from fastw2v.encode.weighted import no_sentence_left, rows_of_words, weighted_tokens
from fastw2v.runtime.compilation import log_compilation
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.vocab import EmptyVocabularyError, Vocab
from fastw2v.vocab_rule import VocabRule

_Plain = TextCorpus | TokenCorpus | IntegerCorpus


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
        forgets the rarest words after each block of text (or of lists joined to text) that leaves more words than this.
        The second pass counts the words that are left. A word that becomes frequent late may be missed.
    max_final_vocab : int, optional
        The most rows: `min_count` is raised until it holds.
    sorted_vocab : bool
        True: rows by falling count, equal counts by first occurrence. False: rows by first occurrence.
    workers : int
        Threads that read text and write rows. One thread, the calling one, reads lists and arrays.
    progress : callable, optional
        Called as ``progress(done, total)``, by one thread at a time: in bytes of text, or in tokens with total None.
    block_bytes : int
        Each thread reads text in blocks of about this many bytes.

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
    rule = VocabRule(min_count, max_final_vocab, sorted_vocab)
    encoding = encode_by_rule(
        corpus, rule, max_vocab_size=max_vocab_size, workers=workers, progress=progress, block_bytes=block_bytes
    )
    return encoding.vocab, encoding.tokens


class Encoding(NamedTuple):
    """What `encode_by_rule` makes of a corpus.

    Attributes
    ----------
    vocab : Vocab
    tokens : Tokens
    raw : Vocab, or None unless it was asked for
        All keys of the corpus by first occurrence, those without a row too.
    effective_min_count : int
        The count that a key needed for a row.
    """

    vocab: Vocab
    tokens: Tokens
    raw: Vocab | None
    effective_min_count: int


def encode_by_rule(
    corpus: Corpus | Iterable[Any],
    rule: VocabRule,
    *,
    keep_raw: bool = False,
    max_vocab_size: int | None = None,
    workers: int = 1,
    progress: PhaseProgress | None = None,
    block_bytes: int = BLOCK_BYTES,
) -> Encoding:
    """Do what `encode_corpus` does, with a vocabulary chosen by any rule.

    Parameters
    ----------
    corpus, max_vocab_size, workers, progress, block_bytes
        As in `encode_corpus`, which raises the same errors. A `trim_rule` does not see words that `max_vocab_size` made
        the count forget.
    rule : VocabRule
        Which keys get a row, and in which order.
    keep_raw : bool
        Return the raw counts too.

    Returns
    -------
    Encoding
    """
    corpus, weighted = _unwrapped(as_corpus(corpus))
    workers = _checked_workers(workers)
    if weighted is not None and max_vocab_size is not None:
        raise ValueError("max_vocab_size is not for a corpus with weights, or of pairs; use max_final_vocab")
    keep_all = rule.keeps_every_id(isinstance(corpus, IntegerCorpus))
    choice = _Choice(rule, keep_raw=keep_raw)
    if on_gpu.is_on_device(corpus) and max_vocab_size is None:
        vocab, ids, starts = on_gpu.vocab_on_device(corpus, keep_all=keep_all, choose=choice)
        tokens = Tokens(ids, starts, vocab.n_raw_tokens)
    else:
        options = {"workers": workers, "block_bytes": block_bytes, "progress": progress}
        encoded = _encode(corpus, max_vocab_size=max_vocab_size, keep_all=keep_all, **options)  # type: ignore[arg-type]
        try:
            vocab, tokens = _choose_and_write(encoded, None if keep_all else choice, workers, weighted=weighted)
        finally:
            encoded.close()
    raw = vocab if keep_all and keep_raw else choice.raw
    return Encoding(vocab, tokens, raw, choice.effective_min_count)


class _Choice:
    """A rule as the function that chooses rows, and what it saw when it was called."""

    def __init__(self, rule: VocabRule, *, keep_raw: bool) -> None:
        self._rule, self._keep_raw = rule, keep_raw
        self.raw: Vocab | None = None
        self.effective_min_count = rule.min_count

    def __call__(self, counts: np.ndarray, vocab_of: Callable[[np.ndarray], Vocab]) -> np.ndarray:
        """Return the position of each row's key in `counts`; `vocab_of` makes the vocabulary of such positions."""
        self.effective_min_count = self._rule.effective_min_count(counts)
        if len(counts) and (self._keep_raw or self._rule.trim_rule is not None):
            self.raw = vocab_of(np.arange(len(counts)))
        order = self._rule.order(counts, lambda: [] if self.raw is None else self.raw.keys)
        if not self._keep_raw:
            self.raw = None
        return order


def _unwrapped(corpus: Corpus) -> tuple[_Plain, WeightedCorpus | None]:
    """Return a corpus without weights, and that with weights if it has any."""
    return (corpus.corpus, corpus) if isinstance(corpus, WeightedCorpus) else (corpus, None)


def _choose_and_write(
    encoded: EncodedCorpus, choice: _Choice | None, workers: int, *, weighted: WeightedCorpus | None
) -> tuple[Vocab, Tokens]:
    """Choose the rows (without a choice: all words, in their order), and write the tokens."""
    n_words = len(encoded.counts)
    order = np.arange(n_words) if choice is None else choice(encoded.counts, encoded.vocab)
    row_of = np.full(n_words, -1, np.int32)
    row_of[order] = np.arange(len(order), dtype=np.int32)
    vocabs: list[Vocab] = []
    tasks = [lambda: vocabs.append(encoded.vocab(order))]
    tokens = _write(encoded, row_of, workers, other_tasks=tasks, weighted=weighted)
    if weighted is not None and tokens.n_tokens == 0:
        raise EmptyVocabularyError(no_sentence_left(weighted))
    return vocabs[0], tokens


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
    corpus, weighted = _unwrapped(as_corpus(corpus))
    workers = _checked_workers(workers)
    if isinstance(corpus, IntegerCorpus) != vocab.is_integer:
        kinds = ("integers", "words") if vocab.is_integer else ("words", "integers")
        raise TypeError(f"the vocabulary holds {kinds[0]} and the corpus {kinds[1]}; pass a corpus of {kinds[0]}")
    if on_gpu.is_on_device(corpus):
        return Tokens(*on_gpu.rows_on_device(corpus, vocab), corpus.ids.size)
    if isinstance(corpus, IntegerCorpus):
        encoded: Any = EncodedIntegers(corpus, keep_all=False)
        row_of = encoded.rows_in(vocab)
    elif weighted is not None:  # all words get an id, since each sentence must be found again
        encoded = encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress)
        row_of = rows_of_words(encoded, vocab)
    else:
        table, row_of = table_of(vocab, of_lists=isinstance(corpus, TokenCorpus))
        encoded = encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress, frozen=table)
    try:
        return _write(encoded, row_of, workers, weighted=weighted)
    finally:
        encoded.close()


def _checked_workers(workers: int) -> int:
    return int(number("workers", workers, int, least=1, most=1 << 10))


def _encode(
    corpus: _Plain,
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
    frozen = None
    if max_vocab_size is not None:
        if isinstance(corpus, TokenCorpus) and isinstance(corpus.sentences, PeekedSentences):
            corpus.sentences.check_starts_anew()
        frozen = pruned_table(corpus, max_vocab_size=max_vocab_size, block_bytes=block_bytes, progress=progress)
    return encode_text(corpus, workers=workers, block_bytes=block_bytes, progress=progress, frozen=frozen)


def _write(
    encoded: EncodedCorpus,
    row_of: np.ndarray,
    workers: int,
    *,
    other_tasks: Iterable[Callable[[], None]] = (),
    weighted: WeightedCorpus | None = None,
) -> Tokens:
    """Write the tokens, given the row of each word; run `other_tasks` in the same threads."""
    rows_to_write = row_of if weighted is None else np.arange(len(row_of), dtype=np.int32)
    tokens = Tokens(*write_tokens(encoded.blocks(rows_to_write), workers, other_tasks), encoded.n_raw)
    if weighted is None:
        return tokens
    with tokens:
        return weighted_tokens(tokens, row_of, weighted)


_TEXT, _INTEGERS = TextCorpus((b"a",)), [[0]]  # the smallest corpora, to compile with


def load_encoder(corpus: Corpus) -> None:
    """Compile what reads this kind of corpus, or load it from the cache."""
    from fastw2v_kernels import find_words, rehash_slots

    corpus, _ = _unwrapped(corpus)
    if on_gpu.is_on_device(corpus):
        return
    with log_compilation("the encoder"):
        if isinstance(corpus, IntegerCorpus):
            encode_corpus(_INTEGERS, min_count=1)[1].close()
        else:
            for op in (rehash_slots, find_words):  # what a large vocabulary, and several threads, need
                op.OP.implementation("cpu")(**op.OP.make_case(np.random.default_rng(0), 1))
            encode_corpus(_TEXT, min_count=1)[1].close()

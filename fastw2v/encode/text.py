"""Text to word ids and counts: every thread encodes blocks with its own word table; the tables are merged at the end.

A word id is the number of a word by first occurrence, in a table or in the whole text; vocabulary rows come later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from fastw2v.corpus import Block, TextCorpus, TokenCorpus
from fastw2v.corpus.joined import QUOTE_BYTE, unquoted_words, words_block
from fastw2v.corpus.utf8 import has_python_space, is_utf8
from fastw2v.encode.merge import MergedTables, NewWords
from fastw2v.encode.temporary_blocks import StoredBlock, TemporaryBlocks
from fastw2v.encode.token_files import EncodedBlock
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.vocab import Vocab, count_threshold
from fastw2v_kernels.encode import padded_size

if TYPE_CHECKING:
    from fastw2v.encode.word_table import WordTable

_SEPARATORS = list(b" \t\n\r\v\f")


@dataclass(frozen=True)
class _TextBlock:
    """One encoded block of the text: its position, the words it added to its thread's table, and its stored ids."""

    position: int
    first_word: int
    last_word: int
    stored: StoredBlock


class _ThreadEncoder:
    """The word table and the temporary file of one thread, and the blocks it has encoded."""

    def __init__(self, table: WordTable, *, frozen: bool) -> None:
        self.table = table
        self.frozen = frozen
        self.temporary = TemporaryBlocks()
        self.blocks: list[_TextBlock] = []
        self.n_raw = 0

    def run(self, item: tuple[int, Block] | None, queue: ItemQueue[Block]) -> None:
        """Encode `item`, then all that is left in the queue."""
        while item is not None:
            position, (text, n_bytes) = item
            first_word = self.table.n_words
            ids, line_ends, n_raw = self.table.encode(text, n_bytes, frozen=self.frozen)
            self.n_raw += n_raw
            stored = self.temporary.write(ids, line_ends)
            self.blocks.append(_TextBlock(position, first_word, self.table.n_words, stored))
            item = queue.next()


class EncodedText:
    """A corpus read once: its words by first occurrence, their counts, and its word ids in temporary files.

    Attributes
    ----------
    counts : int64[n_words]
    n_raw : int
        Tokens read, in the table or not.
    """

    def __init__(self, encoders: list[_ThreadEncoder], *, frozen: bool, are_quoted: bool) -> None:
        self._are_quoted = are_quoted
        self._temporary = [encoder.temporary for encoder in encoders]
        numbered = ((number, block) for number, encoder in enumerate(encoders) for block in encoder.blocks)
        self._blocks = sorted(numbered, key=lambda pair: pair[1].position)
        self.n_raw = sum(encoder.n_raw for encoder in encoders)
        tables = [encoder.table for encoder in encoders]
        self._table: WordTable | MergedTables
        self._to_word: list[np.ndarray] | None = None  # None: the ids of all tables are those of the whole text
        if frozen or len(tables) == 1:
            self._table = tables[0]
            self.counts = sum((table.counts for table in tables[1:]), tables[0].counts)
        else:
            new_words = [NewWords(number, block.first_word, block.last_word) for number, block in self._blocks]
            self._table = merged = MergedTables(tables, new_words, len(tables))
            self._to_word = merged.to_word
            self.counts = np.zeros(merged.n_words, np.int64)
            for table, to_word in zip(tables, merged.to_word):
                self.counts[to_word] += table.counts

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the words in `order`."""
        letters, starts = self._table.words(order)
        if self._are_quoted:
            letters, starts = unquoted_words(letters, starts)
        return Vocab(self.counts[order], letters, starts, n_raw_tokens=self.n_raw)

    def blocks(self, row_of: np.ndarray) -> Iterator[EncodedBlock]:
        """Yield the blocks in the order of the text, given the row of each word: int32[n_words]."""
        row_of_id = None if self._to_word is None else [row_of[to_word] for to_word in self._to_word]
        for number, block in self._blocks:
            yield EncodedBlock(block.stored.read, row_of if row_of_id is None else row_of_id[number])

    def close(self) -> None:
        """Delete the temporary files."""
        for temporary in self._temporary:
            temporary.close()


def encode_text(
    corpus: TextCorpus | TokenCorpus,
    *,
    workers: int,
    block_bytes: int,
    progress: PhaseProgress | None,
    frozen: WordTable | None = None,
) -> EncodedText:
    """Read text or lists of words once with `workers` threads; with a `frozen` table, only its words get an id.

    The words tell whether the text is UTF-8, and whether any holds whitespace of str.split. So ordinary text is read at
    full speed also with `TextCorpus.python_spaces`. Text with such whitespace is read again, with that option.
    """
    read = partial(_read, workers=workers, block_bytes=block_bytes, progress=progress, frozen=frozen)
    if isinstance(corpus, TokenCorpus):
        return EncodedText(read(corpus), frozen=frozen is not None, are_quoted=True)
    encoders = read(corpus if frozen else replace(corpus, python_spaces=False))
    try:
        if not frozen:
            if corpus.python_spaces and any(has_python_space(encoder.table.letters) for encoder in encoders):
                _close(encoders)
                encoders = read(corpus)
            _check_utf8(corpus, [encoder.table for encoder in encoders])
        return EncodedText(encoders, frozen=frozen is not None, are_quoted=False)
    except BaseException:
        _close(encoders)
        raise


def _read(
    corpus: TextCorpus | TokenCorpus,
    *,
    workers: int,
    block_bytes: int,
    progress: PhaseProgress | None,
    frozen: WordTable | None = None,
) -> list[_ThreadEncoder]:
    """Encode all blocks of a corpus; return what each thread has encoded, one at least.

    Lists are read in the calling thread alone: they may come from an object that belongs to it, such as a database.
    """
    from fastw2v.encode.word_table import WordTable

    encoders: list[_ThreadEncoder] = []

    def new_encoder() -> _ThreadEncoder:
        encoders.append(_ThreadEncoder(frozen.frozen_copy() if frozen else WordTable(), frozen=frozen is not None))
        return encoders[-1]

    def encode_blocks(queue: ItemQueue[Block]) -> None:
        """Encode blocks in one thread; a thread that gets no block makes no table and opens no file."""
        first = queue.next()
        if first is not None:
            new_encoder().run(first, queue)

    try:
        queue = ItemQueue(corpus.blocks(block_bytes, progress))
        if isinstance(corpus, TokenCorpus):
            with closing(queue):
                encode_blocks(queue)
        else:
            run_workers([encode_blocks] * workers, queue)
        return encoders or [new_encoder()]
    except BaseException:
        _close(encoders)
        raise


def _close(encoders: list[_ThreadEncoder]) -> None:
    for encoder in encoders:
        encoder.temporary.close()


def _check_utf8(corpus: TextCorpus, tables: list[WordTable]) -> None:
    """Warn if a word of the tables is not UTF-8: the words are far fewer bytes than the text."""
    if not all(is_utf8(table.letters) for table in tables):
        corpus.warn_not_utf8()


def pruned_table(
    corpus: TextCorpus | TokenCorpus, *, max_vocab_size: int, block_bytes: int, progress: PhaseProgress | None
) -> WordTable:
    """Count a corpus in one thread; after each block, forget the rarest words beyond `max_vocab_size`.

    One thread alone, because the result depends on the order of the blocks. The counts are lower bounds, so the caller
    counts the words of this table again.
    """
    from fastw2v.encode.word_table import WordTable

    table = WordTable()
    for text, n_bytes in corpus.blocks(block_bytes, progress):
        table.encode(text, n_bytes)
        if table.n_words > max_vocab_size:
            table = table.subset(table.counts >= count_threshold(table.counts, max_vocab_size))
    if isinstance(corpus, TextCorpus):
        _check_utf8(corpus, [table])
    return table


def table_of(vocab: Vocab, *, of_lists: bool) -> tuple[WordTable, np.ndarray]:
    """Return a table of the vocabulary's words, and the row of each: int32[n_words].

    A key that is empty or holds whitespace cannot occur in text and is left out; `of_lists` has it quoted.
    """
    from fastw2v.encode.word_table import CHUNK_WORDS, WordTable

    table, rows = WordTable(len(vocab) + 1), [np.empty(0, np.int32)]
    for first in range(0, len(vocab), CHUNK_WORDS):
        starts = vocab.word_starts[first : first + CHUNK_WORDS + 1]
        letters = vocab.letters[starts[0] : starts[-1]]
        occurs, text, n_bytes = _as_text(letters, np.diff(starts))
        if of_lists and (not occurs.all() or letters.max() == QUOTE_BYTE):
            text, n_bytes = words_block(vocab.words(slice(first, first + CHUNK_WORDS)))
            occurs[:] = True
        table.encode(text, n_bytes)
        rows.append(first + np.flatnonzero(occurs).astype(np.int32))
    return table, np.concatenate(rows)


def _as_text(letters: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return which words can occur in text, bool[n_words], and these as `text, n_bytes` for `WordTable.encode`."""
    word_of = np.repeat(np.arange(len(lengths)), lengths)
    has_space = np.bincount(word_of[np.isin(letters, _SEPARATORS)], minlength=len(lengths)) > 0
    occurs = ~has_space & (lengths > 0)
    letters, lengths = letters[occurs[word_of]], lengths[occurs]
    n_bytes = letters.size + lengths.size
    text = np.full(padded_size(n_bytes), ord(" "), np.uint8)
    text[np.arange(letters.size) + np.repeat(np.arange(lengths.size), lengths)] = letters
    return occurs, text, n_bytes

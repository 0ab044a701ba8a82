"""Text to word numbers and counts, several blocks at once: a table per thread, merged in the end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from fastw2v.corpus import Block, TextCorpus
from fastw2v.encode.merge import MergedTables
from fastw2v.encode.temporary_blocks import StoredBlock, TemporaryBlocks
from fastw2v.encode.token_files import Unread
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.worker_pool import ItemQueue, run_workers
from fastw2v.vocab import Vocab, count_threshold
from fastw2v_kernels.encode import padded_size

if TYPE_CHECKING:
    from fastw2v.encode.word_table import WordTable

_SEPARATORS = list(b" \t\n\r\v\f")


@dataclass(frozen=True)
class _Encoded:
    """One block encoded: the `first_word` to `last_word` of its worker's table occur in it first."""

    position: int
    first_word: int
    last_word: int
    spooled: StoredBlock


class _Worker:
    """One thread's table and temporary file."""

    def __init__(self, table: WordTable, *, frozen: bool) -> None:
        self.table = table
        self.frozen = frozen
        self.spool = TemporaryBlocks()
        self.encoded: list[_Encoded] = []
        self.n_raw = 0

    def run(self, numbered: tuple[int, Block] | None, source: ItemQueue[Block]) -> None:
        while numbered is not None:
            position, (text, n_bytes) = numbered
            first_word = self.table.n_words
            ids, line_ends, n_raw = self.table.encode(text, n_bytes, frozen=self.frozen)
            self.n_raw += n_raw
            spooled = self.spool.write(ids, line_ends)
            self.encoded.append(_Encoded(position, first_word, self.table.n_words, spooled))
            numbered = source.next()


class EncodedText:
    """A text read once: the words in order of first occurrence, their counts, and the ids in temporary files.

    Attributes
    ----------
    counts : int64[n_words]
    n_raw : int
        Tokens read, in the table or not.
    """

    def __init__(self, workers: list[_Worker], *, frozen: bool) -> None:
        self._spools = [worker.spool for worker in workers]
        numbered = ((number, encoded) for number, worker in enumerate(workers) for encoded in worker.encoded)
        self._encoded = sorted(numbered, key=lambda pair: pair[1].position)
        self.n_raw = sum(worker.n_raw for worker in workers)
        tables = [worker.table for worker in workers]
        self._table: WordTable | MergedTables
        if frozen or len(tables) == 1:
            self._table = tables[0]
            self._to_word = [np.arange(tables[0].n_words, dtype=np.int32)] * len(tables)
        else:
            new_words = [(number, e.first_word, e.last_word) for number, e in self._encoded]
            self._table = MergedTables(tables, new_words, len(tables))
            self._to_word = self._table.to_word
        self.counts = np.zeros(self._table.n_words, np.int64)
        for table, to_word in zip(tables, self._to_word):
            self.counts[to_word] += table.counts

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the words in `order`."""
        letters, starts = self._table.words(order)
        return Vocab(self.counts[order], letters, starts, n_raw_tokens=self.n_raw)

    def blocks(self, row_of: np.ndarray) -> Iterator[Unread]:
        """Yield for each block what reads its ids and line ends, and the row of each id; row_of: int32[n_words]."""
        row_of_id = [row_of[to_word] for to_word in self._to_word]
        for number, encoded in self._encoded:
            yield encoded.spooled.read, row_of_id[number]

    def close(self) -> None:
        """Delete the temporary files."""
        for spool in self._spools:
            spool.close()


def encode_text(
    corpus: TextCorpus,
    *,
    workers: int,
    block_bytes: int,
    progress: PhaseProgress | None,
    frozen: WordTable | None = None,
) -> EncodedText:
    """Read a text once with `workers` threads; with a `frozen` table, only its words are numbered."""
    from fastw2v.encode.word_table import WordTable

    crew: list[_Worker] = []

    def new_worker() -> _Worker:
        crew.append(_Worker(frozen.frozen_copy() if frozen else WordTable(), frozen=frozen is not None))
        return crew[-1]

    def member(source: ItemQueue[Block]) -> None:
        """Make a worker for the first block: a thread that gets none needs no table, nor a file."""
        first = source.next()
        if first is not None:
            new_worker().run(first, source)

    try:
        run_workers([member] * workers, ItemQueue(corpus.blocks(block_bytes, progress)))
        return EncodedText(crew or [new_worker()], frozen=frozen is not None)
    except BaseException:
        for worker in crew:
            worker.spool.close()
        raise


def pruned_table(
    corpus: TextCorpus, max_vocab_size: int, block_bytes: int, progress: PhaseProgress | None
) -> WordTable:
    """Count a text in one thread, and after each block forget the rarest words beyond `max_vocab_size`.

    The order of forgetting matters, so this pass is not divided. The counts are lower bounds: count again, frozen.
    """
    from fastw2v.encode.word_table import WordTable

    table = WordTable()
    for text, n_bytes in corpus.blocks(block_bytes, progress):
        table.encode(text, n_bytes)
        if table.n_words > max_vocab_size:
            table = table.kept(table.counts >= count_threshold(table.counts, max_vocab_size))
    return table


def table_of(vocab: Vocab) -> tuple[WordTable, np.ndarray]:
    """Return a table of the vocabulary's words and the row of each: int32[n_words].

    A key that is empty or holds whitespace (from lists of tokens) cannot occur in text and is left out.
    """
    from fastw2v.encode.word_table import CHUNK_WORDS, WordTable

    table, rows = WordTable(len(vocab) + 1), [np.empty(0, np.int32)]
    for first in range(0, len(vocab), CHUNK_WORDS):
        starts = vocab.word_starts[first : first + CHUNK_WORDS + 1]
        occurs, text, n_bytes = _as_text(vocab.letters[starts[0] : starts[-1]], np.diff(starts))
        table.encode(text, n_bytes)
        rows.append(first + np.flatnonzero(occurs).astype(np.int32))
    return table, np.concatenate(rows)


def _as_text(letters: np.ndarray, lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """Return which words can occur in text (bool[n_words]), and those as text for `WordTable.encode`."""
    word_of = np.repeat(np.arange(len(lengths)), lengths)
    has_space = np.bincount(word_of[np.isin(letters, _SEPARATORS)], minlength=len(lengths)) > 0
    occurs = ~has_space & (lengths > 0)
    letters, lengths = letters[occurs[word_of]], lengths[occurs]
    n_bytes = letters.size + lengths.size
    text = np.full(padded_size(n_bytes), ord(" "), np.uint8)
    text[np.arange(letters.size) + np.repeat(np.arange(lengths.size), lengths)] = letters
    return occurs, text, n_bytes

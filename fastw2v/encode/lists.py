"""Lists of words to numbers and counts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from fastw2v.corpus import TokenCorpus
from fastw2v.encode.temporary_blocks import StoredBlock, TemporaryBlocks
from fastw2v.encode.token_files import Unread
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.vocab import Vocab, count_threshold

CHUNK_TOKENS = 1 << 20


class _Numbering(dict[str, int]):
    """Token to number by first occurrence: a look-up of an unknown token adds it."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        self[token] = number = len(self)
        return number


class _FrozenNumbering(_Numbering):
    """Nothing is added: every unknown token has the number after the last."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        return len(self)


def _number_tokens(
    corpus: TokenCorpus, numbering: _Numbering, chunk_tokens: int, progress: PhaseProgress | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield ids int32 and line ends int64, by chunks of whole sentences. `numbering` may be changed in between."""
    ids, ends, done = array("i"), array("q"), 0
    for position, sentence in enumerate(corpus.sentences):
        if isinstance(sentence, str | bytes):
            raise TypeError(
                f"sentence {position} is the {type(sentence).__name__} {sentence[:40]!r}; wanted a list of str"
            )
        n_before = len(ids)
        try:
            ids.extend(map(numbering.__getitem__, sentence))
        except TypeError as error:
            at = f"sentence {position}, token {len(ids) - n_before}"
            raise TypeError(f"{at}: {error}; expected lists of str, as the first sentence is") from error
        ends.append(len(ids))
        if len(ids) >= chunk_tokens:
            done += len(ids)
            yield np.frombuffer(ids, np.int32), np.frombuffer(ends, np.int64)
            ids, ends = array("i"), array("q")
            if progress is not None:
                progress(done, None)
    yield np.frombuffer(ids, np.int32), np.frombuffer(ends, np.int64)


class EncodedTokens:
    """Lists of str read once: the tokens by first occurrence, their counts, and the ids in a temporary file."""

    def __init__(self, numbering: _Numbering) -> None:
        self._numbering = numbering
        self._spool = TemporaryBlocks()
        self._blocks: list[StoredBlock] = []
        self.counts = np.zeros(0, np.int64)
        self.n_raw = 0

    def read(self, corpus: TokenCorpus, chunk_tokens: int, progress: PhaseProgress | None) -> None:
        """Give numbers to the tokens, count them and spool them."""
        for ids, ends in _number_tokens(corpus, self._numbering, chunk_tokens, progress):
            self.n_raw += len(ids)
            self.counts = _add_counts(self.counts, ids, len(self._numbering) + 1)
            self._blocks.append(self._spool.write(ids, ends))
        self.counts = self.counts[: len(self._numbering)]

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the tokens in `order`."""
        tokens = list(self._numbering)
        return Vocab.from_keys([tokens[n] for n in order.tolist()], self.counts[order], n_raw_tokens=self.n_raw)

    def rows_in(self, vocab: Vocab) -> np.ndarray:
        """Return the row of each token in a given vocabulary, -1 for none: int32[n_tokens]."""
        rows = vocab.key_to_index
        return np.fromiter((rows.get(token, -1) for token in self._numbering), np.int32, len(self._numbering))  # type: ignore[call-overload]

    def blocks(self, row_of: np.ndarray) -> Iterator[Unread]:
        """Yield for each block what reads its ids and line ends, and the row of each id."""
        row_of_id = np.append(row_of, np.int32(-1))
        for block in self._blocks:
            yield block.read, row_of_id

    def close(self) -> None:
        """Delete the temporary file."""
        self._spool.close()


def encode_tokens(
    corpus: TokenCorpus, *, max_vocab_size: int | None, progress: PhaseProgress | None, chunk_tokens: int = CHUNK_TOKENS
) -> EncodedTokens:
    """Read lists of str once, or twice with `max_vocab_size`: to find the words to count, then to count them."""
    numbering = _Numbering()
    if max_vocab_size is not None:
        numbering = _pruned_numbering(corpus, max_vocab_size, chunk_tokens, progress)
    encoded = EncodedTokens(numbering)
    try:
        encoded.read(corpus, chunk_tokens, progress)
        if encoded.n_raw == 0:
            raise ValueError(
                "max_vocab_size reads the corpus twice, and the second time it had no token; pass list(sentences), "
                "or an object whose __iter__ starts anew each time"
            )
    except BaseException:
        encoded.close()
        raise
    return encoded


def _pruned_numbering(
    corpus: TokenCorpus, max_vocab_size: int, chunk_tokens: int, progress: PhaseProgress | None
) -> _FrozenNumbering:
    """Count, and after each chunk forget the rarest tokens beyond `max_vocab_size`."""
    numbering, counts = _Numbering(), np.zeros(0, np.int64)
    for ids, _ in _number_tokens(corpus, numbering, chunk_tokens, progress):
        counts = _add_counts(counts, ids, len(numbering))
        if len(numbering) > max_vocab_size:
            kept = np.flatnonzero(counts >= count_threshold(counts, max_vocab_size))
            tokens, counts = list(numbering), counts[kept]
            numbering.clear()
            numbering.update((tokens[old], new) for new, old in enumerate(kept.tolist()))
    return _FrozenNumbering(numbering)


def _add_counts(counts: np.ndarray, ids: np.ndarray, n_ids: int) -> np.ndarray:
    total = np.bincount(ids, minlength=n_ids)
    total[: len(counts)] += counts
    return total

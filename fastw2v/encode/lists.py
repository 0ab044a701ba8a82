"""Lists of words to word ids and counts."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np

from fastw2v.corpus import TokenCorpus
from fastw2v.encode.temporary_blocks import StoredBlock, TemporaryBlocks
from fastw2v.encode.token_files import EncodedBlock
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.word_bytes import canonical_word
from fastw2v.vocab import Vocab, count_threshold

CHUNK_TOKENS = 1 << 20


class _WordIds(dict[str, int]):
    """The id of each token, by first occurrence; the look-up of an unknown token adds it."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        self[token] = word_id = len(self)
        return word_id


class _FrozenWordIds(_WordIds):
    """A look-up adds nothing: every unknown token gets the id after the last."""

    def __missing__(self, token: str) -> int:
        if not isinstance(token, str):
            raise TypeError(f"a token is a {type(token).__name__}, {token!r}")
        return len(self)


def _read_chunks(
    corpus: TokenCorpus, word_ids: _WordIds, *, chunk_tokens: int, progress: PhaseProgress | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield word ids, int32, and sentence ends, int64, by chunks of whole sentences.

    The caller may change `word_ids` between two chunks.
    """
    ids, ends, done = array("i"), array("q"), 0
    for position, sentence in enumerate(corpus.sentences):
        if isinstance(sentence, str | bytes):
            raise TypeError(
                f"sentence {position} is the {type(sentence).__name__} {sentence[:40]!r}; expected a list of str"
            )
        n_before = len(ids)
        try:
            ids.extend(map(word_ids.__getitem__, sentence))
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


class EncodedLists:
    """Lists of str read once: the tokens by first occurrence, their counts, and the word ids in a temporary file."""

    def __init__(self, word_ids: _WordIds) -> None:
        self._word_ids = word_ids
        self._temporary = TemporaryBlocks()
        self._blocks: list[StoredBlock] = []
        self.counts = np.zeros(0, np.int64)
        self.n_raw = 0

    def read(self, corpus: TokenCorpus, chunk_tokens: int, progress: PhaseProgress | None) -> None:
        """Turn the tokens into word ids, count them, and store the ids."""
        for ids, ends in _read_chunks(corpus, self._word_ids, chunk_tokens=chunk_tokens, progress=progress):
            self.n_raw += len(ids)
            self.counts = _add_counts(self.counts, ids, len(self._word_ids) + 1)
            self._blocks.append(self._temporary.write(ids, ends))
        self.counts = self.counts[: len(self._word_ids)]

    def vocab(self, order: np.ndarray) -> Vocab:
        """Make the vocabulary whose rows are the tokens in `order`."""
        tokens = list(self._word_ids)
        return Vocab.from_keys([tokens[n] for n in order.tolist()], self.counts[order], n_raw_tokens=self.n_raw)

    def rows_in(self, vocab: Vocab) -> np.ndarray:
        """Return the row of each token in a given vocabulary, -1 for none: int32[n_tokens]."""
        rows = vocab.key_to_index
        found = (rows.get(canonical_word(token), -1) for token in self._word_ids)  # type: ignore[call-overload]
        return np.fromiter(found, np.int32, len(self._word_ids))

    def blocks(self, row_of: np.ndarray) -> Iterator[EncodedBlock]:
        """Yield the blocks in the order of the corpus, given the row of each word: int32[n_words]."""
        row_of_id = np.append(row_of, np.int32(-1))  # the last is for tokens that a frozen dict does not know
        for block in self._blocks:
            yield EncodedBlock(block.read, row_of_id)

    def close(self) -> None:
        """Delete the temporary file."""
        self._temporary.close()


def encode_lists(
    corpus: TokenCorpus, *, max_vocab_size: int | None, progress: PhaseProgress | None, chunk_tokens: int = CHUNK_TOKENS
) -> EncodedLists:
    """Read lists of str once; with `max_vocab_size` twice, to choose the words to count, then to count them."""
    word_ids = _WordIds()
    if max_vocab_size is not None:
        word_ids = _pruned_word_ids(corpus, max_vocab_size=max_vocab_size, chunk_tokens=chunk_tokens, progress=progress)
    encoded = EncodedLists(word_ids)
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


def _pruned_word_ids(
    corpus: TokenCorpus, *, max_vocab_size: int, chunk_tokens: int, progress: PhaseProgress | None
) -> _FrozenWordIds:
    """Count the tokens; after each chunk, forget the rarest beyond `max_vocab_size`."""
    word_ids, counts = _WordIds(), np.zeros(0, np.int64)
    for ids, _ in _read_chunks(corpus, word_ids, chunk_tokens=chunk_tokens, progress=progress):
        counts = _add_counts(counts, ids, len(word_ids))
        if len(word_ids) > max_vocab_size:
            frequent = np.flatnonzero(counts >= count_threshold(counts, max_vocab_size))
            tokens, counts = list(word_ids), counts[frequent]
            word_ids.clear()
            word_ids.update((tokens[old], new) for new, old in enumerate(frequent.tolist()))
    return _FrozenWordIds(word_ids)


def _add_counts(counts: np.ndarray, ids: np.ndarray, n_ids: int) -> np.ndarray:
    """Return the counts with those of `ids` added: int64[n_ids] or longer."""
    total = np.bincount(ids, minlength=n_ids)
    total[: len(counts)] += counts
    return total

"""Counts bounded by `max_vocab_size`, as gensim bounds them: after each sentence the rarest tokens are forgotten."""

from __future__ import annotations

from collections.abc import Iterable, Set


def count_with_pruning(
    sentences: Iterable[list[str]], *, connector_words: Set[str], delimiter: str, max_vocab_size: int
) -> tuple[dict[str, int], int]:
    """Count words and phrases in plain Python, and forget rare ones after each sentence that leaves too many.

    What is forgotten depends on all counts at that sentence, so this is not divided among threads.

    Returns
    -------
    counts : dict of str to int
    min_reduce : int
        The next pruning would forget counts below this.
    """
    counts: dict[str, int] = {}
    min_reduce = 1
    for sentence in sentences:
        _count_sentence(counts, sentence, connector_words, delimiter=delimiter)
        if len(counts) > max_vocab_size:
            prune(counts, min_reduce)
            min_reduce += 1
    return counts, min_reduce


def _count_sentence(counts: dict[str, int], sentence: list[str], connector_words: Set[str], *, delimiter: str) -> None:
    phrase: list[str] = []
    for word in sentence:
        if word not in connector_words:
            counts[word] = counts.get(word, 0) + 1
            if phrase:
                joined = delimiter.join([*phrase, word])
                counts[joined] = counts.get(joined, 0) + 1
            phrase = [word]
        elif phrase:
            phrase.append(word)


def prune(counts: dict[str, int], min_reduce: int) -> None:
    """Forget the tokens that occur less often than `min_reduce`; the dict changes in place."""
    for token in [token for token, count in counts.items() if count < min_reduce]:
        del counts[token]

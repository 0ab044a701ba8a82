"""What `fastw2v train` and `eval` read: text files, text from stdin, or tables."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastw2v.corpus import Corpus, IntegerCorpus, LineSentence, TextCorpus, table_corpus, text_corpus
from fastw2v.corpus.stored import store
from fastw2v.corpus.text import expanded_paths
from fastw2v.corpus.tokenized import checked_tokens

if TYPE_CHECKING:
    from fastw2v.keyedvectors import KeyedVectors

STDIN = Path("-")


def corpus_of(
    inputs: Sequence[Path],
    *,
    column: str | None = None,
    group: str | None = None,
    items: str | None = None,
    order: str | None = None,
    lower: bool = False,
    tokens: str | None = None,
) -> Corpus:
    """Return the corpus of a command line; the options are those of `table_corpus` and `text_corpus`.

    Raises
    ------
    ValueError
        Options of tables and of text are mixed, or stdin is to be a table.
    """
    if column is None and group is None and items is None and order is None:
        return _text(inputs, lower=lower, tokens=tokens)
    if lower or tokens is not None:
        raise ValueError("--lower and --tokens are for text files; a table has its tokens in a column")
    if STDIN in inputs:
        raise ValueError("a table cannot be read from stdin; give the name of a file")
    paths = [path for given in inputs for path in expanded_paths(str(given))]
    return table_corpus(paths, column=column, group=group, items=items, order=order)


def sessions_of(vectors: KeyedVectors, path: Path, **columns: str | None) -> Any:  # noqa: ANN401
    """Return the sessions of a file: lines of text, or a table if a column is named; items as the vectors' keys."""
    if not any(columns.values()):
        words = LineSentence(path)
        return ([_key(word) for word in line] for line in words) if vectors.is_integer else words
    corpus = table_corpus(path, **columns)
    if isinstance(corpus, IntegerCorpus) and not vectors.is_integer:  # word2vec's formats have words alone
        bounds = zip(corpus.starts[:-1], corpus.starts[1:])
        return ([str(item) for item in corpus.ids[first:last]] for first, last in bounds)
    return corpus


def _key(word: str) -> str | int:
    return int(word) if word.lstrip("-").isdigit() else word


def _text(inputs: Sequence[Path], *, lower: bool, tokens: str | None) -> Corpus:
    files = [path for path in inputs if path != STDIN]
    if len(files) == len(inputs):
        return text_corpus(files, lower=lower, tokens=tokens)
    if files or len(inputs) > 1:
        raise ValueError("stdin (-) is read alone; join the files first: cat FILE... | fastw2v train -")
    how = checked_tokens(lower, tokens)
    return TextCorpus((store(sys.stdin.buffer, "stdin"),), tokens=how)

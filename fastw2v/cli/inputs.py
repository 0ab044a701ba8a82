"""What `fastw2v train` and `eval` read: text files, text from stdin, or tables."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastw2v.corpus import (
    Corpus,
    IntegerCorpus,
    LineSentence,
    TextCorpus,
    read_pairs,
    table_corpus,
    text_corpus,
)
from fastw2v.corpus.stored import store
from fastw2v.corpus.text import expanded_paths
from fastw2v.corpus.tokenized import checked_tokens

if TYPE_CHECKING:
    from fastw2v.distributed import ClusterCorpus
    from fastw2v.keyedvectors import KeyedVectors

STDIN = Path("-")
_URL = re.compile(r"(?:^|(?<=::))([a-z][a-z0-9+.]+):/+")  # one of a chain too: zip://*.txt::s3://bucket/texts.zip
_LOCAL = ("file", "local")  # protocols without a host


def corpus_of(
    inputs: Sequence[Path],
    columns: Mapping[str, str],
    *,
    pairs: bool = False,
    lower: bool = False,
    tokens: str | None = None,
) -> Corpus:
    """Return the corpus of a command line.

    Parameters
    ----------
    inputs : sequence of Path
    columns : mapping
        The options of `table_corpus` that were given; with `pairs`, "column" names those of `read_pairs`.
    pairs : bool
        Whether the inputs hold explicit pairs.
    lower, tokens
        As in `text_corpus`.

    Raises
    ------
    ValueError
        Options of tables and of text are mixed, or stdin is to be a table.
    """
    if not columns and not pairs:
        return _text(inputs, lower=lower, tokens=tokens)
    if lower or tokens is not None:
        what = "pairs are keys as they are" if pairs else "a table has its tokens in a column"
        raise ValueError(f"--lower and --tokens are for text files; {what}")
    if STDIN in inputs:
        raise ValueError(f"{'pairs' if pairs else 'a table'} cannot be read from stdin; give the name of a file")
    paths = [path for given in inputs for path in expanded_paths(str(given))]
    return _pairs(paths, columns) if pairs else table_corpus(paths, **columns)


def cluster_corpus_of(
    inputs: Sequence[Path],
    columns: Mapping[str, str],
    *,
    pairs: bool = False,
    lower: bool = False,
    tokens: str | None = None,
) -> ClusterCorpus:
    """Do what `corpus_of` does, for a cluster; ValueError for what a cluster does not read."""
    from fastw2v.distributed import cluster_corpus

    refused = [name for name in columns if name != "column"] + ["pairs"] * pairs
    if refused:
        cure = "text files, or Parquet files with --column"
        raise ValueError(f"--{refused[0]} is not for --cluster, which reads {cure}; train on one machine without it")
    if STDIN in inputs:
        raise ValueError("stdin (-) cannot be read by the nodes of a cluster; give the names of files")
    urls = [_URL.sub(_url, str(given)) for given in inputs]
    return cluster_corpus(urls, column=columns.get("column"), lower=lower, tokens=tokens)


def _url(found: re.Match[str]) -> str:
    """Return the beginning of a URL, of which `Path` has left one slash."""
    return f"{found[1]}://" + "/" * (found[1] in _LOCAL)


def _pairs(paths: Sequence[Path], columns: Mapping[str, str]) -> Corpus:
    if set(columns) > {"column"} or (columns and "column" not in columns):
        raise ValueError(
            "with --pairs, name the columns of a table by --column CENTRE,CONTEXT or with ,WEIGHT after it"
        )
    return read_pairs(paths, columns["column"].split(",") if columns else None)


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

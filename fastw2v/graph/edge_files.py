"""Files of edges: a line for each, with two nodes and possibly a weight."""

from __future__ import annotations

from os import PathLike, fspath
from typing import NoReturn

import numpy as np

from fastw2v.corpus.text import TextCorpus, corpus_of_files, expanded_paths
from fastw2v.corpus.tokenized import checked_tokens
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.graph.csr import Graph
from fastw2v.runtime.named_errors import errors_named
from fastw2v.vocab import Vocab
from fastw2v_kernels.shared.threads import available_cores

_BETWEEN_COMMAS = r"[^,\s]+"
_EDGES_AT_ONCE = 1 << 16


def read_edges(
    path: str | PathLike[str], *, weighted: bool | None = None, directed: bool = False, workers: int | None = None
) -> Graph:
    r"""Read a graph from a file with an edge on each line: source, target and possibly a weight.

    Columns are separated by tabs, spaces or, in files whose name ends in .csv, commas. Lines that begin with # are
    comments; there is no line of headings. The file may be packed by gzip, bzip2, xz or zstd.

    Parameters
    ----------
    path : path
        Or a pattern of several files; see `fastw2v.corpus.text_corpus`.
    weighted : bool, optional
        Whether there is a third column; None: the file tells. False ignores it.
    directed : bool
        Whether walks follow edges from source to target alone.
    workers : int, optional
        Threads; default: one for each core.

    Returns
    -------
    Graph
        The nodes are words, in the order of their first occurrence.

    Raises
    ------
    ValueError
        A line has another number of columns, or a weight that is none.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.graph import read_edges
    >>> _ = Path("edges.tsv").write_text("# friends\nAnn\tBen\t2\nBen\tCleo\t0.5\n")
    >>> read_edges("edges.tsv")
    Graph<3 nodes, 4 directed edges, weighted>
    """
    with errors_named(path):
        return _graph(fspath(path), workers=workers or available_cores(), weighted=weighted, directed=directed)


def _graph(name: str, *, workers: int, weighted: bool | None, directed: bool) -> Graph:
    has_commas = name.rpartition("/")[2].partition(".csv")[1] != ""
    corpus = corpus_of_files(expanded_paths(name), checked_tokens(False, _BETWEEN_COMMAS if has_commas else None))
    words, cells = _table(corpus, name, workers=workers, weighted=weighted)
    order = _by_first_occurrence(cells[:, :2], len(words))
    row_of = np.full(len(words), -1, np.int32)
    row_of[order] = np.arange(len(order))
    nodes = words.take(order).with_counts(np.zeros(len(order)))
    weight = None if cells.shape[1] == 2 else _weights(words, cells[:, 2], name)
    return Graph.of_numbers(nodes, row_of[cells[:, 0]], row_of[cells[:, 1]], weight=weight, directed=directed)


def _by_first_occurrence(ends: np.ndarray, n_words: int) -> np.ndarray:
    """Return the distinct words among the ends of edges, in the order in which they occur: int64[n_nodes]."""
    is_known, found = np.zeros(n_words, bool), []
    for first in range(0, len(ends), _EDGES_AT_ONCE):
        words = ends[first : first + _EDGES_AT_ONCE].ravel()
        new, places = np.unique(words[~is_known[words]], return_index=True)
        is_known[new] = True
        found.append(new[np.argsort(places)])
    return np.concatenate(found).astype(np.int64)


def _table(corpus: TextCorpus, name: str, *, workers: int, weighted: bool | None) -> tuple[Vocab, np.ndarray]:
    """Return the distinct words of a file, and the cells of its lines: int32[n_edges, 2 or 3], numbers of words."""
    words, tokens = encode_corpus(corpus, min_count=1, sorted_vocab=False, workers=workers)
    with tokens:
        lengths, is_edge = np.diff(tokens.starts), _are_edges(words, tokens)
        if not is_edge.any():
            raise ValueError(f"{name} has no edge, only comments; expected lines of two nodes, and possibly a weight")
        n_columns = int(lengths[is_edge][0])
        n_expected = 3 if weighted else n_columns
        wrong = np.flatnonzero(is_edge & ((lengths != n_expected) | (lengths < 2) | (lengths > 3)))
        if wrong.size:
            _refuse_line(words, tokens, int(wrong[0]), name=name, n_expected=n_expected)
        ids = tokens.ids.copy() if is_edge.all() else tokens.ids[np.repeat(is_edge, lengths)]
        cells = ids.reshape(-1, n_columns)
    return words, cells[:, :2] if weighted is False else cells


def _are_edges(words: Vocab, tokens: Tokens) -> np.ndarray:
    """Return whether each line is no comment."""
    hash_sign = words.letters[words.word_starts[:-1]] == ord("#")
    return np.asarray(~hash_sign[tokens.ids[tokens.starts[:-1]]])


def _refuse_line(words: Vocab, tokens: Tokens, line: int, *, name: str, n_expected: int) -> NoReturn:
    cells = tokens.ids[tokens.starts[line] : tokens.starts[line + 1]][:5]
    keys = [words.keys[cell] for cell in cells]
    expected = f"the {n_expected} of the lines before" if n_expected in (2, 3) else "two nodes, and possibly a weight"
    raise ValueError(
        f"line {line + 1} of {name} (empty ones not counted) has the columns {keys}; expected {expected}, separated by "
        "tabs or spaces, in a .csv by commas; names have no whitespace in them"
    )


def _weights(words: Vocab, cells: np.ndarray, name: str) -> np.ndarray:
    """Return the numbers that words of a column say: float64[n_edges]."""
    is_weight = np.zeros(len(words), bool)
    is_weight[cells] = True
    distinct, numbers = np.flatnonzero(is_weight), np.empty(len(words))
    for row, word in zip(distinct, map(str, words.take(distinct).keys)):
        try:
            numbers[row] = float(word)
        except ValueError:
            cure = "a line of headings begins with #; networkx.write_weighted_edgelist writes such files"
            raise ValueError(f"{name} has the weight {word!r}; expected a number ({cure})") from None
    return np.asarray(numbers[cells])

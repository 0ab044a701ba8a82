"""Shards, the parts of a corpus that nodes read apart from each other: ranges of text files, row groups of Parquet."""

from __future__ import annotations

import io
import logging
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO, NamedTuple, cast

from fastw2v.corpus import Corpus, TextCorpus, table_corpus
from fastw2v.corpus.columns import pyarrow_module
from fastw2v.corpus.text import given_paths, refuse_json_lines, warn_of_table
from fastw2v.corpus.tokenized import Tokens as Tokenizing
from fastw2v.corpus.tokenized import checked_tokens
from fastw2v.distributed.files import expanded, opened, size_of, without_chain
from fastw2v.runtime.compressed import is_compressed

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

logger = logging.getLogger("fastw2v")
_FEWEST_BYTES, _MOST_BYTES = 1 << 14, 256 << 20
_N_SHARDS = 64  # about, of a corpus that is neither small nor large
_SEARCHED_BYTES = 1 << 16
_UNEVEN = 1.5  # times the mean, which the node with most may have without a warning
_PARQUET = b"PAR1"
_JSON_CURE = 'save the field that holds the words as a column of Parquet, and pass column="text", or --column text'
_TABLE_CURE = 'of a table, save the column as Parquet, and pass column="text", or --column text'


class Shard(NamedTuple):
    """A part of one file.

    Attributes
    ----------
    path : str
    begin, end : int
        Bytes of a text file, of which the last is a line end or the file's last; of Parquet, row groups.
    n_bytes : int
        About how much there is to read.
    """

    path: str
    begin: int
    end: int
    n_bytes: int


@dataclass(frozen=True)
class ClusterCorpus:
    """Files that the nodes of a cluster read, made by `cluster_corpus`.

    Parameters
    ----------
    paths : tuple of str
        Files, in the order of the corpus.
    column : str, optional
        Of Parquet files: the column whose rows are sentences.
    how : Tokenizing, optional
        How text becomes tokens, where whitespace is not all that separates them.
    """

    paths: tuple[str, ...]
    column: str | None = None
    how: Tokenizing | None = None

    def shards(self) -> list[Shard]:
        """Cut the files into shards; the order of the shards is that of the corpus.

        Raises
        ------
        OSError
            A file cannot be read.
        """
        if self.column is not None:
            return [shard for path in self.paths for shard in _row_groups(path)]
        sizes = [size_of(path) for path in self.paths]
        most = min(max(sum(sizes) // _N_SHARDS, _FEWEST_BYTES), _MOST_BYTES)
        return [shard for path, size in zip(self.paths, sizes) for shard in _ranges(path, size, most)]

    def read(self, shard: Shard) -> Corpus:
        """Return a shard as a corpus; raises as `text_corpus` and `table_corpus`."""
        if self.column is None:
            return TextCorpus((TextRange(shard),), tokens=self.how, is_later_part=shard.begin > 0)
        with opened(shard.path) as file:
            groups = pyarrow_module().parquet.ParquetFile(file)
            table = groups.read_row_groups(range(shard.begin, shard.end), columns=[self.column])
        return table_corpus(table, column=self.column)


def cluster_corpus(
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    column: str | None = None,
    lower: bool = False,
    tokens: str | None = None,
) -> ClusterCorpus:
    """Name the files that a cluster shall train on.

    Parameters
    ----------
    paths : path or list of paths
        Paths, folders or patterns as in `text_corpus`, which each node must see; or URLs of fsspec, such as
        ``s3://bucket/part-*.txt``, which each node must be able to open. A URL may be chained, such as
        ``zip://*.txt::s3://bucket/texts.zip``.
    column : str, optional
        The files are Parquet, and the rows of this column are sentences; see `table_corpus`.
    lower, tokens
        As in `text_corpus`.

    Returns
    -------
    ClusterCorpus
        For ``Word2Vec(corpus, cluster="auto")``.

    Raises
    ------
    OSError
        A file does not exist, or a pattern matches none.
    TypeError
        `paths` is neither a path nor a list of paths.
    ValueError
        There is no path, a file holds JSON lines, or options of text are mixed with `column`.
    ImportError
        A URL is given and fsspec is not installed, or `column` and pyarrow is not.

    Examples
    --------
    >>> from pathlib import Path
    >>> from fastw2v.distributed import cluster_corpus
    >>> _ = Path("reviews.txt").write_text("a good film")
    >>> len(cluster_corpus("reviews.txt").paths)
    1
    """
    how = checked_tokens(lower, tokens)
    if column is not None and how is not None:
        raise ValueError(f"lower and tokens are for text, and column is {column!r}; a table has its tokens in a column")
    if column is not None:
        pyarrow_module()
    files = tuple(found for path in given_paths(paths) for found in expanded(path))
    if column is None:
        _check_plain(files)
    return ClusterCorpus(files, column, how)


def _check_plain(files: Sequence[str]) -> None:
    for file in files:
        refuse_json_lines(without_chain(file), _JSON_CURE)
    for file in files:
        warn_of_table(without_chain(file), _TABLE_CURE)


def one_cluster_corpus(sentences: Any, corpus_file: Any) -> ClusterCorpus:  # noqa: ANN401
    """Return the corpus of a call of `Word2Vec` with `cluster`.

    Raises
    ------
    TypeError
        Neither or both are given, or the sentences are in this machine's memory.
    """
    if (sentences is None) == (corpus_file is None):
        given = "neither" if sentences is None else "both"
        raise TypeError(
            f"a cluster trains on files: pass corpus_file, or cluster_corpus(...) as sentences; got {given}"
        )
    if corpus_file is not None:
        return cluster_corpus(corpus_file)
    if not isinstance(sentences, ClusterCorpus):
        cure = "write it to files that all nodes see, and pass corpus_file, or cluster_corpus(files, column=...)"
        raise TypeError(f"sentences is a {type(sentences).__name__}, which a cluster cannot read: {cure}")
    return sentences


def _ranges(path: str, size: int, most: int) -> Iterator[Shard]:
    """Cut a text file at line ends; a compressed one is one shard."""
    with opened(path) as file:
        first = file.read(16)
        if first[:4] == _PARQUET:
            raise ValueError(f"{path!r} is a Parquet file; name the column that holds the words: column=")
        begin, n_parts = 0, 1 if is_compressed(first) else -(-size // most)
        for part in range(1, n_parts + 1):
            end = size if part == n_parts else _after_line_end(file, part * size // n_parts, size)
            if end > begin:
                yield Shard(path, begin, end, end - begin)
            begin = max(begin, end)


def _after_line_end(file: BinaryIO, position: int, size: int) -> int:
    """Return the position after the first line end at or behind `position`."""
    file.seek(position)
    while position < size:
        block = file.read(_SEARCHED_BYTES)
        found = block.find(b"\n")
        if found >= 0:
            return position + found + 1
        position += max(len(block), 1)
    return size


def _row_groups(path: str) -> list[Shard]:
    with opened(path) as file:
        if file.read(4) != _PARQUET:
            raise ValueError(f"{path!r} is no Parquet file, and column is given, which is for Parquet files")
        metadata = pyarrow_module().parquet.ParquetFile(file).metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    return [Shard(path, n, n + 1, group.total_byte_size) for n, group in enumerate(groups)]


def count_of(number: int, what: str) -> str:
    """Return so many of something in words."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def warn_of_uneven(shares: Iterable[Collection[int]], shards: Sequence[Shard]) -> None:
    """Warn in the log of nodes that have nothing to train, or little, where one has much; `shares` are their shards."""
    loads = [sum(shards[number].n_bytes for number in share) for share in shares]
    n_idle, n_parts = sum(not load for load in loads), len(shards)
    cure = "cut the files into more, or unpack them: a compressed file and a row group of Parquet are read by one node"
    if n_idle:
        idle = f"{count_of(n_idle, 'node')} {'has' if n_idle == 1 else 'have'}"
        logger.warning("%s nothing to train, since the corpus has %s; %s", idle, count_of(n_parts, "part"), cure)
    elif max(loads) * len(loads) > _UNEVEN * sum(loads):
        share = 100 * max(loads) / sum(loads)
        logger.warning("one of %d nodes has %.0f %% of the corpus, and the others wait; %s", len(loads), share, cure)


class TextRange:
    """Some bytes of a text file, as the source of a `TextCorpus`."""

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    def __len__(self) -> int:
        return self._shard.end - self._shard.begin

    def __str__(self) -> str:
        return self._shard.path

    def opened(self) -> BinaryIO:
        """Return the text from its beginning."""
        file = opened(self._shard.path)
        return cast(BinaryIO, io.BufferedReader(_Range(file, self._shard.begin, self._shard.end), 1 << 20))


class _Range(io.RawIOBase):
    """The bytes `begin` to `end` of a file, which is closed with it."""

    def __init__(self, file: BinaryIO, begin: int, end: int) -> None:
        super().__init__()
        self._file, self._begin, self._end = file, begin, end
        file.seek(begin)

    def readable(self) -> bool:
        """Whether it can be read: yes."""
        return True

    def seekable(self) -> bool:
        """Whether `seek` works: yes."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Write the next bytes into `buffer`; return how many, 0 at the end."""
        target = memoryview(buffer).cast("B")
        data = self._file.read(min(len(target), self._end - self._file.tell()))
        target[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, and return it."""
        start = {io.SEEK_SET: self._begin, io.SEEK_CUR: self._file.tell(), io.SEEK_END: self._end}[whence]
        return self._file.seek(min(max(start + offset, self._begin), self._end)) - self._begin

    def tell(self) -> int:
        """Return the position."""
        return self._file.tell() - self._begin

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

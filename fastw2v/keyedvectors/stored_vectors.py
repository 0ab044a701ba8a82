"""StoredVectors: reading and writing files, and a start from the vectors of a file."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from os import PathLike
from typing import Self

import numpy as np
import numpy.typing as npt

from fastw2v import formats
from fastw2v.compat import refuse_unsupported
from fastw2v.formats import Layout, Reading
from fastw2v.formats.streams import Source, name_of
from fastw2v.keyedvectors.similarities import Similarities
from fastw2v.runtime.arrays import FloatArray, RowArray
from fastw2v.runtime.class_only import class_only
from fastw2v.vectors.key_table import VectorTable, sorted_by

logger = logging.getLogger("fastw2v")


class StoredVectors(Similarities):
    """Vectors by key that are read from files and written to them; and which rows training leaves as they are."""

    _lock_factors: FloatArray | None = None

    @property
    def vectors_lockf(self) -> FloatArray:
        """Factor of what training moves each row, float32[n_vocab], or one for all rows; 0 freezes the row."""
        if self._lock_factors is None:
            self._lock_factors = np.ones(1, np.float32)
        return self._lock_factors

    @vectors_lockf.setter
    def vectors_lockf(self, factors: npt.ArrayLike) -> None:
        array = np.asarray(factors, np.float32)
        if array.shape not in ((1,), (len(self),)):
            raise ValueError(f"vectors_lockf has shape {array.shape}; expected ({len(self)},), or (1,) for all rows")
        self._lock_factors = array

    def lock_factors(self) -> FloatArray | None:
        """Return `vectors_lockf` for every row, float32[n_vocab]; None if all are 1. Rows added since then have 1.

        Raises
        ------
        ValueError
            A factor is negative or not finite.
        """
        given = self._lock_factors
        if given is None or (given == 1).all():
            return None
        if not np.isfinite(given).all() or (given < 0).any():
            raise ValueError(
                "vectors_lockf has negative or infinite factors; expected 0 to freeze a row, 1 to train it"
            )
        factors = np.full(len(self), given[0] if len(given) == 1 else 1, np.float32)
        if len(given) > 1:
            factors[: len(given)] = given
        return factors

    def _reorder(self, order: RowArray) -> None:
        if self._lock_factors is not None and len(self._lock_factors) == len(order):
            self._lock_factors = self._lock_factors[order]
        super()._reorder(order)

    def take_attributes(self, other: StoredVectors) -> None:
        """Take lock factors and attributes other than counts from vectors whose rows are the first of these."""
        factors = other.lock_factors()
        if factors is not None:
            self.vectors_lockf = np.ones(len(self), np.float32)
            self.vectors_lockf[: len(factors)] = factors
        self.expandos |= {name: values.copy() for name, values in other.expandos.items() if name != "count"}
        self.allocate_vecattrs()

    @classmethod
    def from_file(cls, table: VectorTable, path: str | PathLike[str]) -> Self:
        """Make vectors from the content of a file; ValueError, which names the file, if the content does not fit."""
        kv = super().from_file(table, path)
        kv._lock_factors = table.lock_factors
        return kv

    def intersect_word2vec_format(
        self,
        fname: str | PathLike[str],
        lockf: float = 0.0,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
    ) -> None:
        r"""Take the vectors of a file for the keys that are both in it and here; no key is added.

        Training then starts from these vectors, and with ``lockf=0`` leaves them as they are.

        Parameters
        ----------
        fname : path
            word2vec text or binary.
        lockf : float >= 0
            Factor of what training moves these rows; see `vectors_lockf`. 1 trains them as the others.
        binary : bool
            Whether the file is word2vec binary.
        encoding, unicode_errors
            As for `load_word2vec_format`.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or its vectors have another length.

        Examples
        --------
        >>> import tempfile
        >>> from pathlib import Path
        >>> from fastw2v import KeyedVectors
        >>> wv = KeyedVectors(["a", "b"], [[1.0, 2.0], [3.0, 4.0]])
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "pretrained.txt")
        ...     _ = path.write_text("2 2\nb 9 9\nc 7 7\n")
        ...     wv.intersect_word2vec_format(path)
        >>> wv.vectors.tolist(), wv.vectors_lockf.tolist()
        ([[1.0, 2.0], [9.0, 9.0]], [1.0, 0.0])
        """
        how = Reading(binary=binary, encoding=encoding, unicode_errors=unicode_errors, wanted=self.key_to_index)
        vocab, vectors = formats.read_word2vec(fname, how)
        if vectors.shape[1] != self.vector_size:
            raise ValueError(f"{fname} has vectors of {vectors.shape[1]} numbers; expected {self.vector_size} as here")
        there = [(row, own) for row, key in enumerate(vocab.keys) if (own := self.key_to_index.get(key, -1)) >= 0]
        rows, own_rows = np.array(there, np.intp).reshape(-1, 2).T
        factors = self.lock_factors()
        self.vectors_lockf = np.ones(len(self), np.float32) if factors is None else factors
        self._vectors[own_rows], self.vectors_lockf[own_rows] = vectors[rows], lockf
        self.norms = None
        self.n_edits += 1
        logger.info("took %d of the %d vectors of %s", len(there), len(vocab), fname)

    def save(
        self,
        fname_or_handle: str | PathLike[str],
        separately: Sequence[str] | None = None,
        sep_limit: int = 10 * 1024**2,
        ignore: Iterable[str] = frozenset(),
        pickle_protocol: int = 4,
        *,
        format: str | None = None,
        dtype: str | None = None,
    ) -> None:
        """Write the vectors to one file, in a format chosen by its ending.

        Parameters
        ----------
        fname_or_handle : path
            Ending in .bin (word2vec binary), .txt or .vec (word2vec text), .parquet, .feather, .npy, .npz, or .usearch,
            .hnswlib or .faiss (an index); any other name is a safetensors file.
        separately, sep_limit, pickle_protocol
            Have no effect: they say how gensim divides its pickles into files.
        ignore : iterable of str
            Must be empty.
        format : str, optional
            One of `fastw2v.formats.FORMATS`, whatever the ending. "projector" (TensorBoard) and "static-embedding"
            (sentence-transformers and model2vec) write a folder.
        dtype : str, optional
            Store the numbers as "float16", or, with safetensors and usearch, as "int8". safetensors then has a factor
            for each row; a number that is loaded differs by at most 1 / 254 of the largest of its row.

        Raises
        ------
        ValueError
            `ignore` is not empty; or the format is unknown, or cannot hold a key, a vector or numbers of that type.
        ImportError
            The format needs a package that is not installed.
        OSError
            The file cannot be written.
        """
        refuse_unsupported({"ignore": frozenset(ignore)})
        formats.save(self, fname_or_handle, format, dtype=dtype)

    def save_word2vec_format(
        self,
        fname: str | PathLike[str],
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        total_vec: int | None = None,
        write_header: bool = True,
        prefix: str = "",
        append: bool = False,
        sort_attr: str = "count",
    ) -> None:
        """Write the vectors as word2vec text or binary, whatever the ending of the file.

        As in gensim, the most frequent key comes first; `save` keeps the order of the rows.

        Parameters
        ----------
        fname : path
            Packed if it ends in .gz, .bz2, .xz or .zst.
        fvocab : path, optional
            Write keys and their counts to this file, a key a line.
        binary : bool
            word2vec binary rather than text.
        total_vec : int, optional
            The count in the first line; default: the number of keys.
        write_header : bool
            Whether to write the first line, "count dim".
        prefix : str
            Text before each key.
        append : bool
            Write after what the file holds; usually with ``write_header=False``.
        sort_attr : str
            The attribute by which rows are sorted, the greatest first; without it, they keep their order.

        Raises
        ------
        ValueError
            The format cannot hold a key (empty, or with whitespace) or a vector (not finite); or `fvocab` is given and
            the keys have no counts.
        OSError
            A file cannot be written.
        """
        if fvocab is not None and self.counts is None:
            raise ValueError("fvocab is given, but these vectors have no counts; set them, wv.counts = array")
        ordered = sorted_by(self, self.expandos.get(sort_attr))
        layout = Layout(total_vec=total_vec, write_header=write_header, prefix=prefix)
        formats.save_word2vec(ordered, fname, binary=binary, append=append, layout=layout)
        if fvocab is not None:
            by_count = sorted_by(self, self.counts)
            formats.save_counts(by_count, fvocab, prefix=prefix)

    @class_only
    def load(cls, fname: str | PathLike[str], mmap: str | None = None) -> Self:
        """Read vectors from a file in any format; the content tells which.

        Parameters
        ----------
        fname : path
        mmap : "r" or "c", optional
            Leave the vectors in the file, which must be safetensors or .npy, and read them when they are used.
            Processes that load the same file share its memory. "r": the vectors cannot be written to; "c": what you
            write stays in memory.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or of an unknown format; or it is to be mapped and is neither safetensors nor .npy.
        ImportError
            It is Parquet or Feather, and pyarrow is not installed.
        """
        return cls.from_file(formats.read(fname, mmap), fname)

    @class_only
    def load_word2vec_format(
        cls,
        fname: Source,
        fvocab: str | PathLike[str] | None = None,
        binary: bool = False,
        encoding: str = "utf8",
        unicode_errors: str = "strict",
        limit: int | None = None,
        datatype: npt.DTypeLike = np.float32,
        no_header: bool = False,
    ) -> Self:
        """Read word2vec text or binary, or GloVe text, which has no first line.

        The format has no counts: as in gensim, the attribute "count" is made up, n_vocab for the first key and 1 for
        the last, so that the order of the rows is kept. Of rows with the same word the first is kept, and the number
        of the others is logged. The last fields of a line are the numbers, so that words of text may hold spaces.

        Parameters
        ----------
        fname : path, or file object opened with "rb"
            Plain, or packed by gzip, bzip2, xz or zstd: the content tells.
        fvocab : path, optional
            Counts: a key and its count on each line, as `save_word2vec_format` writes them.
        binary : bool
            Whether the file is word2vec binary.
        encoding, unicode_errors : str
            How bytes become words. With "strict", bytes that are no UTF-8 become private characters of Unicode, and are
            written back as they were, where gensim raises.
        limit : int, optional
            Read only the first so many rows.
        datatype : float16, float32 or float64
            Type of the vectors.
        no_header : bool
            Say that there is no line "count dim" although the first line looks like one.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or is not what `binary` says.

        Warns
        -----
        RuntimeWarning
            The first line counts wrong, or vectors have NaN or infinite numbers; both are read.
        """
        how = Reading(
            binary=binary,
            encoding=encoding,
            unicode_errors=unicode_errors,
            limit=limit,
            datatype=datatype,
            no_header=no_header,
        )
        counts_of = None if fvocab is None else formats.read_counts(fvocab, how)
        vocab, vectors = formats.read_word2vec(fname, how)
        counts = np.arange(len(vocab), 0, -1)
        if counts_of is not None:
            found = [counts_of.get(str(key)) for key in vocab.keys]
            counts, n_missing = np.array([count or 0 for count in found], np.int64), found.count(None)
            if n_missing:
                logger.warning("%s has no count for %d of the %d keys; they get 0", fvocab, n_missing, len(counts))
        return cls.from_file(VectorTable(vocab.with_counts(counts), vectors, counts), name_of(fname))

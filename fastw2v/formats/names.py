"""The formats by name and by the ending of a file."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from fastw2v.formats.streams import PACKED_ENDINGS
from fastw2v.runtime.files import check_writable, writable_folder
from fastw2v.runtime.packages import optional_module
from fastw2v.vectors.indexes import PACKAGES

WORD2VEC = ("word2vec-binary", "word2vec-text")
FOLDERS = ("projector", "static-embedding")
INDEXES = ("usearch", "hnswlib", "faiss")
FORMATS = (*WORD2VEC, "safetensors", "parquet", "feather", "npy", "npz", *FOLDERS, *INDEXES)
FORMAT_OF_ENDING = {
    ".bin": "word2vec-binary",
    ".txt": "word2vec-text",
    ".vec": "word2vec-text",
    ".safetensors": "safetensors",
    ".parquet": "parquet",
    ".feather": "feather",
    ".npy": "npy",
    ".npz": "npz",
    ".usearch": "usearch",
    ".hnswlib": "hnswlib",
    ".faiss": "faiss",
}
_FLOATS = ("float16", "float32", "float64")
DTYPES: dict[str, tuple[str, ...]] = {
    name: _FLOATS for name in ("parquet", "feather", "npy", "npz", "static-embedding")
}
DTYPES |= {"safetensors": (*_FLOATS, "int8"), "usearch": ("float16", "float32", "int8")}
_PACKAGES = {"parquet": "pyarrow", "feather": "pyarrow", **PACKAGES}  # that must be there, by format
_OTHERS = {".pkl", ".pickle", ".csv", ".tsv", ".json", ".h5", ".zip", ".arrow", ".ann", ".index"}


def chosen_format(path: Path, format: str | None, dtype: str | None = None) -> str:
    """Return the format, by the ending if `format` is None.

    Raises
    ------
    ValueError
        The format is unknown, the file would be packed although the format is not, or the format does not store
        numbers of that type.
    """
    endings, is_packed = ", ".join(FORMAT_OF_ENDING), path.suffix in PACKED_ENDINGS
    ending = path.with_suffix("").suffix if is_packed else path.suffix
    if format is None and (ending in _OTHERS or (is_packed and ending not in FORMAT_OF_ENDING)):
        raise ValueError(f"{path}: {ending or path.suffix} is no ending of a format; use {endings}, or give a format")
    chosen = format or FORMAT_OF_ENDING.get(ending, "safetensors")
    if chosen not in FORMATS:
        raise ValueError(f"format is {format!r}, expected one of {', '.join(FORMATS)}")
    if is_packed and chosen not in WORD2VEC:
        why = "since they are mapped" if chosen == "safetensors" else "only those of word2vec are"
        raise ValueError(f"{path}: {chosen} files are not packed, {why}; leave out {path.suffix}")
    if dtype is not None and dtype not in DTYPES.get(chosen, ()):
        able = ", ".join(name for name, dtypes in DTYPES.items() if dtype in dtypes)
        known = " or ".join(map(repr, DTYPES.get(chosen, ())))
        cure = f"it is stored by {able}" if able else f"expected {known}" if known else "leave it out"
        raise ValueError(f"{path}: dtype={dtype!r} is not for {chosen}; {cure}")
    return chosen


def check_target(path: str | PathLike[str], format: str | None = None, dtype: str | None = None) -> None:
    """Raise what `save` would raise about path, format, type and packages, before the work is done."""
    chosen = chosen_format(Path(path), format, dtype)
    if chosen in _PACKAGES:
        module = "pyarrow" if chosen in ("parquet", "feather") else chosen
        optional_module(module, package=_PACKAGES[chosen], purpose=f"the format {chosen}")
    if chosen in FOLDERS and Path(path).exists():
        writable_folder(path)
    else:
        check_writable(path)

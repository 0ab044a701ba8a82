"""Text to train on: the standard library of the running interpreter, the Penn Treebank; and the data sets of tests."""

from __future__ import annotations

import os
import re
import sysconfig
from pathlib import Path

import numpy as np

from fastw2v import _download
from fastw2v.corpus import TextCorpus

# Packages that are not the library's own, and machine-made tables of character names.
_SKIPPED_FOLDERS = {"site-packages", "dist-packages", "__pycache__", "encodings"}
_ESCAPED_NEWLINE = rb"\n"  # a backslash and an n, as written in a string: the n is no letter of the next word
_PARAGRAPH_END = re.compile(rb"\n[ \n]*\n")

# Where the book takes the Penn Treebank from, and the SHA-256 of each part.
_PTB_URL = "https://raw.githubusercontent.com/tomsercu/lstm/master/data/"
_PTB_PARTS = {"train": "train", "valid": "valid", "val": "valid", "test": "test"}
_PTB_SHA256 = {
    "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}


def default_corpus() -> TextCorpus:
    """Return the text of the running interpreter's standard library: about 3.4 million words, the same at every call.

    The words are the runs of ASCII letters in its ``.py`` files (so ``read_line`` is two words and ``readLine`` one),
    lower-cased; a paragraph, up to a blank line, is a sentence. Files come in sorted order. An interpreter installed
    without its tests (some Linux packages) has about a third of the text.

    Returns
    -------
    TextCorpus
        In memory, about 30 MB.

    Raises
    ------
    FileNotFoundError
        The interpreter comes without the sources of its library.
    """
    folder = Path(sysconfig.get_path("stdlib"))
    files = _python_files(folder)
    if not files:
        raise FileNotFoundError(
            f"no .py files under {str(folder)!r}: this interpreter has no sources of its library, "
            "expected them for the default corpus; pass a text file instead"
        )
    return TextCorpus((b"\n".join(map(_sentences, files)),))


def data_dir() -> Path:
    """Return the folder of data sets, named by the environment variable FASTW2V_DATA_DIR.

    Raises
    ------
    FileNotFoundError
        The variable is not set, or names no folder.
    """
    named = os.environ.get("FASTW2V_DATA_DIR")
    if not named:
        raise FileNotFoundError("FASTW2V_DATA_DIR is not set; set it to the folder that holds the data sets")
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"FASTW2V_DATA_DIR is {named!r}, which is no folder; set it to the data sets' folder")
    return folder


def load_ptb(data_type: str = "train") -> tuple[np.ndarray, dict[str, int], dict[int, str]]:
    """Return a part of the Penn Treebank as word ids; the book's ``ptb.load_data``.

    A line end is the word "<eos>"; ids are those of the part "train", in the order of first occurrence. The file is
    ``ptb.<part>.txt`` in `data_dir`, else in the user's cache folder, to which it is downloaded once. Its SHA-256 is
    checked.

    Parameters
    ----------
    data_type : "train", "valid" (or "val"), or "test"
        929,589, 73,760 or 82,430 tokens; 10,000 words.

    Returns
    -------
    corpus : int64[n_tokens]
    word_to_id, id_to_word : dict

    Raises
    ------
    ValueError
        There is no such part, or a file is not the one expected.
    OSError
        The file is not there and cannot be downloaded.
    """
    if data_type not in _PTB_PARTS:
        raise ValueError(f'data_type is {data_type!r}; expected "train", "valid" or "test"')
    train = _ptb_words("train")
    id_to_word = dict(enumerate(dict.fromkeys(train)))
    word_to_id = {word: word_id for word_id, word in id_to_word.items()}
    words = train if data_type == "train" else _ptb_words(_PTB_PARTS[data_type])
    return np.fromiter(map(word_to_id.__getitem__, words), np.int64, len(words)), word_to_id, id_to_word


def _ptb_words(part: str) -> list[str]:
    name = f"ptb.{part}.txt"
    folder = data_dir() if os.environ.get("FASTW2V_DATA_DIR") else None
    content = _download.file_content(name, _PTB_URL + name, _PTB_SHA256[name], folder)
    return content.decode().replace("\n", "<eos>").strip().split()


def _python_files(folder: Path) -> list[Path]:
    files = []
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if name not in _SKIPPED_FOLDERS]
        files += [Path(parent, name) for name in names if name.endswith(".py")]
    return sorted(files)


def _letters_only() -> bytes:
    """Return the translation table: letters to lower case, newline kept, every other byte a space."""
    table = bytearray(b" " * 256)
    for upper, lower in zip(range(ord("A"), ord("Z") + 1), range(ord("a"), ord("z") + 1)):
        table[upper] = table[lower] = lower
    table[ord("\n")] = ord("\n")
    return bytes(table)


_LETTERS_ONLY = _letters_only()


def _sentences(file: Path) -> bytes:
    """Return the words of one file, a paragraph a line."""
    text = file.read_bytes().replace(_ESCAPED_NEWLINE, b" ").translate(_LETTERS_ONLY)
    return b"\n".join(part.replace(b"\n", b" ") for part in _PARAGRAPH_END.split(text))


def evaluation_files() -> tuple[list[Path], list[Path]]:
    """Return the word-pair files and the analogy files of `data_dir`.

    Raises
    ------
    FileNotFoundError
        There is no such folder, or none of the files is in it.
    """
    folder = data_dir()
    pairs = [path for name in ("wordsim353.tsv", "simlex999.txt") if (path := folder / name).exists()]
    analogies = [path for name in ("questions-words.txt",) if (path := folder / name).exists()]
    if not pairs and not analogies:
        raise FileNotFoundError(
            f"{folder} holds no evaluation file; expected wordsim353.tsv, simlex999.txt or questions-words.txt"
        )
    return pairs, analogies

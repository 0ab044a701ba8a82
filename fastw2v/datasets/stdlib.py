"""The default corpus: the text of the running interpreter's standard library."""

from __future__ import annotations

import os
import re
import sysconfig
from pathlib import Path

from fastw2v.corpus import TextCorpus

# Installed packages, and generated tables of character names.
_SKIPPED_FOLDERS = {"site-packages", "dist-packages", "__pycache__", "encodings"}
_ESCAPED_NEWLINE = rb"\n"  # a backslash and an n inside a string: the n does not belong to the next word
_PARAGRAPH_END = re.compile(rb"\n[ \n]*\n")


def default_corpus() -> TextCorpus:
    """Return the text of the running interpreter's standard library: about 3.4 million words, the same at every call.

    A word is a run of ASCII letters in a ``.py`` file, in lower case: ``read_line`` is two words, ``readLine`` is one.
    A paragraph, up to a blank line, is a sentence. Files are read in sorted order. An interpreter installed without its
    tests (as by some Linux packages) has about a third of the text.

    Returns
    -------
    TextCorpus
        In memory, about 30 MB.

    Raises
    ------
    FileNotFoundError
        The interpreter was installed without the sources of its library.

    Examples
    --------
    >>> from fastw2v.datasets import default_corpus
    >>> corpus = default_corpus()
    >>> corpus.n_bytes > 1_000_000
    True
    """
    folder = Path(sysconfig.get_path("stdlib"))
    files = _python_files(folder)
    if not files:
        raise FileNotFoundError(
            f"no .py files under {str(folder)!r}: this interpreter has no sources of its library, "
            "which the default corpus is made of; pass a text file instead"
        )
    return TextCorpus((b"\n".join(map(_sentences, files)),))


def _python_files(folder: Path) -> list[Path]:
    """Return the .py files of the library, sorted."""
    files = []
    for parent, subfolders, names in os.walk(folder):
        subfolders[:] = [name for name in subfolders if name not in _SKIPPED_FOLDERS]
        files += [Path(parent, name) for name in names if name.endswith(".py")]
    return sorted(files)


def _letters_only() -> bytes:
    """Return the translation table: letters to lower case, newline to itself, every other byte to a space."""
    table = bytearray(b" " * 256)
    for upper, lower in zip(range(ord("A"), ord("Z") + 1), range(ord("a"), ord("z") + 1)):
        table[upper] = table[lower] = lower
    table[ord("\n")] = ord("\n")
    return bytes(table)


_LETTERS_ONLY = _letters_only()


def _sentences(file: Path) -> bytes:
    """Return the words of one file, one line per paragraph."""
    text = file.read_bytes().replace(_ESCAPED_NEWLINE, b" ").translate(_LETTERS_ONLY)
    return b"\n".join(paragraph.replace(b"\n", b" ") for paragraph in _PARAGRAPH_END.split(text))

"""Tokens of raw text: runs of letters, under gensim.utils' names and with its results."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

_LETTERS = re.compile(r"(?:(?!\d)\w)+")
_RUNS = re.compile(r"[^\W\d]+")
_LEAST, _MOST = 2, 15  # letters of a token of simple_preprocess


def tokenize(
    text: str | bytes,
    lowercase: bool = False,
    deacc: bool = False,
    encoding: str = "utf8",
    errors: str = "strict",
    to_lower: bool = False,
    lower: bool = False,
) -> Iterator[str]:
    """Find the words of a text: the longest runs of letters and underscores, without digits.

    Parameters
    ----------
    text : str or bytes
    lowercase, to_lower, lower : bool
        True for any of them: the words are in lower case. gensim has the three names.
    deacc : bool
        Remove accents: "é" becomes "e".
    encoding, errors : str
        How to decode bytes; see `bytes.decode`.

    Returns
    -------
    iterator of str

    Raises
    ------
    UnicodeDecodeError
        The bytes are not in this encoding, and errors="strict".

    Examples
    --------
    >>> from fastw2v.corpus import tokenize
    >>> list(tokenize("Déjà vu, 3 times!", lowercase=True, deacc=True))
    ['deja', 'vu', 'times']
    """
    text = text if isinstance(text, str) else str(text, encoding, errors=errors)
    if lowercase or to_lower or lower:
        text = text.lower()
    if deacc:
        text = _without_accents(text)
    return (match.group() for match in _LETTERS.finditer(text))


def runs_of_letters(text: str) -> list[str]:
    """Return the words that `tokenize` finds."""
    return _RUNS.findall(text)


def is_simple(word: str) -> bool:
    """Whether `simple_preprocess` keeps a word."""
    return _LEAST <= len(word) <= _MOST and not word.startswith("_")


def simple_preprocess(doc: str | bytes, deacc: bool = False, min_len: int = _LEAST, max_len: int = _MOST) -> list[str]:
    """Turn a document into a list of words in lower case, without those that are very short or very long.

    Parameters
    ----------
    doc : str or bytes
        Bytes are UTF-8; what is not is left out.
    deacc : bool
        Remove accents: "é" becomes "e".
    min_len, max_len : int
        The least and the most letters of a word, both included.

    Returns
    -------
    list of str
        Words that begin with an underscore are left out, too.

    Examples
    --------
    >>> from fastw2v.corpus import simple_preprocess
    >>> simple_preprocess("I saw 2 films; the first one was über-good.")
    ['saw', 'films', 'the', 'first', 'one', 'was', 'über', 'good']
    """
    words = tokenize(doc, deacc=deacc, errors="ignore", lower=True)
    return [word for word in words if min_len <= len(word) <= max_len and not word.startswith("_")]


def _without_accents(text: str) -> str:
    """Return a text in which letters have lost the marks that Unicode can separate from them."""
    separated = unicodedata.normalize("NFD", text)
    return unicodedata.normalize("NFC", "".join(c for c in separated if unicodedata.category(c) != "Mn"))

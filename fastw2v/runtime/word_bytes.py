r"""Words as bytes and as str, one for one: a byte that is no UTF-8 is one private character of Unicode.

A byte b from 0x80 on that belongs to no character becomes U+10FE00 + b, which ends in its hexadecimal digits. Such a
str is valid Unicode: it can be printed, written as UTF-8, or put into JSON. The same 128 characters in a text, which no
alphabet uses, become four of them, one for each byte of their UTF-8, so that every word is written back as it was read.
"""

from __future__ import annotations

import re

_FIRST = 0x10FE00
_ESCAPES = re.compile("[\U0010fe80-\U0010feff]")
_UNUSUAL = re.compile("[\U0010fe80-\U0010feff\udc80-\udcff]")
_UNSAFE = re.compile(  # control characters, line and paragraph separators, marks that turn or hide text, surrogates
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U0010fe80-\U0010feff]"
)


def decode_word(word: bytes, encoding: str = "utf-8") -> str:
    r"""Word from any bytes; the inverse of `encode_word` if the encoding is UTF-8.

    Parameters
    ----------
    word : bytes
    encoding : str
        Bytes that have no character in it are kept as escapes, too.

    Examples
    --------
    >>> decode_word("café".encode())
    'café'
    >>> ascii(decode_word("café".encode("latin-1")))
    "'caf\\U0010fee9'"
    """
    try:
        text = word.decode(encoding)
    except UnicodeDecodeError:
        text = word.decode(encoding, "surrogateescape")
    return escaped(text)


def encode_word(word: str) -> bytes:
    r"""Bytes of a word; the escapes of bytes are those bytes again, and so are the surrogates of "surrogateescape".

    Raises
    ------
    ValueError
        The word holds another lone surrogate, which UTF-8 cannot write.

    Examples
    --------
    >>> encode_word("caf\U0010fee9"), encode_word("caf\udce9")
    (b'caf\xe9', b'caf\xe9')
    """
    if word.isascii():
        return word.encode()
    try:
        return _ESCAPES.sub(_surrogate, word).encode("utf-8", "surrogateescape")
    except UnicodeEncodeError as error:
        raise ValueError(
            f"token {word!r} holds a lone surrogate, which UTF-8 cannot write; expected valid text: "
            'clean the tokens with token.encode("utf-8", "replace").decode()'
        ) from error


def canonical_word(word: str) -> str:
    r"""Word as `decode_word` gives it, of any str with its bytes: surrogates of "surrogateescape" become escapes.

    A str that has no bytes is returned as it is.
    """
    if word.isascii() or not _UNUSUAL.search(word):
        return word
    try:
        return decode_word(encode_word(word))
    except ValueError:
        return word


def escaped(text: str) -> str:
    """Text decoded with "surrogateescape" with escapes for its surrogates, and for characters that look like them."""
    if text.isascii():
        return text
    return _UNUSUAL.sub(lambda found: "".join(map(_escape, found[0].encode("utf-8", "surrogateescape"))), text)


def printable(text: str) -> str:
    r"""Text for a terminal: a character that moves the cursor, turns text or gives orders is printed as its number.

    Examples
    --------
    >>> print(printable("\x1b[31mred\u202e naïve caf\U0010fee9"))
    \x1b[31mred\u202e naïve caf\xe9
    """
    return _UNSAFE.sub(lambda found: _number(ord(found[0])), text)


def _escape(byte: int) -> str:
    return chr(_FIRST + byte)


def _surrogate(found: re.Match[str]) -> str:
    return chr(0xDC00 + ord(found[0]) - _FIRST)


def _number(code: int) -> str:
    if code < 0x100 or code > 0xFFFF or 0xDC80 <= code <= 0xDCFF:  # a byte, or the escape of one
        return f"\\x{code & 0xFF:02x}"
    return f"\\u{code:04x}"

r"""Lists of words, joined to blocks of text, which the compiled reader turns into word ids.

In text, words are separated by ASCII whitespace and are not empty. The few words of lists that hold a separator, or are
empty, are written quoted: each such byte as two, of which the first, 0xFF, occurs in no UTF-8 text.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from fastw2v.corpus.blocks import Block
from fastw2v.corpus.integers import refuse_unordered
from fastw2v.runtime.progress import PhaseProgress
from fastw2v.runtime.word_bytes import encode_word
from fastw2v_kernels.encode import padded_size

QUOTE_BYTE = 0xFF
QUOTE = bytes([QUOTE_BYTE])
_CODES = {QUOTE: b"@", b" ": b"A", b"\t": b"B", b"\n": b"C", b"\r": b"D", b"\v": b"E", b"\f": b"F"}
_FIRST_BYTES_OF_ESCAPES = b"\xf4\x8f"  # see `fastw2v.runtime.word_bytes`
_EMPTY = QUOTE + b"G"


def quoted(word: bytes) -> bytes:
    r"""Return a word as it is written in text; `unquoted` undoes it.

    Examples
    --------
    >>> quoted(b"new york"), quoted(b""), quoted(b"plain")
    (b'new\xffAyork', b'\xffG', b'plain')
    """
    for byte, code in _CODES.items():  # the quote itself comes first
        word = word.replace(byte, QUOTE + code)
    return word or _EMPTY


def unquoted(word: bytes) -> bytes:
    """Return the word that `quoted` wrote."""
    if word == _EMPTY:
        return b""
    for byte, code in reversed(_CODES.items()):
        word = word.replace(QUOTE + code, byte)
    return word


def unquoted_words(letters: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return words without quotes.

    Parameters
    ----------
    letters : uint8[n_bytes]
        The words one after the other.
    starts : int64[n_words + 1]
        Where each begins.

    Returns
    -------
    letters : uint8[n_bytes]
    starts : int64[n_words + 1]
    """
    if not (letters == QUOTE_BYTE).any():
        return letters, starts
    data = letters.tobytes()
    words = [unquoted(data[start:end]) for start, end in pairwise(starts.tolist())]
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    return np.frombuffer(b"".join(words), np.uint8), np.concatenate([[0], np.cumsum(lengths)])


class _QuotedWords(dict[str, bytes]):
    """The quoted bytes of each word, made at the first look-up."""

    def __missing__(self, word: str) -> bytes:
        self[word] = found = quoted(encode_word(word))
        return found


def joined_blocks(
    sentences: Iterable[Iterable[str]], block_bytes: int, progress: PhaseProgress | None
) -> Generator[Block, None, None]:
    """Yield sentences as blocks of text, a line each.

    Parameters
    ----------
    sentences : iterable of iterables of str
        Sentences without words are left out.
    block_bytes : int
        Size of a block, about. A block ends with a sentence.
    progress : callable, optional
        Called as ``progress(tokens_done, None)`` after each block.

    Yields
    ------
    text : uint8[padded_size(n_bytes)]
        Padded with spaces.
    n_bytes : int
        The length without the padding.

    Raises
    ------
    TypeError
        A sentence is no iterable of str; the message says which.
    ValueError
        A word holds a lone surrogate.
    """
    taken: list[Sequence[str]] = []
    lines: list[str] = []
    n_letters = n_tokens = done = 0
    for position, sentence in enumerate(sentences):
        tokens = _tokens_of(sentence, position)
        try:
            line = " ".join(tokens)
        except TypeError as error:
            raise _wrong_token(tokens, position) from error
        if tokens:
            taken.append(tokens)
            lines.append(line)
            n_letters, n_tokens = n_letters + len(line) + 1, n_tokens + len(tokens)
        if n_letters >= block_bytes:
            yield _block(lines, taken, n_tokens)
            done += n_tokens
            n_letters = n_tokens = 0
            taken, lines = [], []
            if progress is not None:
                progress(done, None)
    if lines:
        yield _block(lines, taken, n_tokens)
    if progress is not None:
        progress(done + n_tokens, None)


def words_block(words: Iterable[bytes]) -> Block:
    """Return words as a block of text, some of them quoted."""
    return text_block(b" ".join(map(quoted, words)))


def text_block(data: bytes) -> Block:
    r"""Return text as a block; it ends with ``\n``, which is added."""
    text = np.empty(padded_size(len(data) + 1), np.uint8)
    text[: len(data)] = np.frombuffer(data, np.uint8)
    text[len(data)] = ord("\n")
    text[len(data) + 1 :] = ord(" ")
    return text, len(data) + 1


def _block(lines: list[str], sentences: list[Sequence[str]], n_tokens: int) -> Block:
    try:
        text, n_bytes = text_block(encoded("\n".join(lines)))
        as_it_is = is_plain(text[:n_bytes], n_tokens)
    except UnicodeEncodeError:
        as_it_is = False  # one of the words is refused below
    if as_it_is:
        return text, n_bytes
    words = _QuotedWords()
    return text_block(b"\n".join(b" ".join(map(words.__getitem__, sentence)) for sentence in sentences))


def encoded(text: str) -> bytes:
    """Do what `encode_word` does, faster for a long text."""
    data = text.encode("utf-8", "surrogateescape")
    return encode_word(text) if _FIRST_BYTES_OF_ESCAPES in data else data


def is_plain(text: np.ndarray, n_tokens: int) -> bool:
    """Whether reading this text, joined of `n_tokens` words, gives just these words, and no byte is the quote."""
    may_separate = text <= ord(" ")
    n_separators = int(np.count_nonzero(may_separate))  # a few other characters count too: such text is quoted in vain
    none_is_empty = not (may_separate[0] or (may_separate[1:] & may_separate[:-1]).any())
    return n_separators == n_tokens and none_is_empty and int(text.max()) < QUOTE_BYTE


def _tokens_of(sentence: Any, position: int) -> Sequence[str]:  # noqa: ANN401 - whatever a user passes
    if isinstance(sentence, list | tuple):
        return sentence
    if isinstance(sentence, str | bytes):
        raise _wrong_sentence(sentence, position, cure="sentence.split()")
    refuse_unordered(sentence, position)
    if not isinstance(sentence, Iterable):
        raise _wrong_sentence(sentence, position, cure="leave it out")
    return list(sentence)


def _wrong_sentence(sentence: object, position: int, *, cure: str) -> TypeError:
    what = f"sentence {position} is a {type(sentence).__name__}, {sentence!r:.60}"
    return TypeError(f"{what}; expected a list of str: {cure}")


def _wrong_token(tokens: Sequence[Any], position: int) -> TypeError:
    at, token = next((at, token) for at, token in enumerate(tokens) if not isinstance(token, str))
    what = f"sentence {position}, token {at}: a token is a {type(token).__name__}, {token!r:.60}"
    is_missing = token is None or token != token
    cure = "leave it out" if is_missing is True else "str(token)"
    return TypeError(f"{what}; expected lists of str, as the first sentence is: {cure}")

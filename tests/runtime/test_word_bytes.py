"""Words as bytes and as str: one for one, and always text that can be printed."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.runtime.word_bytes import canonical_word, decode_word, encode_word, escaped, printable

BYTES = [
    b"",
    b"a",
    "né日🙂".encode(),
    b"\xff\xfe",
    b"caf\xe9",
    "é".encode()[:1],
    b"\xf4\x8f\xba\x80",
    b"\xed\xa0\x80\xed\xb0\x80",
]


@settings(deadline=None, database=None, derandomize=True)
@given(st.binary(max_size=8) | st.text(max_size=4).map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_come_back(word):
    text = decode_word(word)
    assert encode_word(text) == word
    assert canonical_word(text) == text == escaped(word.decode(errors="surrogateescape"))
    assert text.encode().decode() == text


@pytest.mark.parametrize("word", BYTES)
def test_chosen_bytes_come_back_by_utf8_and_json(word):
    text = decode_word(word)
    assert encode_word(json.loads(json.dumps(text, ensure_ascii=False).encode())) == word


def test_text_is_itself_and_an_escape_ends_in_its_byte():
    assert decode_word("né日🙂\ue000\uf8ff".encode()) == "né日🙂\ue000\uf8ff"
    assert decode_word(b"\x80\xff") == "\U0010fe80\U0010feff"
    assert decode_word("\U0010fe80".encode()) == "\U0010fef4\U0010fe8f\U0010feba\U0010fe80"


def test_different_words_stay_different():
    assert len({decode_word(bytes([a, b])) for a in range(256) for b in range(256)}) == 1 << 16


def test_other_encodings_keep_what_they_cannot_read():
    assert decode_word(b"\xfcber", "latin-1") == "über"
    assert encode_word(decode_word(b"a\x81", "cp1252")) == b"a\x81"


def test_surrogates_are_taken():
    assert encode_word("caf\udce9") == b"caf\xe9"
    assert canonical_word("caf\udce9") == "caf\U0010fee9"
    assert canonical_word("\udcc3\udca9") == "é"
    assert canonical_word("\ud800") == "\ud800"
    with pytest.raises(ValueError, match="lone surrogate"):
        encode_word("\ud800")


def test_what_commands_a_terminal_is_printed_as_numbers():
    assert printable("naïve 日本 ‌🙂 a\u00a0b") == "naïve 日本 ‌🙂 a\u00a0b"
    assert printable("\x1b]0;owned\x07\r\n\x9b\x7f") == r"\x1b]0;owned\x07\x0d\x0a\x9b\x7f"
    assert printable("\u202ea\u2067b\u200f\u2028") == r"\u202ea\u2067b\u200f\u2028"
    assert printable("\udce9\U0010fee9\ud800") == r"\xe9\xe9\ud800"

"""Corpora, and what a Counter makes of them, for the tests of encoding."""

from collections import Counter

import numpy as np

from fastw2v.encode import encode_corpus
from fastw2v.runtime.word_bytes import decode_word
from fastw2v_kernels.encode import padded_size


def to_str(word):
    return decode_word(word)


def split(text):
    return [[to_str(word) for word in line.split()] for line in text.split(b"\n")]


def oracle(sentences, min_count=1, *, sorted_vocab=True):
    """Return words, counts and sentences of rows as a Counter makes them."""
    counter = Counter(word for sentence in sentences for word in sentence)
    items = counter.most_common() if sorted_vocab else counter.items()
    frequent = [(word, count) for word, count in items if count >= min_count]
    row = {word: n for n, (word, _) in enumerate(frequent)}
    rows = [[row[word] for word in sentence if word in row] for sentence in sentences]
    return list(row), [count for _, count in frequent], [sentence for sentence in rows if sentence]


def sentences_of(tokens):
    assert tokens.ids.dtype == np.int32
    assert tokens.starts.dtype == np.int64
    assert type(tokens.ids) is np.ndarray
    assert tokens.starts[0] == 0
    assert tokens.starts[-1] == tokens.n_tokens == len(tokens.ids)
    assert (np.diff(tokens.starts) > 0).all()
    return [sentence.tolist() for sentence in np.split(tokens.ids, tokens.starts[1:-1])] if tokens.n_tokens else []


def check(corpus, sentences, *, min_count=1, sorted_vocab=True, **options):
    vocab, tokens = encode_corpus(corpus, min_count=min_count, sorted_vocab=sorted_vocab, **options)
    words, counts, rows = oracle(sentences, min_count, sorted_vocab=sorted_vocab)
    assert vocab.keys == words
    assert vocab.counts.tolist() == counts
    assert sentences_of(tokens) == rows
    n_raw = sum(map(len, sentences))
    assert (tokens.n_raw, vocab.n_raw_tokens, vocab.n_tokens) == (n_raw, n_raw, sum(counts))
    tokens.close()


SPANNING = {
    "sentences over many blocks": b"a b a c\nb "
    + b"a rare%d b " * 40 % tuple(range(40))
    + b"a\n\na b c\na b"
    + b" c" * 90,
    "one sentence": b"a b c " * 300,
    "no word with a row for many blocks": b"a b\n" * 3 + b" ".join(b"x%d" % n for n in range(300)) + b"\na b\n" * 3,
    "lines of words without a row": b"a b a\n" + b"".join(b"x%d\n" % n for n in range(300)) + b"a b\na b",
    "a sentence whose words with a row lie before its last blocks": b"a b a b "
    + b"x1 x2 x3 x4 " * 2
    + b"\n" * 50
    + b"b a b",
    "a line ends where a block does": b"ab cd ef gh\n" * 60,
    "blank lines alone in blocks": b"a b\n" + b"\n" * 400 + b"a\n" + b" \n" * 400 + b"b a b",
}


def as_block(text):
    """Text as `WordTable.encode` takes it."""
    return np.frombuffer(bytearray(text.ljust(padded_size(len(text)))), np.uint8), len(text)


MULTIPLIER, WHOLE = 0x9E3779B97F4A7C15, 2**64  # of the encoder's hash


def mixed(word_hash, unit):
    product = (word_hash ^ unit) * MULTIPLIER % WHOLE
    return (product ^ product >> 32) * MULTIPLIER % WHOLE


def unmixed(word_hash, wanted):
    """The unit for which `mixed(word_hash, unit)` is what is wanted."""
    inverse = pow(MULTIPLIER, -1, WHOLE)
    product = wanted * inverse % WHOLE
    return (product ^ product >> 32) * inverse % WHOLE ^ word_hash


def colliding_words(n, seed, first_units, *, tag=12345):
    """`n` words whose hash has the same upper half, all that a slot holds of it; each begins with these units."""
    word_hash = seed
    for unit in first_units:
        word_hash = mixed(word_hash, int.from_bytes(unit, "little"))
    words = []
    for low in range(1 << 32):
        unit = unmixed(word_hash, tag << 32 | low).to_bytes(8, "little")
        if unit[7] == ord(" ") and not set(unit[:7]) & set(b" \t\n\r\v\f"):
            words.append(b"".join(first_units) + unit[:7])
            if len(words) == n:
                return words
    return words

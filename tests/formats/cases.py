"""Words, vectors and a comparison for the tests of file formats."""

import numpy as np

from fastw2v.runtime.word_bytes import decode_word

# Words that word2vec formats must carry: Unicode, bytes that are no UTF-8, numbers, marks, NUL, no-break space.
WORDS = ["the", "naïve", "日本", decode_word(b"\xff\xfe"), "1.5", "nan", "#x", "a\0b", "x\u00a0y", '"q', "🙂"]


ENDINGS = [".bin", ".txt", ".vec", ".safetensors"]


WORD2VEC_FORMATS = ["word2vec-binary", "word2vec-text"]


FORMATS_OF_ANY_WORD = [*WORD2VEC_FORMATS, "safetensors", "npz"]  # that hold each of these words, and need no package


def random_vectors(n_words, dim):
    """float32 over the whole range of exponents, a view of padded rows."""
    rng = np.random.default_rng(n_words + dim)
    padded = rng.normal(size=(n_words, dim + 3)) * 10.0 ** rng.integers(-44, 38, size=(n_words, dim + 3))
    return np.float32(padded)[:, :dim]


def assert_same_table(mine, other):
    assert mine.index_to_key == other.index_to_key
    assert mine.vectors.dtype == np.float32
    np.testing.assert_array_equal(mine.vectors, other.vectors)

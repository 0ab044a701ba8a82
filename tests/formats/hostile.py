"""What the tests of damaged files share: words and vectors by hypothesis; a loader that allows clear errors alone."""

import json
import warnings

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fastw2v import KeyedVectors
from fastw2v.runtime.word_bytes import canonical_word, decode_word, encode_word

# A file of a test is written for each example; how long one takes depends on the machine.
QUICK = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

_BYTES_THAT_ARE_NO_UTF8 = st.binary(min_size=1, max_size=6).map(decode_word)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
words = (_TEXT | _BYTES_THAT_ARE_NO_UTF8).map(canonical_word).filter(lambda word: encode_word(word).split() != [])
plain_words = words.map(lambda word: decode_word(b"".join(encode_word(word).split())))
floats = st.sampled_from([np.float16, np.float32, np.float64])


@st.composite
def tables(draw, keys, types=floats):
    """Keys with their vectors, and counts or none."""
    listed = draw(st.lists(keys, min_size=1, max_size=6, unique=True))
    shape = (len(listed), draw(st.integers(1, 5)))
    dtype = np.dtype(draw(types))
    numbers = st.floats(allow_nan=False, allow_infinity=False, width=dtype.itemsize * 8)
    return listed, draw(hnp.arrays(dtype, shape, elements=numbers))


def table(keys, vectors):
    """KeyedVectors of the vectors' own type."""
    kv = KeyedVectors(vectors.shape[1], dtype=vectors.dtype)
    kv.add_vectors(keys, vectors)
    return kv


def error_of(load, path):
    """Call `load(path)`. None if it returns; the message of a ValueError, which must name the file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            load(path)
        except ValueError as error:
            message = str(error)
        else:
            return None
    assert str(path) in message
    return message


def write_raw_safetensors(path, arrays, metadata=None):
    """Write arrays given as (name of the type, shape, bytes), without a check."""
    header, data = ({"__metadata__": metadata} if metadata else {}), b""
    for name, (kind, shape, content) in arrays.items():
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + data)
    return path

import builtins
import os
import pickle
import pickletools
import re
import tracemalloc

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.keyedvectors import KeyedVectors

WORDS = ["a", "b", "日本"]
IDS = {word: i for i, word in enumerate(WORDS)}
BACK = dict(enumerate(WORDS))
VECTORS = np.array([[1, 2], [3, 4.5], [-1, 0]], np.float16)
PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)


def params(**changes):
    return {"word_vecs": VECTORS, "word_to_id": IDS, "id_to_word": BACK} | changes


def written(path, value, protocol=-1):
    path.write_bytes(pickle.dumps(value, protocol))
    return path


def check(loaded):
    np.testing.assert_array_equal(loaded["word_vecs"], VECTORS)
    assert loaded["word_to_id"] == IDS
    assert loaded["id_to_word"] == BACK
    assert all(type(i) is int for i in loaded["id_to_word"])


def test_round_trip_and_a_plain_pickle_reads_it(tmp_path):
    path = tmp_path / "cbow_params.pkl"
    nn.save_params(path, VECTORS.astype(np.float32), IDS, BACK)
    loaded = nn.load_params(path)
    check(loaded)
    assert loaded["word_vecs"].dtype == np.float16
    loaded["word_vecs"][0] = 0  # the caller's own
    with open(path, "rb") as file:
        check(pickle.load(file))
    assert os.listdir(tmp_path) == [path.name]


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize(
    "vectors", [VECTORS, VECTORS.astype(">f4"), np.asfortranarray(VECTORS), VECTORS.astype(np.float64)[::-1][::-1]]
)
def test_what_scripts_write_is_read(tmp_path, protocol, vectors):
    check(nn.load_params(written(tmp_path / "v.pkl", params(word_vecs=vectors), protocol)))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_numpys_integers_are_read_as_ids(tmp_path, protocol):
    ids = {word: np.int64(i) for word, i in IDS.items()}
    back = {np.int32(i): word for i, word in BACK.items()}
    check(nn.load_params(written(tmp_path / "v.pkl", params(word_to_id=ids, id_to_word=back), protocol)))


@pytest.mark.parametrize("module", ["numpy.core.multiarray", "numpy._core.multiarray"])
def test_old_and_new_numpys_names_are_known(tmp_path, module):
    data = pickle.dumps(params(), 2)
    [other] = set(re.findall(rb"numpy\._?core\.multiarray", data))
    path = tmp_path / "v.pkl"
    path.write_bytes(data.replace(other, module.encode()))
    check(nn.load_params(path))


def test_keyed_vectors_know_it_by_content(tmp_path):
    path = tmp_path / "any.name"
    nn.save_params(path, VECTORS, IDS, BACK)
    kv = KeyedVectors.load(path)
    assert kv.index_to_key == WORDS
    assert kv.vectors.dtype == np.float32
    np.testing.assert_array_equal(kv.vectors, VECTORS)


class Call:
    """Unpickled by pickle.load, it calls a function."""

    def __init__(self, function, *args):
        self.call = function, args

    def __reduce__(self):
        return self.call


def hostile(marker):
    command, code = f"touch {marker}", f"open({str(marker)!r}, 'w')"
    yield Call(os.system, command)
    yield Call(builtins.eval, code)
    yield Call(builtins.exec, code)
    yield Call(builtins.__import__, "os")
    yield Call(builtins.open, str(marker), "w")
    yield Call(np.fromfile, str(marker))
    yield Call(np.load, str(marker))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("which", range(7))
@pytest.mark.parametrize("place", ["top", "vectors", "ids", "key"])
def test_a_hostile_pickle_runs_nothing(tmp_path, protocol, which, place):
    marker, path = tmp_path / "marker", tmp_path / "v.pkl"
    evil = list(hostile(marker))[which]
    value = {
        "top": evil,
        "vectors": params(word_vecs=evil),
        "ids": params(word_to_id=IDS | {"x": evil}),
        "key": params() | {"more": [evil]},
    }[place]
    written(path, value, protocol)
    with pytest.raises(ValueError, match=r"refused \(it calls .*nothing in it was run"):
        nn.load_params(path)
    with pytest.raises(ValueError):  # noqa: PT011 - protocols 0 and 1 are not even known for pickles
        KeyedVectors.load(path)
    assert not marker.exists()


def pickle_of(*parts):
    return b"\x80\x04" + b"".join(parts) + b"."


def name(module, attribute):
    return b"c%s\n%s\n" % (module.encode(), attribute.encode())


def doubled(value, n_levels):
    """A list of twice a list of twice a list ..., which takes 2 ** n_levels steps to show."""
    for _ in range(n_levels):
        value = [value, value]
    return value


SYSTEM = name("os", "system")
HAND_MADE = {
    "stack_global": pickle_of(b"\x8c\x05posix\x8c\x06system\x93\x8c\x04true\x85R"),
    "inst": pickle_of(b"(S'true'\nios\nsystem\n"),
    "obj": pickle_of(b"(" + SYSTEM + b"S'true'\no"),
    "newobj": pickle_of(SYSTEM, b")\x81"),
    "name only": pickle_of(SYSTEM),
    "dotted": pickle_of(b"\x8c\x05numpy\x8c\x0adtype.type\x93)R"),
    "persistent id": pickle_of(b"S'true'\nQ"),
    "extension": pickle_of(b"\x82\x01"),
    "state of a class": pickle_of(name("numpy", "dtype"), b"}S'code'\nS'O'\nsb"),
    "slots of a class": pickle_of(name("numpy.core.multiarray", "scalar"), b"N}S'__new__'\nK\x01s\x86b"),
    "a call of the array type": pickle_of(name("numpy", "ndarray"), b"(K\x01K\x02t\x85R"),
    "objects": pickle.dumps(params(word_vecs=np.array([[1, "x"]], dtype=object)), 4),
    "truncated": pickle.dumps(params(), 4)[:-20],
    "no stop": pickle.dumps(params(), 4)[:-1],
    "empty stack": pickle_of(b"0"),
    "huge": pickle_of(b"\x8e" + (2**62).to_bytes(8, "little")),
    "deep": pickle_of(b"]" * 10 + b"a" * 9),
    "deep tuples as a key": pickle_of(b"}N", b"\x85" * 1_000_000, b"Ns"),
    "tuples of tuples as a key": pickle_of(b"})", b"".join(b"q%ch%c\x86" % (i, i) for i in range(50)), b"Ns"),
    "a tuple as a key": pickle_of(b"})Ns"),
    "a list that is shown": pickle.dumps(params(id_to_word={0: doubled([], 50), 1: "b", 2: "日本"}), 4),
    "a set": pickle.dumps(params(more={1, 2}), 4),
    "an end without a beginning": pickle_of(b"}K\x01K\x01u"),
    "a dict as a list": pickle_of(b"}K\x01a"),
    "a list as a dict": pickle_of(b"]K\x01K\x01s"),
    "half an entry": pickle_of(b"}(K\x01u"),
    "a state of a dict": pickle_of(b"}}b"),
    "a call of a str": pickle_of(b"\x8c\x01a)R"),
}


@pytest.mark.parametrize("case", HAND_MADE)
def test_hand_made_pickles_are_refused(tmp_path, monkeypatch, case):
    monkeypatch.setattr(os, "system", lambda command: pytest.fail("it ran"))
    path = tmp_path / "v.pkl"
    path.write_bytes(HAND_MADE[case])
    with pytest.raises(ValueError, match="is refused"):
        nn.load_params(path)
    check(nn.load_params(written(path, params())))  # and nothing is left behind


def test_the_hand_made_ones_are_pickles():
    for case in ("stack_global", "inst", "obj", "newobj", "slots of a class"):
        list(pickletools.genops(HAND_MADE[case]))


def test_any_flipped_byte_is_read_or_refused(tmp_path):
    data, path, rng = pickle.dumps(params(), 4), tmp_path / "v.pkl", np.random.default_rng(0)
    for at in range(len(data)):
        spoilt = bytearray(data)
        spoilt[at] = rng.integers(256)
        path.write_bytes(spoilt)
        try:
            nn.load_params(path)
        except ValueError:
            pass


HUNGRY = {  # a few bytes that ask for many
    "memo index": b"\x80\x04Nr\xff\xff\xff\x03.",
    "memo index in digits": b"\x80\x04Np999999999\n.",
    "bytes": b"\x80\x04\x8e" + (2**26).to_bytes(8, "little") + b".",
    "bytearray": b"\x80\x05\x96" + (2**26).to_bytes(8, "little") + b".",
    "str": b"\x80\x04\x8d" + (2**26).to_bytes(8, "little") + b".",
    "int": b"\x80\x04\x8b" + (2**26).to_bytes(4, "little") + b".",
    "an array of a number of bytes": pickle_of(
        name("numpy.core.multiarray", "scalar"), name("numpy", "dtype"), b"\x8c\x02u1\x85RJ\xff\xff\xff\x7f\x86R"
    ),
    "dicts": b"\x80\x04" + b"}" * 1_000_000 + b".",
    "lists in a list": b"\x80\x04]" + (b"(" + b"]" * 1000 + b"e") * 1000 + b".",
    "dicts in tuples": b"\x80\x04" + (b"(" + b"}" * 5000 + b"t") * 200 + b".",
    "arrays in tuples": pickle_of(
        name("numpy.core.multiarray", "_reconstruct"), b"q\0", (b"(" + b"h\0)R" * 5000 + b"t") * 50
    ),
    "memos of one thing": b"\x80\x04N" + b"\x94" * 3_000_000 + b".",
    "a long integer": b"\x80\x04\x8b" + (100_000).to_bytes(4, "little") + b"\x7f" * 100_000 + b".",
    "bytes again and again": pickle_of(
        name("_codecs", "encode"),
        b"q\0X\xa0\x86\1\0",
        b"x" * 100_000,
        b"q\1\x8c\x06latin1q\2]",
        b"h\0h\1h\2\x86Ra" * 1000,
    ),
    "frame": b"\x80\x04\x95" + (2**26).to_bytes(8, "little") + b".",
}


@pytest.mark.parametrize("case", HUNGRY)
def test_a_small_file_takes_little_memory(tmp_path, case):
    path = tmp_path / "v.pkl"
    path.write_bytes(HUNGRY[case])
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match="is refused"):
            nn.load_params(path)
        assert tracemalloc.get_traced_memory()[1] < 2**20 + 3 * path.stat().st_size
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "value",
    [
        [1, 2],
        {"word_vecs": VECTORS},
        params(word_vecs=[[1.0, 2.0]]),
        params(word_vecs=VECTORS[0]),
        params(word_vecs=np.ones((3, 2), np.int64)),
        params(word_vecs=VECTORS[:2]),
        params(word_to_id={"a": 0, "b": 1}),
        params(word_to_id={"a": 1, "b": 0, "日本": 2}),
        params(id_to_word={0: "a", 1: "b", 3: "日本"}),
        params(id_to_word={0: "a", 1: "a", 2: "日本"}),
        params(id_to_word=WORDS),
        params(id_to_word={0: 5, 1: "b", 2: "日本"}),
    ],
)
def test_other_contents_are_refused(tmp_path, value):
    with pytest.raises(ValueError, match=r"is refused .*expected the book's pickle"):
        nn.load_params(written(tmp_path / "v.pkl", value))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"word_vecs": VECTORS[:2]}, "3 entries for 2 rows; expected a row for each word"),
        ({"word_vecs": VECTORS[0]}, r"word_vecs has shape \(2,\)"),
        ({"word_vecs": [["1", "2"]] * 3}, "word_vecs is <U1; expected an array of floats"),
        ({"word_to_id": {"a": 0, "b": 2, "日本": 1}}, "'b' at 1 and word_to_id 2 for it"),
        ({"word_to_id": WORDS}, "word_to_id is a list; expected a dict"),
        ({"id_to_word": {1: "a", 2: "b", 3: "日本"}}, "id_to_word has None at the id 0; expected a str"),
        ({"id_to_word": {0: "a", 1: "a", 2: "日本"}}, "'a' at 1 and word_to_id 0 for it"),
        ({"id_to_word": {0: b"a", 1: "b", 2: "日本"}}, "id_to_word has b'a' at the id 0; expected a str"),
    ],
)
def test_saving_refuses_what_loading_would(tmp_path, changes, message):
    with pytest.raises((ValueError, TypeError), match=message):
        nn.save_params(tmp_path / "v.pkl", **params(**changes))
    assert not os.listdir(tmp_path)


def test_numpys_integers_are_saved_as_ids(tmp_path):
    path = tmp_path / "v.pkl"
    nn.save_params(path, VECTORS.tolist(), {word: np.int64(i) for word, i in IDS.items()}, BACK)
    check(nn.load_params(path))


def test_saving_refuses(tmp_path):
    for bad in (np.nan, np.inf, 1e5):
        with pytest.raises(ValueError, match="65504"):
            nn.save_params(tmp_path / "v.pkl", np.full((3, 2), bad), IDS, BACK)
    assert not os.listdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        nn.load_params(tmp_path / "none.pkl")

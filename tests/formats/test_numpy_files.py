import json
import zipfile

import numpy as np
import pytest

from fastw2v import KeyedVectors


@pytest.fixture
def wv():
    return KeyedVectors(["a", "b", "c"], np.arange(12, dtype=np.float32).reshape(3, 4), [3, 2, 1])


@pytest.mark.parametrize("mode", ["r", "c"])
def test_a_matrix_of_npy_is_mapped(wv, tmp_path, mode):
    wv.save(tmp_path / "v.npy")
    loaded = KeyedVectors.load(tmp_path / "v.npy", mmap=mode)
    assert isinstance(loaded._vectors.base, np.memmap)
    assert loaded["b"].tolist() == [4, 5, 6, 7]
    assert loaded.vectors.flags.writeable == (mode == "c")


def test_npz_is_not_mapped(wv, tmp_path):
    wv.save(tmp_path / "v.npz")
    with pytest.raises(ValueError, match="can be mapped; load it without mmap"):
        KeyedVectors.load(tmp_path / "v.npz", mmap="r")


def test_a_matrix_without_keys_says_what_is_expected(tmp_path):
    np.save(tmp_path / "v.npy", np.eye(3))
    with pytest.raises(FileNotFoundError, match=r"no file .*v\.keys\.json.*KeyedVectors\(keys, numpy\.load\(path\)\)"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize("keys", ['["a"]', '["a", 1, "c"]', "[[], [], []]", "{}", "[", "3", "[true, false, 2]"])
def test_keys_that_are_no_list_of_words_or_of_integers_are_refused(tmp_path, keys):
    np.save(tmp_path / "v.npy", np.eye(3))
    (tmp_path / "v.keys.json").write_text(keys)
    with pytest.raises(ValueError, match=r"v\.keys\.json (has no list of 3|is damaged)"):
        KeyedVectors.load(tmp_path / "v.npy")


@pytest.mark.parametrize(
    "matrix",
    [np.arange(3), np.ones(3), np.ones((3, 2), int), np.ones((3, 2, 1)), np.array([["a"]]), np.ones((3, 2)) * 1j],
)
def test_an_array_that_is_no_matrix_of_floats_is_refused(tmp_path, matrix):
    np.save(tmp_path / "v.npy", matrix)
    np.savez(tmp_path / "v.npz", keys=["a", "b", "c"], vectors=matrix)
    for name in ("v.npy", "v.npz"):
        with pytest.raises(ValueError, match=f"{name}.*expected a matrix of floating-point numbers"):
            KeyedVectors.load(tmp_path / name)


def test_a_pickle_within_is_not_run(tmp_path):
    np.save(tmp_path / "v.npy", np.array([[print]], object), allow_pickle=True)
    np.savez(tmp_path / "v.npz", keys=np.array([print], object), vectors=np.eye(1))
    for name in ("v.npy", "v.npz"):
        with pytest.raises(ValueError, match="type object; expected"):
            KeyedVectors.load(tmp_path / name)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    "matrix", [np.asfortranarray(np.arange(6.0).reshape(3, 2)), np.arange(6, dtype=">f4").reshape(3, 2)]
)
def test_archives_of_numpy_itself_are_read(tmp_path, save, matrix):
    save(tmp_path / "v.npz", keys=np.array([9, 4, 2], np.int32), vectors=matrix, counts=[3, 2, 1])
    loaded = KeyedVectors.load(tmp_path / "v.npz")
    assert loaded.index_to_key == [9, 4, 2]
    assert loaded.vectors.tolist() == matrix.tolist()
    assert loaded.counts.tolist() == [3, 2, 1]


def test_an_archive_of_something_else_is_refused_with_what_it_holds(tmp_path):
    np.savez(tmp_path / "v.npz", x=np.eye(2))
    with pytest.raises(ValueError, match=r"v\.npz is a zip archive of x\.npy; expected keys\.npy and vectors\.npy"):
        KeyedVectors.load(tmp_path / "v.npz")


def test_a_header_that_claims_more_than_there_is_allocates_nothing(tmp_path):
    head = {"descr": "<f4", "fortran_order": False, "shape": (2**50, 2**10)}
    with open(tmp_path / "v.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, head)
    with zipfile.ZipFile(tmp_path / "v.npz", "w") as archive:
        archive.write(tmp_path / "v.npy", "vectors.npy")
        archive.write(tmp_path / "v.npy", "keys.npy")
    for name in ("v.npy", "v.npz"):
        with pytest.raises(ValueError, match=f"{name}.*is cut off"):
            KeyedVectors.load(tmp_path / name)


def test_a_word_that_ends_with_nul_is_kept_by_npy_and_refused_by_npz(tmp_path):
    wv = KeyedVectors(["a\0", "a"], np.eye(2))
    wv.save(tmp_path / "v.npy")
    assert KeyedVectors.load(tmp_path / "v.npy").index_to_key == ["a\0", "a"]
    with pytest.raises(ValueError, match=r"ends with NUL.*save as \.safetensors"):
        wv.save(tmp_path / "v.npz")


def test_the_keys_of_npy_are_valid_json_a_key_on_each_line(tmp_path):
    keys = ["日本", "\U0010feff", 'q"', "x\ny"]
    KeyedVectors(keys, np.eye(4)).save(tmp_path / "v.npy")
    text = (tmp_path / "v.keys.json").read_text(encoding="utf-8")
    assert json.loads(text) == keys
    assert text.splitlines()[1] == '"日本",'
    assert KeyedVectors.load(tmp_path / "v.npy").index_to_key == keys


def test_names_without_the_ending_have_keys_of_their_own(wv, tmp_path):
    for name in ("a.one", "a.two"):
        wv.save(tmp_path / name, format="npy")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.one", "a.one.keys.json", "a.two", "a.two.keys.json"]
    assert KeyedVectors.load(tmp_path / "a.two").index_to_key == wv.index_to_key


def test_a_matrix_that_is_cut_off_within_its_last_row_is_refused(wv, tmp_path):
    wv.save(tmp_path / "v.npy")
    (tmp_path / "v.npy").write_bytes((tmp_path / "v.npy").read_bytes()[:-3])
    for mode in (None, "r"):
        with pytest.raises(ValueError, match=r"v\.npy is cut off: 45 bytes for shape \(3, 4\).*copy or save it again"):
            KeyedVectors.load(tmp_path / "v.npy", mmap=mode)


@pytest.mark.parametrize(
    "text", [b"{'descr': '<f4',", b"\x00", b"'''", b"((((((", b"{'descr': 1}", b"{'descr': 1, 2: 3}"]
)
def test_a_header_that_is_none_is_refused(wv, tmp_path, text):
    wv.save(tmp_path / "v.npy")
    content = (tmp_path / "v.npy").read_bytes()
    (tmp_path / "v.npy").write_bytes(content[:10] + text.ljust(118) + content[128:])
    with pytest.raises(ValueError, match=r"v\.npy has no header of NumPy.*copy or save it again"):
        KeyedVectors.load(tmp_path / "v.npy")


def test_an_archive_damaged_anywhere_names_the_file(wv, tmp_path):
    wv.save(path := tmp_path / "v.npz")
    content, refusals = path.read_bytes(), []
    for at in range(4, len(content), 3):
        for change in (b"\xff\xff", b"\0\0"):
            path.write_bytes(content[:at] + change + content[at + 2 :])
            try:
                KeyedVectors.load(path)
            except ValueError as error:
                refusals.append(str(error))
    assert len(refusals) > 100
    assert [refusal for refusal in refusals if str(path) not in refusal] == []


def test_counts_that_cannot_be_are_refused(tmp_path):
    for counts in ([-1, 2], [1, 2, 3], [2**62, 5]):
        np.savez(tmp_path / "v.npz", keys=["a", "b"], vectors=np.eye(2), counts=counts)
        with pytest.raises(ValueError, match=r"v\.npz.*counts\.npy.*expected"):
            KeyedVectors.load(tmp_path / "v.npz")


def archive_of(path, *, keys=None, header=None):
    """An .npz whose entries are whole to zip, and say or hold something else."""
    np.savez(path, keys=np.array(["a", "b"]), vectors=np.ones((2, 3), np.float32))
    with zipfile.ZipFile(path) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("keys.npy", entries["keys.npy"] if keys is None else entries["keys.npy"][: -len(keys)] + keys)
        archive.writestr("vectors.npy", entries["vectors.npy"] if header is None else header + bytes(24))
    return path


def header_of(shape):
    text = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


def test_keys_that_are_no_characters_are_refused(tmp_path):
    path = archive_of(tmp_path / "v.npz", keys=b"\xff\xff\xff\xff")
    with pytest.raises(ValueError, match=r"v\.npz: keys\.npy is damaged: 0xffffffff is no character"):
        KeyedVectors.load(path)


def test_keys_of_another_byte_order_are_read(tmp_path):
    np.savez(tmp_path / "v.npz", keys=np.array(["tea", "日本"], ">U3"), vectors=np.ones((2, 3), ">f4"))
    loaded = KeyedVectors.load(tmp_path / "v.npz")
    assert (loaded.index_to_key, loaded["日本"].tolist()) == (["tea", "日本"], [1, 1, 1])


@pytest.mark.parametrize("shape", [(0, 2**70), (0, 2**63 - 1), (2, True), (True, 3), (2, -3), (2, 2**40), (2**70, 0)])
def test_shapes_that_cannot_be_are_refused(tmp_path, shape):
    archive_of(tmp_path / "v.npz", header=header_of(shape))
    (tmp_path / "v.npy").write_bytes(header_of(shape) + bytes(24))
    (tmp_path / "v.keys.json").write_text('["a", "b"]')
    for name in ("v.npz", "v.npy"):
        with pytest.raises(ValueError, match=rf"{name}.* is cut off: 24 bytes for shape"):
            KeyedVectors.load(tmp_path / name)

"""Arrow's files: what they say is checked before it is believed, and errors name them."""

import struct

import numpy as np
import pytest

from fastw2v.runtime.arrow_files import ArrowFile, checked_batches, damage_named

pa = pytest.importorskip("pyarrow")
COLUMNS = {"n": list(range(40)), "words": [["tea", "日本"], []] * 20, "kind": ["a", "b"] * 20}


def table():
    whole = pa.table(COLUMNS)
    return whole.set_column(2, "kind", whole["kind"].dictionary_encode())


def written(path, compression=None, *, is_stream=False, max_rows=15):
    new = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    rows = table()
    with new(path, rows.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as file:
        file.write_table(rows, max_chunksize=max_rows)
    return path


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("compression", [None, "lz4", "zstd"])
def test_a_whole_file_is_read(tmp_path, compression, is_stream):
    file = ArrowFile(written(tmp_path / "a.arrow", compression, is_stream=is_stream))
    assert file.n_rows == 40
    assert pa.Table.from_batches(file.batches()).to_pydict() == COLUMNS
    if not is_stream:
        assert pa.Table.from_batches(file.batches(["words"])).to_pydict() == {"words": COLUMNS["words"]}


def test_a_file_without_rows_or_columns(tmp_path):
    with pa.ipc.new_file(tmp_path / "a.arrow", pa.schema([("n", pa.int64())])):
        pass
    file = ArrowFile(tmp_path / "a.arrow")
    assert (file.n_rows, list(file.batches()), file.schema.names) == (0, [], ["n"])


@pytest.mark.parametrize("compression", ["lz4", "zstd"])
def test_a_size_that_cannot_be_is_refused_before_memory_is_taken(tmp_path, compression):
    path = tmp_path / "a.arrow"
    column = pa.array(np.zeros(1000, np.int64))
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with pa.ipc.new_file(path, pa.schema([("n", column.type)]), options=options) as file:
        file.write(pa.record_batch([column], names=["n"]))
    content = path.read_bytes()
    assert content.count(struct.pack("<q", 8000)) == 1  # what the buffer says that it unpacks to
    path.write_bytes(content.replace(struct.pack("<q", 8000), struct.pack("<q", 1 << 45)))
    with pytest.raises(
        ValueError, match=r"a\.arrow is damaged \(.* bytes said to unpack to 35,184,372,0.*copy or save"
    ):
        ArrowFile(path)


@pytest.mark.parametrize("compression", [None, "zstd"])
@pytest.mark.parametrize("is_stream", [False, True])
def test_rows_that_no_byte_holds_are_refused(tmp_path, is_stream, compression):
    rows, path = pa.record_batch([pa.nulls(77_777)], names=["n"]), tmp_path / "a.arrow"
    new = pa.ipc.new_stream if is_stream else pa.ipc.new_file
    options = pa.ipc.IpcWriteOptions(compression=compression)
    with new(path, rows.schema, options=options) as file:
        file.write(rows)
    assert ArrowFile(path).n_rows == 77_777
    path.write_bytes(path.read_bytes().replace(struct.pack("<q", 77_777), struct.pack("<q", 1 << 40)))
    with pytest.raises(ValueError, match=r"a\.arrow is damaged .*said to hold 1,099,511,627,776 rows"):
        ArrowFile(path)


def text():
    return pa.StringArray.from_buffers(2, pa.py_buffer(np.int32([0, 99, 3])), pa.py_buffer(b"tea"))


OUTSIDE = {
    "a list": pa.ListArray.from_buffers(
        pa.list_(pa.int64()), 2, [None, pa.py_buffer(np.int32([0, 99, 1]))], children=[pa.array([1])]
    ),
    "text": text(),
    "an index": pa.DictionaryArray.from_arrays(pa.array([7, 0]), pa.array(["tea"]), safe=False),
    "a list of text": pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), text()),
}


@pytest.mark.parametrize("column", OUTSIDE.values(), ids=OUTSIDE)
def test_positions_outside_the_data_are_refused(tmp_path, column):
    batch = pa.record_batch([column, pa.array([1] * len(column))], names=["bad", "good"])
    with pytest.raises(ValueError, match=r"a\.arrow is damaged"):
        list(checked_batches(tmp_path / "a.arrow", [batch]))
    assert len(list(checked_batches(tmp_path / "a.arrow", [batch], ["good"]))) == 1


def test_a_file_that_is_cut_off_is_refused(tmp_path):
    content = written(tmp_path / "a.arrow", "lz4").read_bytes()
    path = tmp_path / "b.arrow"
    for size in range(8, len(content), 7):
        path.write_bytes(content[:size])
        with pytest.raises(ValueError, match=r"b\.arrow is damaged"):
            ArrowFile(path)


def test_errors_of_the_disk_and_of_memory_stay_what_they_are():
    with pytest.raises(FileNotFoundError), damage_named("a.arrow"):
        open("/no/such/file")
    with pytest.raises(MemoryError, match=r"a\.arrow takes more memory than there is"), damage_named("a.arrow"):
        raise MemoryError
    with pytest.raises(ValueError, match=r"a\.arrow is damaged \(corrupt\); copy"), damage_named("a.arrow"):
        raise OSError("corrupt")
    with pytest.raises(ValueError, match=r"a\.arrow is damaged .*invalid start byte"), damage_named("a.arrow"):
        b"\xff".decode()

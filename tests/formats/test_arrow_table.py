import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.formats import arrow_table
from fastw2v.formats.arrow_table import read_arrow

pa = pytest.importorskip("pyarrow", reason="Parquet and Feather need pyarrow")
pq = pytest.importorskip("pyarrow.parquet", reason="Parquet needs pyarrow")


def written(path, **columns):
    pq.write_table(pa.table(columns), path)
    return path


def test_tables_of_others_are_read_by_the_types_of_their_columns(tmp_path):
    path = written(tmp_path / "v.parquet", item=["a", "b"], embedding=[[1.0, 2.0], [3.0, 4.0]], when=[0.5, 1.5])
    loaded = KeyedVectors.load(path)
    assert loaded.index_to_key == ["a", "b"]
    assert loaded.vectors.tolist() == [[1, 2], [3, 4]]
    assert loaded.counts is None


def test_a_frame_of_pandas_is_read(tmp_path):
    pd = pytest.importorskip("pandas", reason="a frame needs pandas")
    frame = pd.DataFrame({"key": [7, 5], "vector": [np.float32([1, 2]), np.float32([3, 4])], "count": [2, 1]})
    frame.to_parquet(tmp_path / "v.parquet")
    loaded = KeyedVectors.load(tmp_path / "v.parquet")
    assert loaded[5].tolist() == [3, 4]
    assert loaded.get_vecattr(7, "count") == 2


KINDS_OF_KEY = [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int8(), pa.string())]
KINDS_OF_KEY += [pa.dictionary(pa.uint32(), pa.large_string()), pa.int16()]


def with_keys(kind):
    """A table of two vectors whose keys are of this type."""
    keys = pa.array([7, 5] if pa.types.is_integer(kind) else ["tea", "日本"])
    if pa.types.is_dictionary(kind):
        keys = pa.DictionaryArray.from_arrays(pa.array([1, 0], kind.index_type), keys[::-1].cast(kind.value_type))
    return pa.table({"key": keys if pa.types.is_dictionary(kind) else keys.cast(kind), "vector": [[1.0, 2], [3.0, 4]]})


@pytest.mark.parametrize("kind", [*KINDS_OF_KEY, pa.dictionary(pa.uint32(), pa.string_view())], ids=str)
@pytest.mark.parametrize("new_file", [pa.ipc.new_file, pa.ipc.new_stream])
def test_files_and_streams_of_arrow_may_have_keys_of_any_type(tmp_path, kind, new_file):
    rows = with_keys(kind)
    with new_file(tmp_path / "v", rows.schema) as file:
        file.write_table(rows)
    loaded = KeyedVectors.load(tmp_path / "v")
    assert loaded.index_to_key == rows["key"].to_pylist()
    assert loaded.vectors.tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize("kind", KINDS_OF_KEY, ids=str)
def test_parquet_may_have_keys_of_any_type(tmp_path, kind):
    pq.write_table(with_keys(kind), tmp_path / "v.parquet")
    assert KeyedVectors.load(tmp_path / "v.parquet").index_to_key == with_keys(kind)["key"].to_pylist()


def test_vectors_that_are_long_beyond_meaning_are_refused_before_they_are_read(tmp_path):
    path = written(tmp_path / "v.parquet", key=[1], vector=[np.zeros(3_000_000, np.float32)])  # some hundred bytes
    with pytest.raises(ValueError, match=r"v\.parquet has lists of 3,000,000 values; expected 1,048,576 at most"):
        KeyedVectors.load(path)


@pytest.mark.parametrize(
    ("columns", "flaw"),
    [
        ({"key": ["a", "b"], "x": [1.0, 2.0]}, 'columns key .string., x .double.; expected one called "vector"'),
        ({"a": ["x"], "b": ["y"], "vector": [[1.0]]}, 'expected one called "key", of integers or strings'),
        ({"key": ["a", None], "vector": [[1.0], [2.0]]}, "a row without a key"),
        ({"key": ["a", "b"], "vector": [[1.0], [2.0, 3.0]]}, "vectors of 1 to 2 numbers"),
        ({"key": ["a", "b"], "vector": [[1.0], None]}, "vectors or numbers that are missing"),
        ({"key": ["a", "b"], "vector": [[1.0], [None]]}, "vectors or numbers that are missing"),
        ({"key": ["a", "a"], "vector": [[1.0], [2.0]]}, "'a' occurs twice"),
        ({"key": ["a", "b"], "vector": [[1.0], [2.0]], "count": [1, -1]}, "count has numbers from -1 to 1"),
        ({"key": ["a", "b"], "vector": [[1.0], [2.0]], "count": [1, 2**62]}, "fewer than 2 .. 62 together"),
    ],
)
def test_a_table_that_is_no_vectors_says_what_is_wrong(tmp_path, columns, flaw):
    with pytest.raises(ValueError, match=rf"v\.parquet.*{flaw}"):
        KeyedVectors.load(written(tmp_path / "v.parquet", **columns))


def test_an_empty_table_is_refused(tmp_path):
    path = tmp_path / "v.parquet"
    schema = pa.schema([("key", pa.string()), ("vector", pa.list_(pa.float32(), 3))])
    pq.write_table(schema.empty_table(), path)
    with pytest.raises(ValueError, match="holds no key"):
        KeyedVectors.load(path)


def test_the_columns_have_the_types_that_are_documented(tmp_path):
    KeyedVectors([5, 3], [[1.0, 2.0], [3.0, 4.0]], [9, 8]).save(tmp_path / "v.parquet", dtype="float16")
    schema = pq.read_schema(tmp_path / "v.parquet")
    assert [str(field.type) for field in schema] == ["int64", "int64", "fixed_size_list<element: halffloat>[2]"]


def test_row_groups_are_as_large_as_a_chunk(tmp_path, monkeypatch):
    monkeypatch.setattr("fastw2v.formats.arrow_table._GROUP_BYTES", 80)
    monkeypatch.setattr("fastw2v.formats.arrow_table._BATCH_ROWS", 7)
    wv = KeyedVectors(np.arange(100), np.arange(400, dtype=np.float32).reshape(100, 4))
    wv.save(tmp_path / "v.parquet")
    assert pq.ParquetFile(tmp_path / "v.parquet").metadata.num_row_groups == 20
    np.testing.assert_array_equal(read_arrow(tmp_path / "v.parquet").vectors, wv.vectors)


@pytest.mark.parametrize("format", ["parquet", "feather"])
def test_a_lone_surrogate_is_refused(tmp_path, format):
    with pytest.raises(ValueError, match=r"lone surrogate.*save as \.safetensors"):
        KeyedVectors(["a", "\ud800"], np.eye(2)).save(tmp_path / f"v.{format}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("said", [7, 9])
def test_another_number_of_rows_than_the_file_says_is_refused(tmp_path, monkeypatch, said):
    KeyedVectors(np.arange(8), np.ones((8, 2), np.float32)).save(tmp_path / "v.feather")

    class Wrong(arrow_table.ArrowFile):
        def __init__(self, path):
            super().__init__(path)
            self.n_rows = said

    monkeypatch.setattr(arrow_table, "ArrowFile", Wrong)
    with pytest.raises(ValueError, match=rf"v\.feather is damaged \(8 rows( or more)?, and {said} by what it says\)"):
        KeyedVectors.load(tmp_path / "v.feather")


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
def test_damage_anywhere_names_the_file(tmp_path, ending):
    wv = KeyedVectors([f"word{i}" for i in range(20)], np.arange(80, dtype=np.float32).reshape(20, 4), range(20, 0, -1))
    wv.save(path := tmp_path / f"v{ending}")
    content, refusals = path.read_bytes(), []
    for at in range(8, len(content) - 8, 5):
        path.write_bytes(content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :])
        try:
            KeyedVectors.load(path).index_to_key[0].encode()
        except ValueError as error:
            refusals.append(str(error))
    assert len(refusals) > 20
    assert [refusal for refusal in refusals if str(path) not in refusal] == []

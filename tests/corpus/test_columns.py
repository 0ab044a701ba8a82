"""Columns of each of Arrow's types, in each role of a table: read as what they stand for, or refused with the cure."""

import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import read_pairs, table_corpus
from fastw2v.corpus import tables as tables_module
from fastw2v.corpus.columns import lists_of_views, plain_column
from fastw2v.encode import encode_corpus

arrow = pytest.importorskip("pyarrow")
LISTS = [["x", "y"], ["z"], ["a", "b", "c"]]
VIEWS = [arrow.ListViewArray, arrow.LargeListViewArray]


def encoded(corpus):
    vocab, tokens = encode_corpus(corpus, min_count=1, workers=1)
    with tokens:
        return list(vocab.keys), tokens.ids.tolist(), tokens.starts.tolist()


def sentences_of(column):
    return [row for row in column.to_pylist() if row]


def random_views(kind, items, seed):
    """List views that overlap, in no order, some of them without a value but with a size."""
    draw = np.random.default_rng(seed)
    starts = draw.integers(0, len(items), 50)
    sizes = np.minimum(draw.integers(0, 5, 50), len(items) - starts)
    offset = arrow.int32() if kind is arrow.ListViewArray else arrow.int64()
    shape = arrow.array(starts, offset), arrow.array(sizes, offset), items
    return kind.from_arrays(*shape, mask=arrow.array(draw.random(50) < 0.2))


ITEMS = {
    "words": arrow.array([f"w{n}" for n in range(20)]),
    "views of words": arrow.array([f"w{n}" for n in range(20)], arrow.string_view()),
    "categories": arrow.array([f"w{n % 3}" for n in range(20)]).dictionary_encode(),
    "integers": arrow.array(range(20)),
    "small integers": arrow.array(range(20), arrow.uint8()),
}


@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("items", ITEMS.values(), ids=ITEMS)
@pytest.mark.parametrize("piece", [3, 1 << 18])
def test_list_views_are_the_lists_they_stand_for(kind, items, piece, monkeypatch):
    monkeypatch.setattr(tables_module, "_PIECE_TOKENS", piece)
    for seed in range(2):
        views = random_views(kind, items, seed)
        for column in (views, views[7:], views[:0]):
            assert lists_of_views(plain_column(column)).to_pylist() == column.to_pylist()
            if sentences_of(column):
                table = arrow.table({"w": arrow.chunked_array([column, column[:3]])})
                expected = sentences_of(column) + sentences_of(column[:3])
                assert encoded(table_corpus(table, column="w")) == encoded(expected)


def test_a_model_is_trained_on_list_views():
    for kind in (arrow.list_view, arrow.large_list_view):
        table = arrow.table({"w": arrow.array(LISTS, kind(arrow.string()))})
        corpus = table_corpus(table, column="w")
        assert list(corpus.sentences) == LISTS
        assert len(Word2Vec(corpus, min_count=1, sample=0, epochs=1, vector_size=4).wv) == 6


def test_list_views_in_a_file(tmp_path):
    table = arrow.table({"w": arrow.array(LISTS, arrow.list_view(arrow.string()))})
    with arrow.ipc.new_file(tmp_path / "a.arrow", table.schema) as file:
        file.write_table(table)
    assert encoded(table_corpus(tmp_path / "a.arrow", column="w")) == encoded(LISTS)


def test_a_list_view_that_leads_outside_is_refused():
    views = arrow.ListViewArray.from_arrays(
        arrow.array([3], arrow.int32()), arrow.array([2], arrow.int32()), arrow.array(["a"])
    )
    with pytest.raises(ValueError, match=r"column 'w' has a list outside its items .*make the table anew"):
        table_corpus(arrow.table({"w": views}), column="w")


def test_many_views_of_one_long_list_take_little_memory():
    n = 1 << 14
    shape = (
        arrow.array(np.zeros(250), arrow.int32()),
        arrow.array(np.full(250, n), arrow.int32()),
        arrow.array(range(n)),
    )
    tracemalloc.start()
    try:
        corpus = table_corpus(arrow.table({"w": arrow.ListViewArray.from_arrays(*shape)}), column="w")
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(corpus.ids) == 250 * n
    assert most < 16 << 20


def runs(values, lengths):
    return arrow.RunEndEncodedArray.from_arrays(arrow.array(np.cumsum(lengths), arrow.int32()), values)


def in_lists(items):
    return arrow.ListArray.from_arrays(arrow.array([0, 2, 3], arrow.int32()), items)


WORDS = arrow.array(["a", "b", "c"])
AS_LISTS = {
    "runs of lists": runs(arrow.array(LISTS), [1, 2, 1]),
    "runs of text": runs(arrow.array(["a b", None, "c"]), [1, 2, 1]),
    "categories that are lists": arrow.DictionaryArray.from_arrays([2, 0, None, 2, 1], arrow.array([*LISTS[:2], None])),
    "categories that are list views": arrow.DictionaryArray.from_arrays(
        [2, 0, 1], arrow.array(LISTS, arrow.list_view(arrow.string()))
    ),
    "categories of categories": arrow.DictionaryArray.from_arrays([1, 0], WORDS.dictionary_encode()),
    "lists of runs": in_lists(runs(arrow.array(["a", "b"]), [1, 2])),
    "lists of JSON": in_lists(arrow.ExtensionArray.from_storage(arrow.json_(), WORDS)),
    "pairs of categories": arrow.FixedSizeListArray.from_arrays(
        arrow.DictionaryArray.from_arrays([0, 1, 1, 0], WORDS.cast(arrow.string_view())),
        2,
        mask=arrow.array([True, False]),
    ),
}


@pytest.mark.parametrize("column", AS_LISTS.values(), ids=AS_LISTS)
def test_lists_and_text_in_other_types(column):
    for part in (column, column[1:]):
        rows = [row.split() if isinstance(row, str) else row for row in sentences_of(part)]
        assert encoded(table_corpus(arrow.table({"w": part}), column="w")) == encoded(rows)


DAYS = [date(2024, 3, 1), date(2024, 1, 1), date(2024, 2, 1)]
KEYS = {  # of the order b, c, a
    "runs": runs(arrow.array([3, 1, 2]), [1, 1, 1]),
    "categories": arrow.array([3, 1, 2]).dictionary_encode(),
    "half": arrow.array(np.array([3, 1, 2], np.float16)),
    "decimals": arrow.array([Decimal("3.0"), Decimal("1.5"), Decimal(2)]),
    "dates": arrow.array(DAYS),
    "durations": arrow.array([timedelta(3), timedelta(1), timedelta(2)]),
    "times with a zone": arrow.array([datetime(2024, n, 1, tzinfo=UTC) for n in (3, 1, 2)]),
    "bytes": arrow.array([b"c", b"a", b"b"]),
    "views of bytes": arrow.array([b"c", b"a", b"b"], arrow.binary_view()),
    "bytes of a size": arrow.array([b"c", b"a", b"b"], arrow.binary(1)),
    "UUIDs": arrow.array([UUID(int=n).bytes for n in (3, 1, 2)], arrow.uuid()),
    "JSON": arrow.ExtensionArray.from_storage(arrow.json_(), arrow.array(["3", "1", "2"])),
}


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_sessions_and_orders_of_each_type(key):
    table = arrow.table({"key": key, "item": WORDS, "one": [1, 1, 1]})
    assert list(table_corpus(table, group="one", items="item", order="key").sentences) == [["b", "c", "a"]]
    assert list(table_corpus(table, group="key", items="item").sentences) == [["b"], ["c"], ["a"]]


@pytest.mark.parametrize(
    "numbers",
    [arrow.array([Decimal("1.5"), Decimal(2)]), runs(arrow.array([1.5, 2]), [1, 1])],
    ids=["decimals", "runs"],
)
def test_weights_of_other_types(numbers):
    table = arrow.table({"w": numbers, "a": ["x", "y"], "b": ["y", "x"]})
    assert table_corpus(table, column="a", weight="w").weights.tolist() == [1.5, 2]
    assert read_pairs(table, columns=("a", "b", "w")).weights.tolist() == [1.5, 2]


ROLES = {
    "column": lambda table: table_corpus(table, column="w"),
    "group": lambda table: table_corpus(table, group="w", items="item"),
    "items": lambda table: table_corpus(table, group="item", items="w"),
    "order": lambda table: table_corpus(table, group="item", items="item2", order="w"),
    "weight": lambda table: table_corpus(table, column="item", weight="w"),
    "centres": lambda table: read_pairs(table, columns=("w", "item")),
    "contexts": lambda table: read_pairs(table, columns=("item", "w")),
    "weights of pairs": lambda table: read_pairs(table, columns=("item", "item2", "w")),
}
STRUCTS = arrow.array([{"x": 1}, {"x": 2}])
TWO = arrow.array([0, 1], arrow.int8())
UNREAD = {
    "map": arrow.array([[("x", 1)], [("y", 2)]], arrow.map_(arrow.string(), arrow.int32())),
    "struct": STRUCTS,
    "union": arrow.UnionArray.from_sparse(TWO, [arrow.array(["a", "b"]), arrow.array([1, 2])]),
    "dense union": arrow.UnionArray.from_dense(
        TWO, arrow.array([0, 0], arrow.int32()), [arrow.array(["a"]), arrow.array([1])]
    ),
    "list of structs": arrow.array([[{"x": 1}], [{"x": 2}]]),
    "list of maps": arrow.array([[[("x", 1)]], []], arrow.list_(arrow.map_(arrow.string(), arrow.int32()))),
    "list of lists": arrow.array([[["a"]], [["b"]]], arrow.list_view(arrow.list_view(arrow.string()))),
    "list view of floats": arrow.array([[1.5], [2]], arrow.list_view(arrow.float64())),
    "list of bytes": arrow.array([[b"a"], [b"b"]], arrow.list_(arrow.binary_view())),
    "categories that are structs": arrow.DictionaryArray.from_arrays([0, 1], STRUCTS),
    "interval": arrow.array([(1, 2, 3), (2, 3, 4)], arrow.month_day_nano_interval()),
    "tensor": arrow.ExtensionArray.from_storage(
        arrow.fixed_shape_tensor(arrow.int32(), [2]), arrow.array([[1, 2], [3, 4]], arrow.list_(arrow.int32(), 2))
    ),
}


@pytest.mark.parametrize("role", ROLES.values(), ids=ROLES)
@pytest.mark.parametrize("column", UNREAD.values(), ids=UNREAD)
def test_a_type_that_is_not_read_is_refused_in_each_role(column, role):
    with pytest.raises(TypeError, match=r"^column 'w' holds .*(; (pass|expected)|no order; pass)"):
        role(arrow.table({"w": column, "item": ["s", "t"], "item2": ["s", "t"]}))


@pytest.mark.parametrize("role", ["column", "items", "weight", "centres", "weights of pairs"])
@pytest.mark.parametrize("column", [KEYS["UUIDs"][:2], KEYS["bytes of a size"][:2], KEYS["dates"][:2]], ids=str)
def test_keys_to_sort_by_are_no_words(column, role):
    with pytest.raises(TypeError, match=r"column 'w' holds .*; (pass|expected) .*(astype|decode)"):
        ROLES[role](arrow.table({"w": column, "item": ["s", "t"], "item2": ["s", "t"]}))


def test_a_map_in_a_file_names_the_file(tmp_path):
    import pyarrow.parquet

    pyarrow.parquet.write_table(arrow.table({"w": UNREAD["map"], "n": [1, 2]}), tmp_path / "a.parquet")
    with pytest.raises(TypeError, match=r"a\.parquet: column 'w' holds map<string, int32.*>; pass a column of lists"):
        table_corpus(tmp_path / "a.parquet", column="w")


@pytest.mark.parametrize("role", ["group", "items", "order", "weight", "centres", "weights of pairs"])
def test_nothing_is_read_after_the_first_missing_value(role):
    n_read = []

    def batches():
        for number in range(100):
            n_read.append(number)
            missing = arrow.array([1, None if number == 2 else 3])
            yield arrow.record_batch({"w": missing, "item": arrow.array(["s", "t"]), "item2": arrow.array(["s", "t"])})

    first = next(batches())
    reader = arrow.RecordBatchReader.from_batches(first.schema, batches())
    n_read.clear()
    with pytest.raises(ValueError, match=r"column 'w' lacks 1 values in rows 4 to 5, the first in row 5; drop"):
        ROLES[role](reader)
    assert len(n_read) <= 4

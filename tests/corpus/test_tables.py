"""Tables of every kind give the vocabulary, counts, tokens and vectors of the list of lists they stand for."""

import json

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import as_corpus, table_corpus
from fastw2v.corpus import tables as tables_module
from fastw2v.encode import encode_corpus

arrow = pytest.importorskip("pyarrow")

WORDS = [["new york", "tea", "é"], ["tea"], ["", "mug", "tea", "日本"], ["x\ty", "mug"]] * 3
IDS = [[7, 3, 2**40], [3], [7, 7, 3]] * 3


def encoded(corpus, **options):
    vocab, tokens = encode_corpus(corpus, min_count=1, **options)
    with tokens:
        return vocab.keys, vocab.counts.tolist(), tokens.ids.tolist(), tokens.starts.tolist()


def long_rows(sentences):
    """Return columns of a long table in a shuffled order: sessions, items, times."""
    rows = [(s, item, t) for s, sentence in enumerate(sentences) for t, item in enumerate(sentence)]
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    sessions, items, times = zip(*(rows[n] for n in order))
    return {"session": list(sessions), "item": list(items), "time": list(times)}


def as_files(folder, table, lists):
    """Write a table as each kind of file that can hold lists."""
    import pyarrow.feather
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, folder / "a.parquet", row_group_size=5)
    pyarrow.feather.write_feather(table, folder / "a.feather")
    with arrow.ipc.new_stream(folder / "a.arrow", table.schema) as stream:
        stream.write_table(table)
    (folder / "a.jsonl").write_text("".join(json.dumps({"items": row, "n": 1}) + "\n" for row in lists))
    return [folder / name for name in ("a.parquet", "a.feather", "a.arrow", "a.jsonl")]


@pytest.mark.parametrize("lists", [WORDS, IDS], ids=["words", "integers"])
def test_files_with_a_column_of_lists(tmp_path, lists):
    table = arrow.table({"n": list(range(len(lists))), "items": lists})
    for path in as_files(tmp_path, table, lists):
        assert encoded(table_corpus(path, column="items")) == encoded(lists), path
    assert encoded(table_corpus([tmp_path / "a.parquet"] * 2, column="items")) == encoded(lists * 2)


@pytest.mark.parametrize("lists", [WORDS, IDS], ids=["words", "integers"])
@pytest.mark.parametrize("piece", [1, 4, 1 << 18])
def test_long_tables(lists, piece, monkeypatch):
    monkeypatch.setattr(tables_module, "_PIECE_TOKENS", piece)
    corpus = table_corpus(arrow.table(long_rows(lists)), group="session", items="item", order="time")
    assert encoded(corpus) == encoded(lists)
    vectors, expected = (Word2Vec(c, min_count=1, vector_size=8, workers=1).wv.vectors for c in (corpus, lists))
    assert (vectors == expected).all()


def test_a_long_table_without_an_order_keeps_that_of_its_rows(tmp_path):
    (tmp_path / "a.csv").write_text("s,item\n2,b\n1,a\n2,a\n1,c\n2,c\n")
    corpus = table_corpus(tmp_path / "a.csv", group="s", items="item")
    assert list(corpus.sentences) == [["a", "c"], ["b", "a", "c"]]
    (tmp_path / "a.tsv").write_text("s\titem\n1\ta\n")
    assert list(table_corpus(tmp_path / "a.tsv", group="s", items="item").sentences) == [["a"]]


def test_rows_of_equal_order_stay_in_the_order_of_the_table():
    draw = np.random.default_rng(0)
    sessions, times = draw.integers(0, 5, 3000), draw.integers(0, 3, 3000)
    clicks = arrow.table({"s": sessions, "item": np.arange(3000), "t": times})
    corpus = table_corpus(clicks, group="s", items="item", order="t")
    assert (corpus.ids == np.lexsort((np.arange(3000), times, sessions))).all()


@pytest.mark.parametrize("lists", [WORDS, IDS], ids=["words", "integers"])
def test_frames_and_columns_of_other_libraries(lists):
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    frames = [polars.DataFrame({"items": lists, "n": 1}), pandas.DataFrame({"items": lists, "n": 1})]
    columns = [frames[0]["items"], frames[1]["items"], arrow.array(lists), arrow.chunked_array([lists[:5], lists[5:]])]
    for corpus in [*(table_corpus(frame, column="items") for frame in frames), *columns]:
        assert encoded(corpus) == encoded(lists)
    long = long_rows(lists)
    for frame in (polars.DataFrame(long), pandas.DataFrame(long)):
        assert encoded(table_corpus(frame, group="session", items="item", order="time")) == encoded(lists)


def test_text_in_a_column_of_polars():
    polars = pytest.importorskip("polars")
    for column in (polars.Series(["a b", None, "b"]), polars.Series(["a b", "", "b"], dtype=polars.Categorical)):
        assert encoded(column) == encoded([["a", "b"], ["b"]])


def test_categories_of_polars():
    polars = pytest.importorskip("polars")
    lists = [["a", "b"], None, ["b"], [], ["c", "b"]]
    for kind in (polars.Categorical, polars.Enum(["a", "b", "c"])):
        column = polars.Series(lists, dtype=polars.List(kind))
        assert encoded(column) == encoded([["a", "b"], ["b"], ["c", "b"]])
        assert encoded(column[2:]) == encoded([["b"], ["c", "b"]])
    clicks = {"s": ["x", "y", "x"], "item": ["a", "b", "c"], "t": [2, 1, 1]}
    for name in ("s", "item"):
        frame = polars.DataFrame(clicks).with_columns(polars.col(name).cast(polars.Categorical))
        corpus = table_corpus(frame, group="s", items="item", order="t")
        assert list(corpus.sentences) == [["c", "a"], ["b"]]


def test_columns_of_other_types():
    lists = [["a", "b"], ["b"]]
    words = arrow.array(lists)
    for kind in (
        arrow.large_list(arrow.large_string()),
        arrow.list_(arrow.dictionary(arrow.int8(), arrow.string())),
        arrow.list_(arrow.string_view()),
    ):
        assert encoded(words.cast(kind)) == encoded(lists)
    walks = arrow.array([[1, 2], [2, 1]])
    for kind in (arrow.list_(arrow.uint8(), 2), arrow.large_list(arrow.int32())):
        assert encoded(walks.cast(kind)) == encoded([[1, 2], [2, 1]])
    assert encoded(arrow.array(["a b", " b\nb  c ", None, ""])) == encoded([["a", "b"], ["b", "b", "c"]])
    assert encoded(arrow.array([None, ["a"], [], ["b", "a"]])) == encoded([["a"], ["b", "a"]])
    assert encoded(arrow.array([["a"], ["b"], ["c", "d"], ["e"]])[1:3]) == encoded([["b"], ["c", "d"]])


def test_a_column_is_read_again_and_by_several_threads():
    corpus = as_corpus(arrow.array(WORDS))
    assert encoded(corpus, workers=3, block_bytes=10) == encoded(corpus, max_vocab_size=100) == encoded(WORDS)


@pytest.mark.parametrize("lists", [WORDS, IDS], ids=["words", "integers"])
def test_a_stream_of_batches_is_read_once(lists):
    def reader():
        return arrow.table({"n": list(range(len(lists))), "items": lists}).to_reader(max_chunksize=5)

    assert encoded(table_corpus(reader(), column="items")) == encoded(lists)
    long = arrow.table(long_rows(lists)).to_reader(max_chunksize=5)
    assert encoded(table_corpus(long, group="session", items="item", order="time")) == encoded(lists)
    if lists is WORDS:
        corpus = table_corpus(reader(), column="items")
        encoded(corpus)
        with pytest.raises(TypeError, match=r"can be read only once; pass its table: reader.read_all"):
            encoded(corpus)
        with pytest.raises(TypeError, match="can be read only once"):
            encoded(table_corpus(reader(), column="items"), max_vocab_size=100)


@pytest.mark.parametrize(
    ("table", "options", "error", "message"),
    [
        ({"a": [["x"]], "b": [1]}, {}, ValueError, "no column is named; the table has 'a', 'b'"),
        ({"a": [["x"]]}, {"column": "c"}, ValueError, "there is no column 'c'; the table has 'a'"),
        ({"a": [1.5]}, {"column": "a"}, TypeError, "'a' holds double; pass a column of lists"),
        ({"a": [1]}, {"column": "a"}, TypeError, "'a' holds int64.*group and items"),
        ({"a": [[1.5]]}, {"column": "a"}, TypeError, "holds list<item: double>"),
        ({"a": [["x", None]]}, {"column": "a"}, ValueError, "a list with a missing item"),
        ({"a": [[-1]]}, {"column": "a"}, ValueError, "id -1 is negative"),
        ({"a": [[], None]}, {"column": "a"}, ValueError, "holds no token"),
        ({"a": [1], "b": ["x"]}, {"group": "a"}, ValueError, "expected column, or group and items"),
        ({"a": [1], "b": ["x"]}, {"column": "b", "group": "a", "items": "b"}, ValueError, "expected column, or"),
        ({"a": [1]}, {"order": "a"}, ValueError, "without group and items"),
        ({"a": [1, None], "b": ["x", "y"]}, {"group": "a", "items": "b"}, ValueError, "'a' lacks 1.*row 1"),
        ({"a": [1, 2], "b": ["x", None]}, {"group": "a", "items": "b"}, ValueError, "'b' lacks 1 values"),
    ],
)
def test_a_wrong_table_is_an_error_with_the_cure(table, options, error, message):
    with pytest.raises(error, match=message):
        table_corpus(arrow.table(table), **options)


def test_a_wrong_source_is_an_error_with_the_cure(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "a.parquet").write_text("x")
    with pytest.raises(ValueError, match="no ending of a table"):
        table_corpus(tmp_path / "a.txt")
    with pytest.raises(ValueError, match=r"a.parquet cannot be read as parquet.*check the file"):
        table_corpus(tmp_path / "a.parquet", column="x")
    with pytest.raises(TypeError, match="a int is no table"):
        table_corpus(3)
    with pytest.raises(FileNotFoundError):
        table_corpus(tmp_path / "b.parquet")


@pytest.mark.parametrize("order", [1, -1])
def test_words_and_integers_in_one_column_are_refused(order, tmp_path):
    import pyarrow.parquet

    for name, lists in (("a", [[1, 2]]), ("b", [["x", "y"]])):
        pyarrow.parquet.write_table(arrow.table({"s": lists}), tmp_path / f"{name}.parquet")
    corpus_files = [tmp_path / "a.parquet", tmp_path / "b.parquet"][::order]
    with pytest.raises(TypeError, match=r"in one part of the table and .* in another; pass tables of one kind"):
        encoded(table_corpus(corpus_files, column="s"))


def test_a_file_that_lacks_the_column_or_breaks_later_is_named(tmp_path):
    (tmp_path / "a.csv").write_text("s\nx y\n")
    (tmp_path / "b.csv").write_text("t\nx y\n")
    with pytest.raises(ValueError, match=r"b.csv"):
        encoded(table_corpus([tmp_path / "a.csv", tmp_path / "b.csv"], column="s"))
    (tmp_path / "c.jsonl").write_text('{"s": "x"}\n' * 200_000 + '{"s": 3}\n')
    with pytest.raises(ValueError, match=r"c.jsonl cannot be read to its end \(.*string to number.*mend the line"):
        encoded(table_corpus(tmp_path / "c.jsonl", column="s"))


@pytest.mark.parametrize("word", ["caf\U0010fee9", "\U0010feffA", "plain"])
def test_a_word_has_one_key_wherever_it_comes_from(word):
    for sentences in ([[word, "x"]], [[word, "a b"]]):
        assert encoded(arrow.array(sentences)) == encoded(sentences)
    corpus = as_corpus(arrow.array([f"{word} b\u00a0c\u3000d x\x1cy"]))
    assert encoded(corpus) == encoded(list(corpus.sentences))
    assert encoded(corpus)[0] == [word, "b\u00a0c\u3000d", "x\x1cy"]


def test_bytes_that_are_no_utf8_are_refused():
    buffers = arrow.array(["a_Ab"]).buffers()
    bad = arrow.Array.from_buffers(arrow.string(), 1, [*buffers[:2], arrow.py_buffer(b"a\xffAb")])
    with pytest.raises(ValueError, match="holds bytes that are no UTF-8"):
        encoded(bad)


def test_a_long_table_of_several_files_and_an_empty_one(tmp_path):
    import pyarrow.parquet

    for name, kind in (("a", arrow.string()), ("b", arrow.large_string())):
        table = arrow.table({"s": [1, 2], "i": arrow.array(["x", "y"], kind)})
        pyarrow.parquet.write_table(table, tmp_path / f"{name}.parquet")
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    assert list(table_corpus(files, group="s", items="i").sentences) == [["x", "x"], ["y", "y"]]
    with pytest.raises(ValueError, match="holds no token"):
        table_corpus(arrow.table({"s": [], "i": []}), group="s", items="i")


def test_what_pyarrow_does_not_unpack_is_no_table(tmp_path):
    for name in ("a.csv.xz", "a.parquet.gz"):
        (tmp_path / name).write_text("x")
        with pytest.raises(ValueError, match="no ending of a table"):
            table_corpus(tmp_path / name)


def test_a_long_table_without_rows_holds_no_token():
    none = arrow.array([], arrow.string())
    with pytest.raises(ValueError, match="holds no token"):
        table_corpus(arrow.table({"s": none, "i": none, "t": none}), group="s", items="i", order="t")

"""What a hurried user passes by mistake: each raises an error that says the cure; what may be meant is warned of."""

import datetime
import io
import re
from pathlib import Path

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import table_corpus, text_corpus
from tests.corpus.input_kinds import arrow

SENTENCES = [["a", "b", "c"], ["a", "b"]] * 5
IDS, STARTS = np.array([3, 5, 7, 5, 7]), np.array([0, 3, 5])
LONG = {"session": [1, 1, 2, 2], "item": ["a", "b", "c", "d"], "time": [2, 1, 1, 2]}
NAMES = {"group": "session", "items": "item", "order": "time"}


def train(sentences=None, corpus_file=None, **options):
    return Word2Vec(sentences, corpus_file, **({"vector_size": 8, "min_count": 1, "workers": 1} | options))


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("outer/inner").mkdir(parents=True)
    Path("text.txt").write_text("a b c\n" * 9)


SENTENCE_CASES = {
    "text": ("the dog barks", TypeError, r"corpus_file=..., or \[text.split\(\)\]"),
    "bytes": (b"the dog", TypeError, "pass a file as corpus_file"),
    "path as text": ("text.txt", TypeError, "pass a file as corpus_file"),
    "list of texts": (["the dog barks.", "a cat"], TypeError, r"\[sentence.split\(\) for sentence in sentences\]"),
    "list of paths as text": (["text.txt"], TypeError, r"paths go to corpus_file="),
    "array of texts": (np.array(["the dog", "a cat"]), TypeError, "sentence.split"),
    "a text later": ([["a"], "b c"], TypeError, r"sentence 1 is a str, 'b c'; expected a list of str: sentence.split"),
    "one sentence": (["the", "dog"], TypeError, "split into characters"),
    "one sentence of ids": ([3, 5, 7], TypeError, r"\[sentence\] is a corpus of one"),
    "dict": ({"a": ["x"]}, TypeError, r"list\(sentences.values\(\)\)"),
    "set": ({("a", "b")}, TypeError, r"pass sorted\(sentences\)"),
    "dicts as sentences": ([{"a": 1, "b": 2}], TypeError, r"sentence 0 is a dict; .*list\(sentence.values\(\)\)"),
    "sets as sentences": ([["a"], {"a", "b"}], TypeError, r"sentence 1 is a set; .*in their order: sorted\(sentence\)"),
    "sets of ids": ([[1], {1, 2}], TypeError, r"sentence 1 is a set; .*sorted\(sentence\)"),
    "a class": (list, TypeError, r"call it, sentences\(\)"),
    "a function": (lambda: SENTENCES, TypeError, r"sentences is a function; .*call it, sentences\(\)"),
    "None among sentences": ([None, ["a"]], TypeError, "leave it out"),
    "None later": ([["a"], None], TypeError, "sentence 1 is a NoneType.*leave it out"),
    "NaN among words": (
        [["a", float("nan")]],
        TypeError,
        "token 1: a token is a float, nan; .*leave it out",
    ),
    "None among words": (np.array([["a", None]], object), TypeError, "token 1: a token is a NoneType.*leave it out"),
    "None among ids": (np.array([[1, None]], object), TypeError, "expected int for every token, or str"),
    "words and ids": ([["a", 1]], TypeError, r"expected lists of str, as the first sentence is: str\(token\)"),
    "ids and words": ([[1, "a"]], TypeError, "expected int for every token, or str for every token"),
    "words as bytes": ([[b"a"]], TypeError, r"decode it, token.decode\(\)"),
    "documents of sentences": ([[["a", "b"], ["c"]]], TypeError, "for document in documents for sentence in document"),
    "floats": (np.ones((3, 3), np.float32), TypeError, r"ids.astype\(np.int64\)"),
    "NaN as padding": (np.array([[1, np.nan]]), TypeError, "drop the rows that lack an id"),
    "bools": (np.ones((3, 3), bool), TypeError, r"ids are bool; .*ids.astype"),
    "dates": (np.zeros((2, 2), "M8[D]"), TypeError, "ids are datetime64.*expected an integer array"),
    "-1 as padding": (np.array([[1, -1]]), ValueError, "drop padding"),
    "ids of one dimension": (IDS, ValueError, r"ids\[None, :\] is one sentence"),
    "ids of three dimensions": (np.ones((2, 2, 2), int), ValueError, "expected 2 dimensions.*reshape it"),
    "starts before ids": ((STARTS, IDS), ValueError, r"expected starts\[0\] == 0 and starts\[-1\] == len\(ids\)"),
    "starts from 1": ((IDS, STARTS + 1), ValueError, r"expected starts\[0\] == 0"),
    "starts without the end": ((IDS, STARTS[:2]), ValueError, r"np.append\(starts, len\(ids\)\)"),
    "starts that fall": ((IDS, np.array([0, 4, 2, 5])), ValueError, r"np.cumsum\(lengths\)"),
    "lengths as starts": ((IDS, np.array([3, 2])), ValueError, r"expected starts\[0\] == 0"),
    "negative ids": ((-IDS, STARTS), ValueError, "expected ids >= 0"),
    "float ids": ((IDS * 1.0, STARTS), TypeError, r"ids.astype\(np.int64\)"),
    "float starts": ((IDS, STARTS * 1.0), TypeError, r"starts.astype\(np.int64\)"),
    "bool ids": ((IDS > 4, STARTS), TypeError, "ids are bool"),
    "bool starts": ((IDS, np.array([False, True])), TypeError, "starts are bool"),
    "ids as objects": ((IDS.astype(object), STARTS), TypeError, r"ids are object; .*ids.astype\(np.int64\)"),
    "ids with NaN": ((np.array([3, np.nan]), np.array([0, 2])), TypeError, "drop the rows that lack an id, and then"),
    "ids of two dimensions": ((IDS[None], STARTS), ValueError, r"shapes \(1, 5\) and \(3,\); .*ids.ravel\(\)"),
    "words and starts": ((np.array(list("abcab")), STARTS), TypeError, r"words\[a:b\] for a, b in zip\(starts"),
}


@pytest.mark.parametrize(("sentences", "error", "cure"), SENTENCE_CASES.values(), ids=SENTENCE_CASES)
def test_sentences(sentences, error, cure):
    with pytest.raises(error, match=cure):
        train(sentences)


CALL_CASES = {
    "an open file": (lambda: train(open("text.txt")), TypeError, r"corpus_file=..., or LineSentence\(file\)"),
    "no such path": (lambda: train(Path("nothing.txt")), FileNotFoundError, "no such corpus file.*check the path"),
    "text as corpus_file": (lambda: train(corpus_file="the dog barks"), FileNotFoundError, "check the path"),
    "lists as corpus_file": (lambda: train(corpus_file=SENTENCES), TypeError, "lists of words are sentences"),
    "an iterator as corpus_file": (lambda: train(corpus_file=iter(SENTENCES)), TypeError, "tokens go to sentences"),
    "an empty folder": (lambda: train(corpus_file="empty"), ValueError, "holds no file.*check the path"),
    "folders in a folder": (lambda: train(corpus_file="outer"), ValueError, r"pass 'outer/\*\*/\*' to read them"),
    "no files": (lambda: train(corpus_file=[]), ValueError, "expected at least one"),
    "both": (lambda: train(SENTENCES, "text.txt"), TypeError, "either as sentences or as corpus_file, got both"),
    "vector_size in second place": (lambda: train(SENTENCES, 100), TypeError, "name options, such as vector_size=100"),
    "ids and starts apart": (lambda: train(IDS, STARTS), TypeError, r"in one pair: Word2Vec\(\(ids, starts\)\)"),
    "starts as a list, apart": (lambda: train(IDS, STARTS.tolist()), TypeError, "in one pair"),
    "build_vocab of counts": (lambda: Word2Vec().build_vocab({"a": 3}), TypeError, "whose keys would be read"),
    "train before build_vocab": (lambda: Word2Vec().train(SENTENCES), RuntimeError, "call build_vocab first"),
    "train on ids": (lambda: train(SENTENCES).train([[1]]), TypeError, "pass a corpus of words"),
    "train without a corpus": (lambda: train(SENTENCES).train(), TypeError, "expected a corpus.*got neither"),
    "lists to text_corpus": (lambda: text_corpus(SENTENCES), TypeError, "lists of words are sentences"),
    "lower as text": (lambda: text_corpus("text.txt", lower="yes"), TypeError, "expected True or False"),
    "a function for tokens": (lambda: text_corpus("text.txt", tokens=str.split), ValueError, "a regular expression"),
    "a name for tokens": (lambda: text_corpus("text.txt", tokens="Simple"), ValueError, 'such as .a-z.., or "simple"'),
    "tokens that may be empty": (lambda: text_corpus("text.txt", tokens="a*"), ValueError, r"such as \[a-z\]\+"),
    "a checkpoint that is no path": (lambda: train(SENTENCES, checkpoint=3), TypeError, "expected a path"),
}


@pytest.mark.filterwarnings("ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize(("call", "error", "cure"), CALL_CASES.values(), ids=CALL_CASES)
def test_calls(call, error, cure):
    with pytest.raises(error, match=cure):
        call()


OPTION_CASES = [
    ("vector_size", "100", TypeError, "a whole number from 1"),
    ("vector_size", 10.5, ValueError, "a whole number from 1"),
    ("window", 0, ValueError, "a whole number from 1"),
    ("negative", 0, ValueError, "pass hs=1, or negative=5"),
    ("hs", 2, ValueError, "from 0 to 1"),
    ("sg", 2, ValueError, "from 0 to 1"),
    ("sg", "skipgram", TypeError, "from 0 to 1"),
    ("workers", 0, ValueError, "a whole number from 1"),
    ("workers", -1, ValueError, "a whole number from 1"),
    ("epochs", -1, ValueError, "a whole number from 1"),
    ("min_count", -1, ValueError, "of at least 0"),
    ("min_count", None, TypeError, "of at least 0"),
    ("alpha", -0.1, ValueError, "a number above 0"),
    ("min_alpha", 1, ValueError, "lower it, or raise alpha"),
    ("ns_exponent", float("nan"), ValueError, "that is finite"),
    ("seed", -1, ValueError, "from 0 to"),
    ("sample", 5, ValueError, "a number from 0 to 1"),
    ("shrink_windows", 2, ValueError, "True or False"),
    ("compute_loss", "yes", TypeError, "True or False"),
    ("device", "gpu", ValueError, '"auto", "cpu" or "cuda"'),
    ("negative_sharing", "row", ValueError, "'window' or 'pair'"),
    ("callbacks", print, TypeError, r"expected a list: \[callback\]"),
    ("progress", 3, TypeError, "True, False, None or a function"),
    ("checkpoint_every", "epoch", ValueError, "pass checkpoint=PATH too"),
    ("size", 100, ValueError, "call it vector_size"),
    ("iter", 5, ValueError, "call it epochs"),
]


@pytest.mark.parametrize(("option", "value", "error", "cure"), OPTION_CASES)
def test_options(option, value, error, cure):
    with pytest.raises(error, match=rf"{option}.*{cure}"):
        train(SENTENCES, **{option: value})


def column_of(value):
    return {"column": "a"}, lambda: {"a": [value]}


def long_with(**columns):
    return NAMES, lambda: LONG | columns


UTC = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
TABLE_CASES = {
    "structs": (*column_of({"x": 1}), TypeError, "a column of lists of str or of integers, or of text"),
    "lists of structs": (*column_of([{"x": 1}]), TypeError, "pass a column of lists"),
    "lists of lists": (*column_of([["x"]]), TypeError, "holds list<.*list<.*pass a column of lists"),
    "lists of floats": (*column_of([1.5]), TypeError, r"pass a column of lists.*astype\(.int64.\)"),
    "bytes": (*column_of(b"x y"), TypeError, "holds binary; pass a column of lists.*decode the bytes"),
    "lists of bools": (*column_of([True]), TypeError, r"convert the items by astype\(str\)"),
    "lists written as text": (
        {"column": "a"},
        lambda: {"a": ["['tea', 'pot']", None, "[]"]},
        ValueError,
        r"lists written as text, such as .*frame\['a'\].map\(ast.literal_eval\), or json.loads",
    ),
    "numbers": (*column_of(1), TypeError, "or group and items of a long table"),
    "too large ids": (
        {"column": "a"},
        lambda: {"a": arrow().array([np.array([2**63], np.uint64)])},
        ValueError,
        "renumber the ids, or cast them to text",
    ),
    "no column": ({}, lambda: LONG, ValueError, "the table has 'session', 'item', 'time': pass one of them as column="),
    "a similar name": ({"column": "Itemz"}, lambda: LONG, ValueError, r"did you mean 'item'\? .*as column="),
    "a list of names": ({"column": ["a"]}, lambda: LONG, TypeError, "expected the name of one column: 'session'"),
    "group without items": ({"group": "session"}, lambda: LONG, ValueError, "expected column, or group and items"),
    "items without group": ({"items": "item"}, lambda: LONG, ValueError, "expected column, or group and items"),
    "order alone": ({"order": "time"}, lambda: LONG, ValueError, "order is 'time' without group and items"),
    "column and group": (NAMES | {"column": "item"}, lambda: LONG, ValueError, "expected column, or group and items"),
    "group twice": (NAMES | {"items": "session"}, lambda: LONG, ValueError, "a column of sessions and one of items"),
    "a wrong order": (NAMES | {"order": "tiem"}, lambda: LONG, ValueError, r"did you mean 'time'\? .*as order="),
    "an order with NaN": (*long_with(time=[1.0, float("nan"), 2.0, 3.0]), ValueError, "'time' lacks 1.*drop such rows"),
    "sessions with NaN": (*long_with(session=[1.0, float("nan"), 2.0, 3.0]), ValueError, "'session' lacks 1.*row 1"),
    "items without a value": (*long_with(item=["a", None, "c", None]), ValueError, "'item' lacks 2 values"),
    "items of floats": (*long_with(item=[1.5, 2.0, 3.0, 4.0]), TypeError, r"convert the items by astype\(.int64.\)"),
    "days before months": (
        *long_with(time=["31/01/2023", "01/02/2024", "02/02/2024", "03/02/2024"]),
        ValueError,
        r"times as text \('31/01/2023'\).*pandas.to_datetime\(frame\['time'\], format=",
    ),
    "months as words": (
        *long_with(time=["05 Feb 2024", "07 Jan 2024", "08 Jan 2024", "09 Jan 2024"]),
        ValueError,
        "'Apr' sorts before 'Jan'",
    ),
    "months as first words": (
        *long_with(time=["Feb 05 2024", "Jan 07 2024", "Jan 08 2024", "May 09 2024"]),
        ValueError,
        "'Apr' sorts before 'Jan'",
    ),
    "hours of half a day": (
        *long_with(time=["09:00 PM", "10:00 AM", "11:00 AM", "11:30 AM"]),
        ValueError,
        "'10 am' sorts before '9 am'; cast it to a time",
    ),
    "an order of lists": (*long_with(time=[[1], [2], [3], [4]]), TypeError, "has no order; pass one of numbers"),
    "sessions of structs": (*long_with(session=[{"x": 1}] * 4), TypeError, "has no order; pass one of numbers"),
    "numbers as text": (
        *long_with(time=["10", "9", "1", "2"]),
        ValueError,
        "'10' sorts before '9'; cast it to a number",
    ),
}


@pytest.mark.parametrize(("options", "columns", "error", "cure"), TABLE_CASES.values(), ids=TABLE_CASES)
def test_tables(options, columns, error, cure):
    with pytest.raises(error, match=cure):
        table_corpus(arrow().table(columns()), **options)


SOURCE_CASES = {
    "a dict": ({"a": SENTENCES}, TypeError, r"pyarrow.table\(columns\)"),
    "lists": (SENTENCES, TypeError, r"lists and arrays go to Word2Vec\(sentences\)"),
    "an array": (IDS, TypeError, r"lists and arrays go to Word2Vec\(sentences\)"),
    "rows as dicts": ([{"a": ["x"]}], TypeError, r"pyarrow.Table.from_pylist\(rows\)"),
    "an open file": (io.BytesIO(), TypeError, "pass the path of the file"),
    "text": ("text.txt", ValueError, "expected one of .parquet.*text goes to corpus_file"),
    "no such file": ("a.parquet", FileNotFoundError, "check the path"),
    "an empty folder": ("empty", ValueError, "holds no file"),
    "no files": ([], ValueError, "expected at least one table"),
}


@pytest.mark.parametrize(("source", "error", "cure"), SOURCE_CASES.values(), ids=SOURCE_CASES)
def test_sources_of_tables(source, error, cure):
    arrow()
    with pytest.raises(error, match=cure):
        table_corpus(source, column="a")


def written(name, columns):
    pytest.importorskip("pyarrow.parquet").write_table(arrow().table(columns), name)
    return name


@pytest.mark.parametrize(
    ("columns", "cure"),
    [
        ({"time": [UTC] * 4}, "times with a zone and without.*give all of them one, or none"),
        ({"session": ["u1", "u1", "u2", "u2"]}, "the parts of the table differ.*columns of one kind"),
    ],
)
def test_files_that_do_not_go_together(columns, cure):
    naive = LONG | {"time": [UTC.replace(tzinfo=None)] * 4}
    files = [written("a.parquet", naive), written("b.parquet", naive | columns)]
    with pytest.raises(TypeError, match=cure):
        table_corpus(files, **NAMES)
    with pytest.raises(TypeError, match=r"pyarrow.concat_tables\(tables\)"):
        table_corpus([arrow().table(naive)] * 2, **NAMES)


def test_frames_with_mixed_columns():
    arrow(), (pandas := pytest.importorskip("pandas"))
    for values in ([["x"], [1]], ["x", 1]):
        with pytest.raises(
            TypeError, match=r"for column a .*make each column one kind, frame\[.items.\].astype\(str\)"
        ):
            table_corpus(pandas.DataFrame({"a": values}), column="a")
    twice = arrow().Table.from_arrays([arrow().array(SENTENCES)] * 2, names=["a", "a"])
    with pytest.raises(ValueError, match="2 columns are named 'a'; give them different names"):
        table_corpus(twice, column="a")


def test_columns_that_lack_values():
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    for column in (arrow().array([3, None, 5]), polars.Series([3, None, 5])):
        with pytest.raises(TypeError, match="lacks 1 values; drop the rows that lack one"):
            train((column, np.array([0, 3])))
    with pytest.raises(TypeError, match="drop the rows that lack an id"):
        train((pandas.Series([3, None, 5], dtype="Int64"), np.array([0, 3])))
    with pytest.raises(TypeError, match=r"sentence\.split"):
        train(pandas.DataFrame({"text": ["the dog", "a cat"], "n": 1})["text"])
    with pytest.raises(ValueError, match="no column is named; the table has 'text', 'n'"):
        train(pandas.DataFrame({"text": ["the dog", "a cat"], "n": 1}))


def test_groups_of_pandas():
    frame = pytest.importorskip("pandas").DataFrame(LONG)
    for groups in (frame.groupby("session"), frame.groupby("session")["item"]):
        with pytest.raises(TypeError, match=r'sentences is a \w+GroupBy.*groups\["item"\].agg\(list\)'):
            train(groups)
    assert len(train(frame.groupby("session")["item"].agg(list)).wv) == 4


def test_a_lazy_frame_of_polars():
    arrow(), (polars := pytest.importorskip("polars"))
    with pytest.raises(TypeError, match=r"a LazyFrame is no table.*frame.collect\(\)"):
        table_corpus(polars.LazyFrame(LONG), **NAMES)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("session;item\n1;a\n", r"separated by ';'.*pandas.read_csv\(path, sep=';'\)"),
        ("1,7\n1,8\n", r"pandas.read_csv\(path, header=None, names="),
    ],
)
def test_files_of_another_kind_of_csv(text, cure):
    arrow()
    Path("a.csv").write_text(text)
    with pytest.raises(ValueError, match=cure):
        table_corpus("a.csv", group="session", items="item")


def test_the_index_that_pandas_stores_is_no_column_of_the_user():
    arrow(), (pandas := pytest.importorskip("pandas"))
    pandas.DataFrame({"a": SENTENCES[:2]}, index=[3, 9]).to_parquet("a.parquet")
    assert list(table_corpus("a.parquet").sentences) == SENTENCES[:2]
    with pytest.raises(ValueError, match="the table has 'a': pass"):
        table_corpus("a.parquet", column="b")
    pandas.DataFrame({"a": ["x", "y"]}, index=[9, 9]).to_parquet("b.parquet")
    assert list(table_corpus("b.parquet", group="__index_level_0__", items="a").sentences) == [["x", "y"]]


WARNED = {
    "subfolders": (lambda: text_corpus(folder_with_another()), r"1 subfolders of 'parts' are not.*'parts/\*\*/\*'"),
    "documents as one word each": (lambda: train([["the dog barks."], ["a cat sat"]]), r"\[text.split\(\) for text in"),
    "ids and starts in a list": (lambda: train([IDS, STARTS], sample=0), r"pass a pair of arrays, Word2Vec\(\(numpy"),
    "ids, starts and more": (lambda: train((IDS, STARTS, IDS), sample=0), "looks like the starts of the first"),
    "a table as text": (
        lambda: train(corpus_file=csv_file()),
        r"table_corpus\(path, column=.text.\), or --column text; .*group= and items=",
    ),
    "an order of text": (
        lambda: table_corpus(arrow().table(LONG | {"time": ["Mon", "Tuesday", "Wed", "Thu"]}), **NAMES),
        "is sorted as text, from 'Mon' to 'Wed'; for another order cast it",
    ),
}


def folder_with_another():
    Path("parts/more").mkdir(parents=True)
    Path("parts/a.txt").write_text("a b c\n")
    return "parts"


def csv_file():
    Path("a.csv").write_text("n,text\n1,the dog\n2,a cat\n")
    return "a.csv"


@pytest.mark.parametrize(("call", "cure"), WARNED.values(), ids=WARNED)
def test_what_may_be_meant_is_warned_of(call, cure, caplog):
    call()
    assert re.search(cure, caplog.text)


def test_what_is_right_is_not_warned_of(caplog):
    caplog.set_level("WARNING", "fastw2v")  # the commands set it to INFO for the whole process
    walks = [[3, 5, 7, 5, 7], [0, 3, 4], [1, 5]]
    train(walks, sample=0)
    train(walks * 2, sample=0)
    for times in (
        ["2024-01-02", "2024-01-03T10:00", "2024-01-02", "2024-01-05"],
        ["a1", "a2", "a3", "a4"],
        ["10:00:05", "09:00:00", "23:59:59", "00:00:00"],
        ["2024/01/02", "2023/12/31", "2024/02/01", "2024/02/02"],
        [1, 2, 3, 4],
    ):
        table_corpus(arrow().table(LONG | {"time": times}), **NAMES)
    assert caplog.text == ""


def test_a_folder_of_tables_is_read_without_the_files_that_programs_leave():
    Path("parts").mkdir()
    for number in range(2):
        written(f"parts/part-{number}.parquet", {"a": SENTENCES[number : number + 1]})
    Path("parts/_SUCCESS").touch()
    for source in ("parts", "parts/*.parquet"):
        assert list(table_corpus(source, column="a").sentences) == SENTENCES[:2]

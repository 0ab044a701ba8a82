"""Damaged tables, and tables that hold something else: each error names the file."""

import json

import pytest

from fastw2v.corpus import read_pairs, table_corpus
from fastw2v.encode import encode_corpus
from fastw2v.graph.edge_files import read_edges

arrow = pytest.importorskip("pyarrow")
feather, parquet = pytest.importorskip("pyarrow.feather"), pytest.importorskip("pyarrow.parquet")
LISTS = [["tea", "pot"], ["mug"]] * 20
COLUMNS = {"items": LISTS, "session": list(range(40)), "item": ["tea", "mug"] * 20}


def whole(path):
    table = arrow.table(COLUMNS)
    if path.suffix == ".parquet":
        parquet.write_table(table, path)
    elif path.suffix == ".feather":
        feather.write_feather(table, path)
    else:
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    return path


@pytest.mark.parametrize("ending", [".parquet", ".feather"])
@pytest.mark.parametrize("options", [{"column": "items"}, {"group": "session", "items": "item"}])
def test_damage_anywhere_is_refused_or_read(tmp_path, ending, options):
    path = whole(tmp_path / f"a{ending}")
    content, refusals = path.read_bytes(), []
    for at in range(0, len(content), max(1, len(content) // 100)):
        path.write_bytes(content[:at] + b"\xff\xff\xff\xff" + content[at + 4 :])
        try:
            encode_corpus(table_corpus(path, **options), min_count=1, workers=1)[1].close()
        except (ValueError, TypeError) as error:
            refusals.append(str(error))
    assert len(refusals) > 10
    assert [refusal for refusal in refusals if str(path) not in refusal or ";" not in refusal] == []


@pytest.mark.parametrize("ending", [".parquet", ".feather", ".jsonl"])
def test_a_table_that_is_cut_off(tmp_path, ending):
    path = whole(tmp_path / f"a{ending}")
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(ValueError, match=rf"a\{ending} (is damaged|cannot be read as)"):
        table_corpus(path, column="items")


CONTENTS = {
    "no such column": ("session,x\n1,a\n", r"a\.csv: there is no column 'item'; .*pass one of them as items="),
    "a missing value": (
        "session,item\n,a\n1,b\n",
        r"a\.csv: column 'session' lacks 1 values in rows 0 to 1, the first in row 0; drop",
    ),
    "a name of another encoding": ("session,\udcff\n1,a\n", r"a\.csv cannot be read as csv: .*invalid start byte"),
    "no row": ("session,item\n", r"a\.csv.*holds no token"),
}


@pytest.mark.parametrize(("content", "message"), CONTENTS.values(), ids=CONTENTS)
def test_errors_about_the_content_of_a_file_name_it(tmp_path, content, message):
    (tmp_path / "a.csv").write_text(content, errors="surrogateescape")
    with pytest.raises(ValueError, match=message):
        table_corpus(tmp_path / "a.csv", group="session", items="item")


def test_a_column_of_another_type_names_the_file(tmp_path):
    for content, kind in ((b"2.5", "double"), (b"\xff", "binary")):
        (tmp_path / "a.csv").write_bytes(b"session,item\n1," + content)
        with pytest.raises(TypeError, match=rf"a\.csv: column 'item' holds .*{kind}.*; pass a column"):
            table_corpus(tmp_path / "a.csv", group="session", items="item")


def test_one_of_several_files_that_is_damaged_is_named(tmp_path):
    paths = [whole(tmp_path / name) for name in ("a.feather", "b.feather")]
    paths[1].write_bytes(paths[1].read_bytes()[:100])
    corpus = table_corpus(paths[:1], column="items")
    assert list(corpus.sentences) == LISTS
    with pytest.raises(ValueError, match=r"b\.feather cannot be read as arrow"):
        encode_corpus(table_corpus(paths, column="items"), min_count=1, workers=1)


def test_text_that_is_no_utf_8_names_the_file(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"items": ["te\xff"], "item": "te\xff", "session": "\xff"}\n')
    with pytest.raises(ValueError, match=r"a\.jsonl.*column 'items' holds bytes that are no UTF-8.*store it anew"):
        encode_corpus(table_corpus(path, column="items"), min_count=1, workers=1)
    with pytest.raises(ValueError, match=r"a\.jsonl: .*invalid start byte.*save it as UTF-8"):
        list(table_corpus(path, column="items").sentences)
    with pytest.raises(ValueError, match=r"a\.jsonl"):
        read_pairs(path, columns=("item", "session"))


def test_pairs_and_edges_name_the_file(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y,w\ntea,pot,-1\n")
    with pytest.raises(ValueError, match=r"a\.csv: the weight of pair 0 is -1"):
        read_pairs(path, columns=("x", "y", "w"))
    with pytest.raises(ValueError, match=r"a\.csv: there is no column 'z'; the table has .*as columns="):
        read_pairs(path, columns=("x", "z"))
    path.write_text("tea\tpot\t-1\n")
    with pytest.raises(ValueError, match=r"a\.csv: the weight of pair 0 is -1"):
        read_pairs(path)
    path.write_text("\n \n")
    with pytest.raises(ValueError, match=r"a\.csv: the corpus has no words"):
        read_edges(path)

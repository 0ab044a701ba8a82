"""CSV and JSON lines with long records and deep brackets: read, or refused before pyarrow reads them."""

import csv
import gzip
import json
import os

import numpy as np
import pytest

from fastw2v.corpus import table_corpus
from fastw2v.corpus import text_tables as module
from fastw2v.corpus.text_tables import LEAST_BLOCK, MOST_DEEP, block_size
from fastw2v.encode import encode_corpus

arrow = pytest.importorskip("pyarrow")
LONG = ["tea", "pot"] * (LEAST_BLOCK // 6)


def n_tokens(path, **options):
    _, tokens = encode_corpus(table_corpus(path, **options), min_count=1, workers=1)
    with tokens:
        return len(tokens.ids)


def nested(depth, between=""):
    return between.join("[" * depth) + between.join("]" * depth)


def refusal(tmp_path, content):
    path = tmp_path / "a.jsonl"
    path.write_text(content)
    with pytest.raises(ValueError, match=r"a\.jsonl cannot be read as jsonl: line .*; check the file") as error:
        table_corpus(path, column="a")
    return str(error.value)


@pytest.mark.parametrize("depth", [MOST_DEEP + 65, 4_000, 100_000])
@pytest.mark.parametrize("between", ["", "\n", '"]}",', "\r\n"])
def test_brackets_that_nest_deep_are_refused(tmp_path, depth, between):
    first = '{"a": "x y", "words": []}\n'
    why = refusal(tmp_path, first * 2 + '{"a": "x y", "words": ' + nested(depth, between) + "}\n" + first)
    assert f"nests brackets more than {MOST_DEEP} deep; leave out the field" in why
    assert (between in "\n\r\n" and between) or "line 3 nests" in why


def test_objects_that_nest_deep_are_refused(tmp_path):
    assert "line 1 nests" in refusal(tmp_path, '{"a":' * 2_000 + "1" + "}" * 2_000)


@pytest.mark.parametrize("content", ['{"a": "x\n' + nested(5_000), '{"a": "x"}]\n' * 600 + nested(5_000)])
def test_what_would_conceal_brackets_is_refused(tmp_path, content):
    assert "line 1 " in refusal(tmp_path, content + "\n")


TEXTS = ["[" * 3_000, "{[" * 900 + '"', '\\"[' * 900, "\\" * 901 + "[" * 900, "é\u2028日本[" * 700, "\\"]


@pytest.mark.parametrize("ascii_only", [True, False])
def test_brackets_and_quotes_in_strings_do_not_nest(tmp_path, ascii_only, monkeypatch):
    rows = [{"a": [text, "tea"], "b": {"c": [[text]]}} for text in TEXTS]
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=ascii_only) + "\n" for row in rows))
    for chunk in (63, 1_000, 1 << 20):
        monkeypatch.setattr(module, "_CHUNK", chunk)
        module._block_size.cache_clear()
        assert block_size(path, None) == LEAST_BLOCK
    assert list(table_corpus(path, column="a").sentences) == [row["a"] for row in rows]


def test_many_brackets_that_do_not_nest_are_read(tmp_path):
    path = tmp_path / "a.jsonl"
    row = {"a": ["tea"], "b": [{"c": [n]} for n in range(700)]}
    path.write_text((json.dumps(row) + "\n") * 2 + json.dumps({"a": ["tea"], "c": 0}))
    assert n_tokens(path, column="a") == 3


@pytest.mark.parametrize("pack", [open, gzip.open], ids=["plain", "gzip"])
def test_a_session_longer_than_a_block_of_pyarrow(tmp_path, pack):
    ending = ".gz" if pack is gzip.open else ""
    with pack(tmp_path / f"a.jsonl{ending}", "wt") as file:
        file.writelines(json.dumps({"a": words, "n": 1}) + "\n" for words in (["tea"], LONG, LONG, ["pot"]))
    assert n_tokens(tmp_path / f"a.jsonl{ending}", column="a") == 2 * len(LONG) + 2
    with pack(tmp_path / f"a.csv{ending}", "wt", newline="") as file:
        csv.writer(file).writerows([["a", "n"], ["tea", 1], ["\n".join(LONG), 2], [" ".join(LONG), 3], ["pot", 4]])
    assert n_tokens(tmp_path / f"a.csv{ending}", column="a") == 2 * len(LONG) + 2


def longest_of(path, content, delimiter=","):
    path.write_bytes(content)
    module._block_size.cache_clear()
    return block_size(path, delimiter)


@pytest.mark.parametrize("chunk", [100, 1 << 20])
def test_the_longest_record(tmp_path, monkeypatch, chunk):
    monkeypatch.setattr(module, "LEAST_BLOCK", 1)
    monkeypatch.setattr(module, "_CHUNK", chunk)
    draw, path = np.random.default_rng(0), tmp_path / "a.csv"
    for newline in (b"\n", b"\r\n", b"\r"):
        for _ in range(3):
            fields = [[b"x" * n, b'"' + b'y"",\n' * m + b'"'] for n, m in draw.integers(0, 300, (20, 2))]
            records = [b",".join(pair) + newline for pair in fields]
            longest = max(map(len, records))
            assert longest <= longest_of(path, b"".join(records)) <= longest + 192
            lines = [b"x" * n + newline for n in draw.integers(0, 300, 40)]
            for delimiter in (",", None):
                found = longest_of(path, b"".join(lines), delimiter)
                assert max(map(len, lines)) <= found <= max(map(len, lines)) + 192


def test_inches_do_not_join_lines(tmp_path):
    line = b'a 5" pipe,"quoted ""x""\nhere",1\n'
    for n_lines in (40_000, 40_001):
        assert longest_of(tmp_path / "a.csv", line * n_lines) == LEAST_BLOCK
        assert longest_of(tmp_path / "a.tsv", line.replace(b",", b"\t") * n_lines, "\t") == LEAST_BLOCK


def test_a_quote_without_a_partner_does_not_join_a_large_file(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MOST_QUOTED", 1 << 21)
    lines = b"a,b\n" * 700_000
    assert longest_of(tmp_path / "a.csv", b'5",b\n' + lines) == LEAST_BLOCK
    assert longest_of(tmp_path / "a.csv", b'5",b\n' + lines[: 3 << 19] + b'6",b\n') > 3 << 19


def test_a_record_beyond_the_largest_block_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "MOST_BLOCK", 1 << 16)
    (tmp_path / "a.csv").write_text("a\n" + "x " * 40_000 + "\n")
    with pytest.raises(ValueError, match=r"a\.csv cannot be read as csv: a record has 80,.* bytes; .*split"):
        table_corpus(tmp_path / "a.csv", column="a")


def test_a_file_is_looked_at_once_until_it_changes(tmp_path, monkeypatch):
    looks, real = [], module._windows
    monkeypatch.setattr(module, "_windows", lambda stream: looks.append(1) or real(stream))
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": ["x"]}\n')
    assert n_tokens(path, column="a") == n_tokens(path, column="a") == 1
    assert len(looks) == 1
    path.write_text('{"a": ["x", "y"]}\n')
    assert n_tokens(path, column="a") == 2
    os.utime(path, ns=(1, 1))
    assert n_tokens(path, column="a") == 2
    assert len(looks) == 3


def test_empty_text(tmp_path):
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_bytes(b"")
        assert block_size(tmp_path / name, "," if name == "a.csv" else None) == LEAST_BLOCK


def test_csv_of_very_many_columns_is_refused_before_pyarrow_takes_memory_for_each(tmp_path):
    path = tmp_path / "wide.csv"
    path.write_text("words" + "," * 4999 + "\n" + "a b" + "," * 4999 + "\n")
    assert block_size(path, ",") == LEAST_BLOCK
    path.write_text("words" + "," * 5000 + "\n" + "a b" + "," * 5000 + "\n")
    with pytest.raises(ValueError, match="more than 5,000 columns; leave some out, or use Parquet"):
        block_size(path, ",")
    path.write_text("words," + "x" * 3_000_000 + "," * 5000 + "\n")
    with pytest.raises(ValueError, match="more than 5,000 columns"):
        block_size(path, ",")

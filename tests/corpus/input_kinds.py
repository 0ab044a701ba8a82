"""Every kind of input that fastw2v takes, made of the lists of lists that it stands for.

Each function takes the lists and an empty folder, and returns the arguments of `Word2Vec`.
"""

import bz2
import gzip
import io
import json
import lzma
import os
import re
import threading
from array import array
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v.cli.inputs import corpus_of
from fastw2v.corpus import LineSentence, PathLineSentences, simple_preprocess, table_corpus


def text_of(lists):
    return "".join(" ".join(sentence) + "\n" for sentence in lists)


def written(folder, name, content):
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


class StartsAnew:
    def __init__(self, lists):
        self.lists = lists

    def __iter__(self):
        return (list(sentence) for sentence in self.lists)


def zstd(content):
    return pytest.importorskip("zstandard").compress(content)


def from_pipe(lists, folder):
    path = folder / "pipe"
    os.mkfifo(path)
    threading.Thread(target=path.write_bytes, args=(text_of(lists).encode(),)).start()
    return {"corpus_file": path}


def from_stdin(lists, _folder):
    with pytest.MonkeyPatch.context() as patch:
        stdin = SimpleNamespace(buffer=io.BytesIO(text_of(lists).encode()))
        patch.setattr("fastw2v.cli.inputs.sys", SimpleNamespace(stdin=stdin))
        return {"sentences": corpus_of([Path("-")], {})}


def parts(lists, folder):
    """Three files in a folder, sorted by name, and one that is hidden."""
    third = len(lists) // 3
    for number in range(3):
        piece = lists[third * number : third * (number + 1) if number < 2 else None]
        written(folder, f"part{number}.txt", text_of(piece))
    written(folder, ".hidden", "not read\n")
    return folder


def of_text(pack, ending=""):
    return lambda lists, folder: {"corpus_file": written(folder, f"text.txt{ending}", pack(text_of(lists).encode()))}


LISTS = {
    "lists": lambda lists, _: {"sentences": lists},
    "tuples": lambda lists, _: {"sentences": tuple(map(tuple, lists))},
    "an iterable class": lambda lists, _: {"sentences": StartsAnew(lists)},
    "a generator": lambda lists, _: {"sentences": (sentence for sentence in lists)},
    "an iterator of iterators": lambda lists, _: {"sentences": map(iter, lists)},
    "NumPy sentences": lambda lists, _: {"sentences": [np.array(sentence) for sentence in lists]},
    "a column of pandas": lambda lists, _: {"sentences": pytest.importorskip("pandas").Series(lists)},
    "a column of polars": lambda lists, _: {"sentences": pytest.importorskip("polars").Series(lists)},
    "an array of Arrow": lambda lists, _: {"sentences": arrow().array(lists)},
}

TEXTS = {
    "corpus_file": lambda lists, folder: {"corpus_file": str(of_text(bytes)(lists, folder)["corpus_file"])},
    "a path as sentences": lambda lists, folder: {"sentences": of_text(bytes)(lists, folder)["corpus_file"]},
    "gz": of_text(gzip.compress, ".gz"),
    "bz2": of_text(bz2.compress, ".bz2"),
    "xz": of_text(lzma.compress, ".xz"),
    "zst": of_text(zstd, ".zst"),
    "a byte order mark and CR LF": of_text(lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")),
    "LineSentence": lambda lists, folder: {"sentences": LineSentence(of_text(bytes)(lists, folder)["corpus_file"])},
    "PathLineSentences": lambda lists, folder: {
        "sentences": PathLineSentences(written(folder, "a", text_of(lists)).parent)
    },
    "files": lambda lists, folder: {"corpus_file": sorted(parts(lists, folder).glob("*.txt"))},
    "a pattern": lambda lists, folder: {"corpus_file": f"{parts(lists, folder)}/part*.txt"},
    "a folder": lambda lists, folder: {"corpus_file": parts(lists, folder)},
    "a pipe": from_pipe,
    "stdin": from_stdin,
    "text of a column": lambda lists, _: {
        "sentences": table_corpus(arrow().table({"text": [" ".join(sentence) for sentence in lists]}))
    },
    "CSV": lambda lists, folder: {"sentences": table_corpus(csv(lists, folder), column="text")},
    "TSV": lambda lists, folder: {"sentences": table_corpus(csv(lists, folder, "\t"), column="text")},
    "CSV.gz": lambda lists, folder: {
        "sentences": table_corpus(
            written(folder, "b.csv.gz", gzip.compress(csv(lists, folder).read_bytes())), column="text"
        )
    },
}


def csv(lists, folder, delimiter=","):
    arrow()  # reads it
    rows = "".join(f"{n}{delimiter}{' '.join(sentence)}\n" for n, sentence in enumerate(lists))
    return written(folder, "a.csv" if delimiter == "," else "a.tsv", f"n{delimiter}text\n{rows}")


def ragged(kind):
    """Ids and starts, each made by a function."""

    def make(lists, _folder):
        ids = [word for sentence in lists for word in sentence]
        starts = np.concatenate([[0], np.cumsum([len(sentence) for sentence in lists])])
        return {"sentences": (kind(np.array(ids)), kind(starts))}

    return make


def with_one_array(lists, folder):
    ids, starts = ragged(np.asarray)(lists, folder)["sentences"]
    return {"sentences": (ids, starts.tolist())}


INTEGERS = {
    "NumPy sentences of int32": lambda lists, _: {"sentences": [np.int32(sentence) for sentence in lists]},
    "array.array": lambda lists, _: {"sentences": [array("l", sentence) for sentence in lists]},
    "(ids, starts)": ragged(np.asarray),
    "(ids, starts) of int32": ragged(np.int32),
    "(ids, starts) that are not contiguous": ragged(lambda part: np.repeat(part, 2)[::2]),
    "(ids, list)": with_one_array,
    "(ids, starts) of pandas": ragged(lambda part: pytest.importorskip("pandas").Series(part)),
    "(ids, starts) of polars": ragged(lambda part: pytest.importorskip("polars").Series(part)),
    "(ids, starts) of Arrow": ragged(lambda part: arrow().array(part)),
    "(ids, starts) in chunks": ragged(lambda part: arrow().chunked_array([part[:3], part[3:]])),
}


def arrow():
    return pytest.importorskip("pyarrow")


def a_fifth(rows):
    return len(rows) // 5 + 1


def table(lists):
    return arrow().table({"n": list(range(len(lists))), "items": lists})


def parquet(lists, folder):
    pytest.importorskip("pyarrow.parquet").write_table(
        table(lists), folder / "a.parquet", row_group_size=a_fifth(lists)
    )
    return folder / "a.parquet"


def feather(lists, folder):
    pytest.importorskip("pyarrow.feather").write_feather(table(lists), folder / "a.feather")
    return folder / "a.feather"


def json_lines(lists, folder):
    arrow()  # reads it
    return written(folder, "a.jsonl", "".join(json.dumps({"n": 1, "items": sentence}) + "\n" for sentence in lists))


def duckdb_relation(lists, folder):
    duckdb = pytest.importorskip("duckdb")
    path = parquet(lists, folder)
    return duckdb.connect().sql(f"select items, n from '{path}' order by n")


def hugging_face(lists, _folder):
    return pytest.importorskip("datasets").Dataset.from_dict({"n": list(range(len(lists))), "items": lists})


def by_column(source):
    return lambda lists, folder: {"sentences": table_corpus(source(lists, folder), column="items")}


def long_rows(lists):
    """Columns of a long table in a shuffled order: sessions, items, times."""
    rows = [(s, item, t) for s, sentence in enumerate(lists) for t, item in enumerate(sentence)]
    order = np.random.default_rng(0).permutation(len(rows)).tolist()
    sessions, items, times = zip(*(rows[n] for n in order))
    return {"session": list(sessions), "item": list(items), "time": [1_700_000_000 + time for time in times]}


def by_group(source):
    return lambda lists, folder: {
        "sentences": table_corpus(source(long_rows(lists), folder), group="session", items="item", order="time")
    }


def long_parquet(rows, folder):
    pytest.importorskip("pyarrow.parquet").write_table(
        arrow().table(rows), folder / "long.parquet", row_group_size=a_fifth(rows["item"])
    )
    return folder / "long.parquet"


def long_csv(rows, folder):
    arrow()  # reads it
    lines = "".join(f"{s},{item},{t}\n" for s, item, t in zip(rows["session"], rows["item"], rows["time"]))
    return written(folder, "long.csv", f"session,item,time\n{lines}")


def with_times(rows, _folder):
    """A frame of pandas with timestamps, and names of sessions, as a log has them."""
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(rows)
    return frame.assign(
        time=pandas.to_datetime(frame["time"], unit="s"), session=frame["session"].map("user{:06d}".format)
    )


def categories(rows, _folder):
    frame = pytest.importorskip("pandas").DataFrame(rows)
    return frame.assign(item=frame["item"].astype("category"))


def streamed(lists, _folder):
    return table(lists).to_reader(max_chunksize=a_fifth(lists))


TABLES = {
    "Parquet": by_column(parquet),
    "Feather": by_column(feather),
    "JSON lines": by_column(json_lines),
    "a table of pyarrow": by_column(lambda lists, _: table(lists)),
    "a stream of record batches": by_column(streamed),
    "a frame of pandas": by_column(lambda lists, _: pytest.importorskip("pandas").DataFrame({"items": lists})),
    "a frame of polars": by_column(lambda lists, _: pytest.importorskip("polars").DataFrame({"items": lists})),
    "DuckDB": by_column(duckdb_relation),
    "datasets": by_column(hugging_face),
    "the command line's column": lambda lists, folder: {
        "sentences": corpus_of([parquet(lists, folder)], {"column": "items"})
    },
    "a long table": by_group(lambda rows, _: arrow().table(rows)),
    "a long Parquet file": by_group(long_parquet),
    "a long CSV file": by_group(long_csv),
    "a long frame of pandas": by_group(with_times),
    "a long frame of categories": by_group(categories),
    "a long frame of polars": by_group(lambda rows, _: pytest.importorskip("polars").DataFrame(rows)),
    "a long stream": by_group(lambda rows, _: arrow().table(rows).to_reader(max_chunksize=a_fifth(rows["item"]))),
    "a long relation of DuckDB": by_group(
        lambda rows, folder: pytest.importorskip("duckdb").connect().read_parquet(str(long_parquet(rows, folder)))
    ),
    "the command line's group": lambda lists, folder: {
        "sentences": corpus_of(
            [long_csv(long_rows(lists), folder)], {"group": "session", "items": "item", "order": "time"}
        )
    },
}

PATTERN = r"[^\W\d_]+|[0-9]+"
WORD_KINDS = LISTS | TEXTS | TABLES
INTEGER_KINDS = LISTS | INTEGERS | TABLES

RAW_TEXT_KINDS = {
    "lower": ({"lower": True}, lambda line: [word.decode() for word in line.lower().encode().split()]),
    "a pattern": ({"tokens": PATTERN}, re.compile(PATTERN).findall),
    "a pattern in lower case": ({"tokens": PATTERN, "lower": True}, lambda line: re.findall(PATTERN, line.lower())),
    "simple": ({"tokens": "simple"}, simple_preprocess),
}

import gzip
import tracemalloc
import zipfile
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from fastw2v.corpus import text_corpus
from fastw2v.distributed import cluster_corpus
from fastw2v.distributed.counting import join_counts
from fastw2v.distributed.tokens import ShardTokens, tokens_as_rows
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.vocab import EmptyVocabularyError
from tests.distributed.cases import write_text

TEXT = "b a a\n\n c\u00e9 b\r\nx\ty\n" * 3000 + "last"


def joined(corpus):
    """Words and counts of all shards, and the text as words."""
    raw, tokens = [], []
    for shard in corpus.shards():
        try:
            found = encode_corpus(corpus.read(shard), min_count=1, sorted_vocab=False)
        except EmptyVocabularyError:
            found = None, Tokens(np.empty(0, np.int32), np.zeros(1, np.int64))
        raw.append(found[0])
        tokens.append(found[1])
    found = join_counts(raw)
    rows = [tokens_as_rows(own, words) for own, words in zip(tokens, found.word_of)]
    return found.raw, np.concatenate([own.ids for own in rows]), sum(own.n_sentences for own in rows)


def assert_same(corpus, path):
    vocab, tokens = encode_corpus(text_corpus(path), min_count=1, sorted_vocab=False)
    raw, ids, n_sentences = joined(corpus)
    assert raw.keys == vocab.keys
    assert raw.counts.tolist() == vocab.counts.tolist()
    assert raw.n_raw_tokens == vocab.n_raw_tokens
    assert ids.tolist() == tokens.ids.tolist()
    assert n_sentences == tokens.n_sentences


@pytest.mark.parametrize("text", [TEXT, "a b", "\n\n", "one\n" * 50_000, "a " * 50_000])
def test_shards_hold_the_text_of_one_machine(tmp_path, text):
    path = tmp_path / "text.txt"
    path.write_text(text, encoding="utf-8")
    shards = cluster_corpus(path).shards()
    assert [shard.begin for shard in shards] == [0, *(shard.end for shard in shards[:-1])]
    if text.strip():
        assert_same(cluster_corpus(path), path)


def test_several_files_packed_ones_too_are_read_in_their_order(tmp_path):
    write_text(tmp_path / "a.txt")
    write_text(tmp_path / "c.txt", seed=2)
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    corpus = cluster_corpus(tmp_path / "*.txt*")
    assert [Path(path).name for path in corpus.paths] == ["a.txt", "b.txt.gz", "c.txt"]
    assert sum(shard.path.endswith(".gz") for shard in corpus.shards()) == 1
    assert len(corpus.shards()) > 3
    assert_same(corpus, tmp_path / "*.txt*")


def test_urls_are_read_by_fsspec(tmp_path):
    pytest.importorskip("fsspec")
    write_text(tmp_path / "a.txt")
    write_text(tmp_path / "b.txt", seed=1)
    corpus = cluster_corpus(f"file://{tmp_path}/*.txt")
    assert len(corpus.paths) == 2
    assert_same(corpus, tmp_path)
    with pytest.raises(FileNotFoundError, match="no file matches"):
        cluster_corpus(f"file://{tmp_path}/*.csv")


URLS = {  # given, found; both in the folder {0}
    "file://{0}/a.txt": ["file://{0}/a.txt"],
    "local://{0}/a.txt": ["local://{0}/a.txt"],
    "local://{0}/*.txt": ["local://{0}/a.txt", "local://{0}/b.txt"],
    "file://{0}/texts/": ["file://{0}/texts/a.txt"],
    "zip://m/b.txt::file://{0}/z.zip": ["zip://m/b.txt::file://{0}/z.zip"],
    "zip://*/*.txt::file://{0}/z.zip": ["zip://m/a.txt::file://{0}/z.zip", "zip://m/b.txt::file://{0}/z.zip"],
    "simplecache::file://{0}/a.txt": ["simplecache::file://{0}/a.txt"],
    "simplecache::file://{0}/a*": ["simplecache::file://{0}/a.txt"],
}


@pytest.mark.parametrize("given", URLS)
def test_urls_keep_what_leads_to_the_file(tmp_path, given):
    pytest.importorskip("fsspec")
    (tmp_path / "texts").mkdir()
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        for seed, name in enumerate(["a.txt", "b.txt"]):
            archive.write(write_text(tmp_path / name, n_lines=20, seed=seed), f"m/{name}")
    for name in ("a.txt", ".hidden"):
        write_text(tmp_path / "texts" / name, n_lines=20)
    corpus = cluster_corpus(given.format(tmp_path))
    assert list(corpus.paths) == [url.format(tmp_path) for url in URLS[given]]
    assert_same(
        corpus,
        [tmp_path / url.removeprefix("simplecache::").partition("::")[0].rpartition("/")[2] for url in corpus.paths],
    )


def test_urls_keep_their_host():
    fsspec = pytest.importorskip("fsspec")

    class Hosted(fsspec.get_filesystem_class("memory")):
        """As HDFS: its names have no host."""

        protocol = "hosted"
        store, pseudo_dirs = {"/data/a.txt": None, "/data/b.txt": None}, ["", "/data"]

        @classmethod
        def _strip_protocol(cls, path):
            return "/" + path.partition("://")[2].partition("/")[2] if "://" in path else path

        @staticmethod
        def _get_kwargs_from_urls(path):
            return {"host": path.partition("://")[2].partition("/")[0]}

        def info(self, path, **_):
            kind = "file" if path in self.store else "directory" if path in self.pseudo_dirs else None
            if kind is None:
                raise FileNotFoundError(path)
            return {"name": path, "type": kind, "size": 0}

        def glob(self, path, **_):
            return [name for name in self.store if fnmatch(name, path)]

    fsspec.register_implementation("hosted", Hosted, clobber=True)
    for given in ("hosted://name:80/data/a.txt", "hosted://name:80/data/a*"):
        assert cluster_corpus(given).paths == ("hosted://name:80/data/a.txt",)


def test_a_file_whose_own_url_is_not_known_is_refused():
    fsspec = pytest.importorskip("fsspec")

    class Odd(fsspec.get_filesystem_class("memory")):
        protocol = "odd"

        def isfile(self, path):
            return not path.endswith("*")

        def isdir(self, _):
            return False

        def glob(self, path, **_):
            return ["elsewhere:a.txt"]

    fsspec.register_implementation("odd", Odd, clobber=True)
    with pytest.raises(ValueError, match="pass a list of the URLs of the files"):
        cluster_corpus("odd://data/*")


@pytest.mark.parametrize("line", ["\ufeffa b c", "GIF89 is a format", "%PDF-1.4 is another", '1234567 {"a b'])
def test_a_shard_that_begins_as_another_kind_of_file_is_text(tmp_path, line):
    (tmp_path / "text").write_text("x\n" + f"{line}\n" * 4000, encoding="utf-8")
    assert len(cluster_corpus(tmp_path / "text").shards()) > 1
    assert_same(cluster_corpus(tmp_path / "text"), tmp_path / "text")


def test_a_byte_order_mark_at_the_beginning_of_a_file_is_left_out(tmp_path):
    (tmp_path / "text").write_text("\ufeffa b c\n" * 4000, encoding="utf-8")
    assert_same(cluster_corpus(tmp_path / "text"), tmp_path / "text")


def test_tables_are_no_plain_text(tmp_path, caplog):
    for name in ("t.jsonl", "t.ndjson.gz", "t.csv"):
        write_text(tmp_path / name, n_lines=5)
    for name in ("t.jsonl", "t.ndjson.gz"):
        with pytest.raises(
            ValueError, match="holds JSON lines, not plain text; save the field that holds the words as"
        ):
            cluster_corpus(tmp_path / name)
    cluster_corpus(tmp_path / "t.csv")
    assert "is read as plain text, a sentence a line; of a table, save the column as Parquet" in caplog.text
    if find_spec("fsspec") is not None:
        with pytest.raises(ValueError, match=r"'file://.*/t\.jsonl' holds JSON lines"):
            cluster_corpus(f"simplecache::file://{tmp_path}/t.jsonl")


@pytest.mark.parametrize("is_text", [True, False])
def test_row_groups_of_parquet_are_shards(tmp_path, is_text):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = write_text(tmp_path / "text.txt").read_text().splitlines()
    column = rows if is_text else [row.split() for row in rows]
    parquet.write_table(
        arrow.table({"words": column, "n": range(len(rows))}), tmp_path / "t.parquet", row_group_size=400
    )
    corpus = cluster_corpus(tmp_path / "t.parquet", column="words")
    assert len(corpus.shards()) == -(-len(rows) // 400)
    assert_same(corpus, tmp_path / "text.txt")


def test_integers_are_joined_by_first_occurrence(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = arrow.table({"ids": [[7, 3, 7], [5], [3, 9, 5], [7]]})
    parquet.write_table(table, tmp_path / "t.parquet", row_group_size=2)
    raw, ids, _ = joined(cluster_corpus(tmp_path / "t.parquet", column="ids"))
    assert raw.keys == [7, 3, 5, 9]
    assert raw.counts.tolist() == [3, 2, 2, 1]
    assert ids.tolist() == [0, 1, 0, 2, 1, 3, 2, 0]


def test_words_that_hold_whitespace_stay_words(tmp_path):
    arrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    parquet.write_table(
        arrow.table({"w": [["new york", "a"], ["a", "new york", ""]]}), tmp_path / "t", row_group_size=1
    )
    raw, ids, _ = joined(cluster_corpus(tmp_path / "t", column="w"))
    assert (raw.keys, raw.counts.tolist(), ids.tolist()) == (["new york", "a", ""], [2, 2, 1], [0, 1, 1, 0, 2])


def test_wrong_files_are_refused_with_the_cure(tmp_path):
    (tmp_path / "t").write_bytes(b"PAR1" + bytes(100))
    with pytest.raises(ValueError, match="name the column"):
        cluster_corpus(tmp_path / "t").shards()
    pytest.importorskip("pyarrow")
    write_text(tmp_path / "text")
    with pytest.raises(ValueError, match="is no Parquet file"):
        cluster_corpus(tmp_path / "text", column="w").shards()
    with pytest.raises(ValueError, match="lower and tokens are for text"):
        cluster_corpus(tmp_path / "text", column="w", lower=True)
    with pytest.raises(FileNotFoundError, match="no such corpus file"):
        cluster_corpus(tmp_path / "absent")


def test_tokens_of_a_shard_are_found_by_their_positions():
    tokens = ShardTokens(np.array([2, 0, 3]))
    tokens.add(2, Tokens(np.array([4, 5, 6], np.int32), np.array([0, 3])))
    ids, starts, first = tokens.part(3, 5)
    assert (tokens.n_tokens, ids.tolist(), starts.tolist(), first) == (5, [4, 5, 6], [0, 3], 2)


def test_words_without_a_row_and_sentences_without_a_word_are_left_out():
    tokens = Tokens(np.array([0, 1, 2, 1, 0], np.int32), np.array([0, 2, 4, 5]))
    rows = tokens_as_rows(tokens, np.array([1, -1, -1], np.int32))
    assert (rows.ids.tolist(), rows.starts.tolist()) == ([1, 1], [0, 1, 2])
    nothing = tokens_as_rows(tokens, np.full(3, -1, np.int32))
    assert (nothing.n_tokens, nothing.n_sentences) == (0, 0)


@pytest.mark.parametrize("chunk", [1, 2, 3, 7, 1000])
def test_tokens_are_the_same_rows_in_chunks_of_any_size(monkeypatch, chunk):
    monkeypatch.setattr("fastw2v.distributed.tokens._CHUNK_TOKENS", chunk)
    rng = np.random.default_rng(0)
    ids, lengths = rng.integers(0, 4, 60, dtype=np.int32), rng.multinomial(60 - 20, np.full(20, 1 / 20)) + 1
    tokens = Tokens(ids, np.cumsum([0, *lengths]))
    row_of = np.array([5, -1, -1, 3], np.int32)
    sentences = [[row_of[i] for i in each if row_of[i] >= 0] for each in np.split(ids, tokens.starts[1:-1])]
    found = tokens_as_rows(tokens, row_of)
    assert (found.ids.dtype, found.starts.dtype, found.n_raw) == (np.int32, np.int64, 60)
    assert [each.tolist() for each in np.split(found.ids, found.starts[1:-1])] == [each for each in sentences if each]


def test_tokens_of_a_large_shard_become_rows_with_little_memory():
    n = 8 << 20
    tokens = Tokens(np.zeros(n, np.int32), np.arange(0, n + 1, 64))
    tracemalloc.start()
    tokens_as_rows(tokens, np.zeros(1, np.int32))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * n

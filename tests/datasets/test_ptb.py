import hashlib
import io
import os
import urllib.error
import urllib.request

import numpy as np
import pytest

from fastw2v import datasets, nn
from fastw2v.datasets import download, ptb

TRAIN = " aa bb aa \n <unk> bb N \n"
TEST = " bb aa \n"
PARTS = {"ptb.train.txt": TRAIN, "ptb.test.txt": TEST}


@pytest.fixture
def served(tmp_path, monkeypatch):
    """Small parts on a stand-in for the network; the addresses that were asked for."""
    monkeypatch.delenv("FASTW2V_DATA_DIR", raising=False)
    monkeypatch.setattr(download, "cache_dir", lambda: tmp_path / "cache")
    sums = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in PARTS.items()}
    monkeypatch.setattr(ptb, "_PTB_SHA256", sums)
    asked = []

    def urlopen(url, timeout):
        asked.append(url)
        return io.BytesIO(PARTS[url.rpartition("/")[2]].encode())

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    return asked


def test_ids_in_the_order_of_first_occurrence(served):
    corpus, word_to_id, id_to_word = datasets.load_ptb()
    assert word_to_id == {"aa": 0, "bb": 1, "<eos>": 2, "<unk>": 3, "N": 4}
    assert id_to_word == {i: word for word, i in word_to_id.items()}
    assert corpus.tolist() == [0, 1, 0, 2, 3, 1, 4, 2]
    assert corpus.dtype == np.int64


def test_other_parts_have_the_ids_of_train_and_files_are_downloaded_once_over_tls(served, tmp_path):
    for _ in range(2):
        assert datasets.load_ptb("test")[0].tolist() == [1, 0, 2]
    assert [url.rpartition("/")[2] for url in served] == ["ptb.train.txt", "ptb.test.txt"]
    assert all(url.startswith("https://") for url in served)
    assert sorted(os.listdir(tmp_path / "cache")) == ["ptb.test.txt", "ptb.train.txt"]


def test_the_data_folder_comes_first_and_may_lack_the_file(served, tmp_path, monkeypatch):
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    (tmp_path / "ptb.train.txt").write_text(TRAIN)
    datasets.load_ptb("test")
    assert [url.rpartition("/")[2] for url in served] == ["ptb.test.txt"]


def test_content_that_is_not_the_expected(served, tmp_path, monkeypatch):
    monkeypatch.setitem(PARTS, "ptb.train.txt", "something else")
    with pytest.raises(ValueError, match=r"https://.* has SHA-256 .*, expected .*the file there has changed"):
        datasets.load_ptb()
    assert not (tmp_path / "cache").exists()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "ptb.train.txt").write_text("cut off")
    with pytest.raises(ValueError, match="delete the file, and it is downloaded again"):
        datasets.load_ptb()


def test_offline(served, tmp_path, monkeypatch):
    def urlopen(url, timeout):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(urllib.request, "urlopen", urlopen)
    with pytest.raises(OSError, match=r"cannot be downloaded from https.*no network.*FASTW2V_DATA_DIR"):
        datasets.load_ptb()
    assert not (tmp_path / "cache").exists()


def test_no_such_part(served):
    with pytest.raises(ValueError, match="data_type is 'dev'"):
        datasets.load_ptb("dev")


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/fastw2v"),
        ("linux", {"XDG_CACHE_HOME": "", "HOME": "/h"}, "/h/.cache/fastw2v"),
        ("darwin", {"HOME": "/h"}, "/h/Library/Caches/fastw2v"),
        ("win32", {"LOCALAPPDATA": "/l"}, "/l/fastw2v"),
    ],
)
def test_the_cache_folder(monkeypatch, platform, variables, expected):
    monkeypatch.setattr(download.sys, "platform", platform)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert download.cache_dir().as_posix() == expected


@pytest.mark.skipif("FASTW2V_DATA_DIR" not in os.environ, reason="FASTW2V_DATA_DIR is not set: no PTB")
def test_the_penn_treebank():
    corpus, word_to_id, id_to_word = nn.ptb.load_data("train")
    assert len(corpus) == 929_589
    assert len(word_to_id) == len(id_to_word) == 10_000
    assert corpus[:30].tolist() == list(range(30))
    assert word_to_id["<eos>"] == 24
    assert (len(nn.ptb.load_data("val")[0]), len(nn.ptb.load_data("test")[0])) == (73_760, 82_430)

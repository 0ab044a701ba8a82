"""The study of words that were never seen, on a small text; the table of its results."""

import json

import numpy as np
import pytest

from benchmarks.report import results
from benchmarks.report import unseen as report
from benchmarks.studies import unseen
from tests.benchmarks.records import ORIGIN

SIMLEX = "# Word 1\tWord 2\tHuman\nlist\tStrings\t5\nwhile\tlist\t1\nobject\tmodule\t3\nquorum\tmodule\t2\n"
WORDSIM = "the\tof\t5\nValue\tmodule\t3\nof\tname\t2\n"
HELD_OUT = ["list", "strings", "while", "object", "module", "quorum"]


@pytest.fixture
def pair_files(tmp_path, monkeypatch):
    (tmp_path / "simlex999.txt").write_text(SIMLEX)
    (tmp_path / "wordsim353.tsv").write_text(WORDSIM)
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("pair_files")
def test_the_words_of_the_pairs_are_in_lower_case_each_once():
    assert unseen.words_of(unseen.HELD_OUT) == HELD_OUT


def test_words_are_taken_out_whole_and_in_either_case():
    lines = [b"a list of lists\tlisted  List\n", b"LIST", b"", b"caf\xc3\xa9 enlist list-like"]
    assert list(unseen.without(["list"], lines)) == [b"a of lists listed", b"", b"", b"caf\xc3\xa9 enlist list-like"]


def test_the_text_lacks_the_words_and_nothing_else(pair_files):
    text = pair_files / "text"
    counts = unseen.write_text(text, parts=2, quick=True)
    found = text.read_bytes().lower().split()
    assert not set(found).intersection(word.encode() for word in HELD_OUT)
    assert (counts["tokens"], counts["held_out_words"]) == (len(found), len(HELD_OUT))
    unseen.corpora.reviews(text, quick=True)
    lines = text.read_bytes().splitlines()
    assert counts["tokens"] + counts["held_out_tokens"] == len(b"\n".join(lines[: len(lines) // 2]).split())
    assert counts["held_out_tokens"] > 0


def test_a_word_that_was_seen_is_refused(pair_files):
    text = pair_files / "text"
    text.write_text("the module of a list\n" * 20)
    options = unseen.OPTIONS | {"min_n": 3, "max_n": 6, "bucket": 500, "vector_size": 16, "workers": 1}
    with pytest.raises(ValueError, match="fastw2v has seen 2 words that were held out, such as 'list'"):
        unseen.trained_and_scored("fastw2v", str(text), options)


@pytest.mark.usefixtures("pair_files")
def test_vectors_are_scored_by_the_judgements_of_all_pairs_and_of_the_seen_ones():
    angles = {"list": 0, "strings": 0.1, "while": 1.5, "object": 2, "module": 2.5, "quorum": 1.7}
    angles |= {"the": 0, "of": 0.1, "value": 2, "name": 1}

    def vector_of(word):
        return np.array([np.cos(angles[word]), np.sin(angles[word])])

    found = unseen.scores(vector_of, {"the", "of", "name", "value"})
    assert (found["simlex"], found["simlex_pairs"]) == (1, 4)
    assert (found["ws353"], found["ws353_pairs"]) == (1, 3)
    assert (found["ws353_seen"], found["ws353_seen_pairs"]) == (1, 2)


def test_trainings_are_recorded(pair_files, capsys):
    pytest.importorskip("cpuinfo", reason="results name the processor: pip install '.[bench]'")
    asked = ["--tools", "fastw2v", "--models", "skip-gram", "--seeds", "7", "--quick", "--results", str(pair_files)]
    unseen.main(asked)
    (line,) = (pair_files / "unseen.jsonl").read_text().splitlines()
    row = json.loads(line)
    assert (row["tool"], row["sg"], row["seed"], row["parts"]) == ("fastw2v", 1, 7, 2)
    assert (row["simlex_pairs"], row["ws353_pairs"], row["ws353_seen_pairs"]) == (4, 3, 2)
    assert row["n_vocab"] > 100
    assert -1 <= row["simlex"] <= 1
    assert "'simlex'" in capsys.readouterr().out


def test_each_tool_trains_the_same_models_with_the_same_options(pair_files, monkeypatch):
    requests = []
    monkeypatch.setattr(unseen, "run_child", lambda *arguments, **_: requests.append(json.loads(arguments[-1])) or "{}")
    monkeypatch.setattr(unseen.results, "here", lambda: ORIGIN)
    monkeypatch.setattr(unseen, "find_spec", lambda name: name)
    monkeypatch.setattr(unseen.corpora, "reviews", lambda path, *, quick: path.write_text("a b\n"))
    unseen.main(["--seeds", "2", "3", "--results", str(pair_files)])
    options = [request["options"] for request in requests]
    assert [(asked.pop("sg"), asked.pop("seed")) for asked in options] == [(1, 2), (1, 3), (0, 2), (0, 3)] * 3
    assert [request["tool"] for request in requests] == ["fastw2v"] * 4 + ["gensim"] * 4 + ["fasttext"] * 4
    expected = unseen.OPTIONS | {"min_n": 3, "max_n": 6, "bucket": 2_000_000, "epochs": 5, "workers": 1}
    assert options == [expected] * 12


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quick"], "--quick needs --results FOLDER"),
        (["--tools", "fasttext"], "fasttext is not installed: pip install fasttext-wheel"),
    ],
)
def test_what_cannot_run_is_refused_with_the_cure(arguments, message, capsys, monkeypatch):
    monkeypatch.setattr(unseen, "find_spec", lambda name: None)
    with pytest.raises(SystemExit):
        unseen.main(arguments)
    assert message in " ".join(capsys.readouterr().err.split())


def test_the_table_has_mean_and_range_of_the_seeds(monkeypatch, tmp_path):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    assert "Not yet recorded" in list(report.unseen())[-1]
    for seed, score in ((1, 0.2), (2, 0.3), (2, 0.22)):  # the later line of a seed counts
        scored = {"simlex": score, "ws353": 0.4, "ws353_seen": 0.5}
        pairs = {f"{name}_pairs": 99 for name in scored}
        results.append("unseen", {"tool": "gensim", "sg": 0, "seed": seed, "parts": 2} | scored | pairs | ORIGIN)
    head, line, text = report.unseen()
    assert head[3] == "simlex, all unseen (99 pairs)"
    assert line == ["CBOW", "gensim", "2", "21.0 (20.0-22.0)", "40.0", "50.0"]
    assert text.startswith("Measured on A processor")

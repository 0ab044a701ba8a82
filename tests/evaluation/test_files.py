import logging
import os

import numpy as np
import pytest

from fastw2v.evaluation import analogies, word_pairs
from fastw2v.evaluation.files import read_pairs, read_questions
from fastw2v.keyedvectors import KeyedVectors


def test_the_scores_come_with_their_coverage(toy, write):
    result = word_pairs(toy, write("# comment\nman\tking\t5\nman\tboy\t9\nman\tgirl\t6\n\nman\tzebra\t1\n"))
    assert (result.n_used, result.n_total, result.oov_percent) == (3, 4, 25.0)
    assert result.spearman.statistic == pytest.approx(1)
    solved = analogies(toy, write(": family\nman woman boy girl\nman woman king zebra\nman king girl woman\n: empty\n"))
    assert solved[:4] == (0.5, 1, 2, 3)
    assert solved.sections[0]["correct"] == [("MAN", "WOMAN", "BOY", "GIRL")]
    assert [section["section"] for section in solved.sections] == ["family", "empty", "Total accuracy"]
    dummy = analogies(toy, write(": family\nman woman boy girl\nman woman king zebra\n"), dummy4unknown=True)
    assert dummy[:4] == (0.5, 1, 1, 2)


def test_lines_of_another_form_are_skipped_and_logged(toy, write, caplog):
    with caplog.at_level(logging.WARNING):
        assert word_pairs(toy, write("word1\tword2\tmean\nman\tking\t5\nman boy 9\nman\tboy\t9\n")).n_total == 2
        assert analogies(toy, write(": a\nman woman boy\nman woman boy girl\n")).n_total == 1
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        "skipped 2 lines that are not word'\\t'word'\\t'score, the first is line 1",
        "skipped 1 lines that are not four words, the first is line 2",
    ]


def test_a_byte_order_mark_and_crlf_are_no_part_of_a_word(toy, tmp_path):
    (tmp_path / "pairs").write_bytes(b"\xef\xbb\xbfman\tking\t5\r\nman\tboy\t9\r\nman\tgirl\t6\r\n")
    (tmp_path / "analogies").write_bytes(b"\xef\xbb\xbf: family\r\nman woman boy girl\r\n")
    assert word_pairs(toy, tmp_path / "pairs")[2:] == word_pairs(toy, tmp_path / "pairs", encoding="utf-8-sig")[2:]
    assert (word_pairs(toy, tmp_path / "pairs").n_used, analogies(toy, tmp_path / "analogies").n_used) == (3, 1)
    assert analogies(toy, tmp_path / "analogies").sections[0]["section"] == "family"


@pytest.mark.parametrize("evaluate", [word_pairs, analogies])
def test_integer_keys_and_missing_files_are_errors(toy, evaluate, tmp_path):
    with pytest.raises(TypeError, match="keyed by integers"):
        evaluate(KeyedVectors([1, 2], np.eye(2)), tmp_path / "any")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        evaluate(toy, tmp_path / "nowhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_where_a_file_is_meant_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for read in (lambda path: list(read_pairs(path, "\t", "utf8")), read_questions):
        with pytest.raises(OSError, match="is a pipe or a device"):
            read(tmp_path / "pipe")

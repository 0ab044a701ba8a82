import logging

import numpy as np
import pytest

from fastw2v import KeyedVectors, formats


def lines_of(path):
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def test_rows_and_labels_stand_on_the_same_lines(tmp_path, caplog):
    keys = ["king", "", "two\twords", "line\nend\r", "🙂 x"]
    wv = KeyedVectors(keys, np.float32(np.random.default_rng(3).normal(size=(5, 3))), [5, 4, 3, 2, 1])
    with caplog.at_level(logging.WARNING, "fastw2v"):
        wv.save(tmp_path / "map", format="projector")
    assert "2 keys hold tabs or line ends" in caplog.text
    assert lines_of(tmp_path / "map" / "metadata.tsv") == [
        "key\tcount", "king\t5", "\t4", r"two\twords" + "\t3", r"line\nend\r" + "\t2", "🙂 x\t1"
    ]  # fmt: skip
    rows = [line.split("\t") for line in lines_of(tmp_path / "map" / "vectors.tsv")]
    np.testing.assert_array_equal(np.float32(rows), wv.vectors)


def test_without_counts_the_second_column_is_the_row(tmp_path):
    KeyedVectors(["a", "b"], np.eye(2)).save(tmp_path / "map", format="projector")
    assert lines_of(tmp_path / "map" / "metadata.tsv") == ["key\trow", "a\t0", "b\t1"]


def test_tensorboard_reads_the_configuration(tmp_path):
    config = pytest.importorskip("tensorboard.plugins.projector", reason="needs tensorboard")
    from google.protobuf import text_format

    KeyedVectors(["a", "b"], np.eye(2)).save(tmp_path / "map", format="projector")
    text = (tmp_path / "map" / "projector_config.pbtxt").read_text()
    parsed = text_format.Parse(text, config.ProjectorConfig())
    assert [(e.tensor_path, e.metadata_path) for e in parsed.embeddings] == [("vectors.tsv", "metadata.tsv")]


@pytest.mark.parametrize("format", ["projector", "static-embedding"])
def test_a_folder_that_cannot_be_one_is_refused(tmp_path, format):
    wv = KeyedVectors(["a", "b"], np.eye(2))
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="is a file; give the name of a folder"):
        wv.save(tmp_path / "file", format=format)
    with pytest.raises(OSError, match="is a file; give the name of a folder"):
        formats.check_target(tmp_path / "file", format)
    with pytest.raises(FileNotFoundError, match="does not exist; make it first"):
        wv.save(tmp_path / "no" / "folder", format=format)

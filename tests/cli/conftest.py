import numpy as np
import pytest

from fastw2v import KeyedVectors
from tests.cli.running import TEXT


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.delenv("FASTW2V_DATA_DIR", raising=False)
    (tmp_path / "corpus.txt").write_text(TEXT * 25)
    return tmp_path


@pytest.fixture
def vectors(in_folder):
    """A file of vectors whose neighbours are known: the first word of each pair is near the second."""
    words = ["king", "queen", "man", "woman", "r\u00e9sum\u00e9"]
    rows = np.array([[1, 0, 1], [1, 1, 1], [0, 0, 1], [0, 1, 1], [1, 0, 0]], np.float32)
    KeyedVectors(words, rows, counts=[5, 4, 3, 2, 1]).save("vectors.safetensors")
    return "vectors.safetensors"

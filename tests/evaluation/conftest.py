import math

import pytest

from fastw2v.keyedvectors import KeyedVectors


@pytest.fixture
def toy():
    angles = {"man": 0.1, "woman": 0.6, "king": 1.1, "queen": 1.6, "boy": 0.2, "girl": 0.7, "noise": 4.0, "x": 5.0}
    return KeyedVectors(list(angles), [[math.cos(a), math.sin(a)] for a in angles.values()])


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "questions.txt"
        path.write_text(text)
        return path

    return write

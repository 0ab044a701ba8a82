"""A small profile, and an empty folder."""

import pytest

from fastw2v.profile import profile
from tests.profile.cases import MODELS, SHAPE


@pytest.fixture(scope="module")
def measured():
    return profile([40, 400], models=MODELS, seconds=1e-6, **SHAPE)


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path

import sys
from pathlib import Path

import pytest

from fastw2v import datasets


def test_data_dir(tmp_path, monkeypatch):
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    assert datasets.data_dir() == tmp_path
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path / "none"))
    with pytest.raises(FileNotFoundError, match="no folder"):
        datasets.data_dir()
    monkeypatch.delenv("FASTW2V_DATA_DIR")
    with pytest.raises(FileNotFoundError, match="FASTW2V_DATA_DIR is not set"):
        datasets.data_dir()


def test_importing_the_text_side_does_not_import_numba():
    import subprocess

    code = "import sys, fastw2v.datasets, fastw2v.encode; sys.exit('numba' in sys.modules)"
    paths = [str(Path(__file__).parents[2]), str(Path(__file__).parents[2] / "kernels")]
    assert (
        subprocess.run([sys.executable, "-c", f"import sys; sys.path[:0] = {paths}; {code}"], check=False).returncode
        == 0
    )

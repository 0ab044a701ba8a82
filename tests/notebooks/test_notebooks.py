"""The notebook runs in a kernel, and shows the bars and the losses."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest

for package in ("nbconvert", "ipykernel", "ipywidgets"):
    pytest.importorskip(package, reason="the notebook needs the extra: pip install '.[notebook]'")
nbformat = pytest.importorskip("nbformat")

NOTEBOOK = Path(__file__).with_name("watch_a_training.ipynb")
WITHOUT_WIDGETS = """
import sys
sys.modules["ipywidgets"] = None
import logging, warnings
warnings.simplefilter("error")
from fastw2v import Word2Vec
model = Word2Vec([["a", "b", "c"]] * 1000, min_count=1, sample=0, epochs=2, workers=1)
"""


def executed(notebook, folder, env):
    """Run a notebook with nbconvert; return it with its outputs."""
    command = [sys.executable, "-m", "nbconvert", "--to", "notebook", "--execute", "--output-dir", folder, notebook]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return nbformat.read(Path(folder) / notebook.name, as_version=4)


def shown_text(notebook):
    """What the cells show, as text."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    texts = [output.get("text") or output.get("data", {}).get("text/plain", "") for output in outputs]
    return "\n".join(texts)


def widget_texts(notebook):
    """The texts of the widgets at the end, as the page would show them."""
    states = notebook.metadata.widgets["application/vnd.jupyter.widget-state+json"].state
    values = [unescape(str(state["state"].get("value", ""))) for state in states.values()]
    return [value.replace("\u2007", " ").strip() for value in values]


@pytest.mark.slow
def test_the_notebook_shows_bars_and_losses(tmp_path, python_env):
    notebook = executed(NOTEBOOK, tmp_path, python_env)
    texts = widget_texts(notebook)
    assert any(re.fullmatch(r"train: +\d+%", text) for text in texts), texts
    assert any(re.search(r"\S/\S+ \[\d\d:\d\d<.*words/s, loss \d\.\d{4}\]", text) for text in texts), texts
    shown = shown_text(notebook)
    assert re.search(r"epoch  1: loss \d\.\d{3}, held out \d\.\d{3}\n", shown), shown
    assert re.search(r"stopped in epoch \d+ of 40, .* heldout_loss has not got better for 2 epochs", shown), shown


def test_without_ipywidgets_the_bar_is_text_and_nothing_warns(tmp_path, python_env):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WITHOUT_WIDGETS)])
    path = tmp_path / "plain.ipynb"
    nbformat.write(notebook, path)
    (tmp_path / "out").mkdir()
    shown = shown_text(executed(path, tmp_path / "out", python_env))
    assert "train: 100%" in shown
    assert "arning" not in shown

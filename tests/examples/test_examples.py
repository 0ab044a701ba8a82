"""Each example prints the figures that the README of the examples names."""

import importlib
import os
import re
from pathlib import Path

import pytest

from tests.structure import ROOT

FOLDER = ROOT / "fastw2v" / "examples"
NAMES = sorted(path.stem for path in FOLDER.glob("[!_]*.py"))
FIGURE = re.compile(r"`([^`]+): ([\d.]+) ± ([\d.]+)`")


def rows_of_readme():
    """The figures of each example: what is printed before a number, the number, and by how much it may differ."""
    rows = re.findall(r"^\| `python -m fastw2v\.examples\.(\w+)` .*$", text := readme(), re.MULTILINE)
    lines = [line for line in text.splitlines() if line.startswith("| `python")]
    return {name: FIGURE.findall(line) for name, line in zip(rows, lines)}


def readme():
    return (FOLDER / "README.md").read_text(encoding="utf-8")


def test_the_readme_lists_every_example_with_a_figure():
    rows = rows_of_readme()
    assert sorted(rows) == NAMES
    assert all(rows.values())


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_a_short_lesson(name):
    lines = (FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 80
    assert lines[-2:] == ['if __name__ == "__main__":', "    main()"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_it_prints_what_the_readme_says(name, capsys):
    if name == "book_chapter_4" and "FASTW2V_DATA_DIR" not in os.environ:
        pytest.skip("no Penn Treebank: set FASTW2V_DATA_DIR")
    if name == "shared_memory" and not Path("/proc/self/smaps").exists():
        pytest.skip("only Linux tells how much memory is shared")
    importlib.import_module(f"fastw2v.examples.{name}").main()
    printed = capsys.readouterr().out
    for label, expected, margin in rows_of_readme()[name]:
        found = re.search(rf"^{re.escape(label)}: ([\d.]+)", printed, re.MULTILINE)
        assert found, f"{label!r} is not printed:\n{printed}"
        assert float(found[1]) == pytest.approx(float(expected), abs=float(margin)), printed


@pytest.mark.slow
def test_one_runs_by_its_command(run_python):
    done = run_python("-m", "fastw2v.examples.sentence_classifier")
    assert (done.returncode, done.stderr) == (0, "")
    assert "accuracy with SIF: " in done.stdout

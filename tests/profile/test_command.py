"""The command `fastw2v profile`."""

import json
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from fastw2v.cli import app
from fastw2v.cli.profile import sweep_sizes
from fastw2v.profile.clock import fused, stages_in


def invoke(*arguments):
    shape = ["--hidden", "12", "--window", "2", "--batch", "8", "--negative", "3", "--seconds", "1e-6"]
    return CliRunner().invoke(app, ["profile", *shape, *map(str, arguments)])


def failure(*arguments):
    result = invoke(*arguments)
    assert result.exit_code == 1, result.output
    assert result.stderr.startswith("fastw2v: ")
    return result.stderr


@pytest.mark.slow
def test_the_command_prints_tables_and_answers_and_writes_files(in_folder):
    pytest.importorskip("matplotlib")
    outputs = ["--json", "p.json", "--trace", "t.json", "--plot", "p.png"]
    result = invoke("--vocab", 50, "--vocab", 90, "--model", "both", *outputs)
    assert result.exit_code == 0, result.output
    for wanted in ("CBOW, V = 50", "SkipGram, V = 90", "SparseAdam", "Where does the time go", "Does it grow"):
        assert wanted in result.stdout
    assert len(json.loads((in_folder / "p.json").read_text())["runs"]) == 12
    assert json.loads((in_folder / "t.json").read_text())["traceEvents"]
    assert (in_folder / "p.png").read_bytes().startswith(b"\x89PNG")


def test_warnings_of_the_command_are_on_stderr(monkeypatch):
    monkeypatch.setattr("fastw2v.profile.records.GREATEST_GAP", -1)
    monkeypatch.setattr("fastw2v.profile.records.GREATEST_WAIT", 100)
    result = invoke("--vocab", 50)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("warning: ") == 3
    assert "warning" not in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "glove"], 'model is \'glove\'; expected "cbow", "skipgram" or "both"'),
        (["--corpus", "text8"], "corpus is 'text8'"),
        (["--sweep", "10", "--vocab", "10"], "--corpus ptb, --vocab and --sweep each choose the vocabulary"),
        (["--sweep", "100..10"], "sweep is '100..10'; expected two whole numbers"),
        (["--optimizer", "sgd"], "optimizer is 'sgd'"),
        (["--json", "no/p.json"], "does not exist; make it first"),
        (["--json", "p", "--trace", "p"], "name the same file"),
    ],
)
def test_bad_options(arguments, message):
    assert message in failure(*arguments)


def test_a_picture_that_cannot_be_drawn_is_refused_before_the_work(monkeypatch):
    monkeypatch.setattr("fastw2v.profile.profile", lambda **_: pytest.fail("measured"))
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert "pip install '.[plot]'" in failure("--plot", "p.png")
    monkeypatch.undo()
    pytest.importorskip("matplotlib")
    monkeypatch.setattr("fastw2v.profile.profile", lambda **_: pytest.fail("measured"))
    assert "names no kind of picture" in failure("--plot", "p.xyz")


def test_sweep():
    assert sweep_sizes("1000..1000000") == [1000, 10_000, 100_000, 1_000_000]
    assert sweep_sizes("50..700") == [50, 500, 700]
    assert sweep_sizes("70..70") == [70]
    for bad in ("10", "a..b", "0..10", "1..2..3", "1..99999999999"):
        with pytest.raises(ValueError, match="sweep is"):
            sweep_sizes(bad)


def test_names_of_fused_stages_come_apart():
    assert stages_in(fused("a b", "c")) == ["a b", "c"]


def test_help_of_the_command():
    shown = CliRunner().invoke(app, ["profile", "--help"]).stdout
    options = "--model --corpus --vocab --sweep --hidden --window --batch --negative --optimizer --seconds --seed"
    assert all(option in shown for option in [*options.split(), "--json", "--plot", "--trace"])


def test_importing_it_brings_neither_compiler_nor_pictures(python_env):
    code = "import sys, fastw2v.profile; print([n for n in ('numba', 'matplotlib', 'cupy') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], env=python_env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

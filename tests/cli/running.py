"""How the tests of the command line run it."""

from typer.testing import CliRunner

from fastw2v.cli import app

SMALL = ["--vector-size", "16", "--min-count", "1", "--workers", "1"]
TEXT = "the king rules\nthe queen rules\nthe man works\nthe woman works\n"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def succeed(*arguments):
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result


def failure(*arguments):
    """The one line on stderr of a command that fails."""
    result = run(*arguments)
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("fastw2v: ")
    return lines[0]

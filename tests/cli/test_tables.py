"""Tables where stdout is a terminal, plain lines where it is not."""

import os
import re
import subprocess
import sys
from contextlib import suppress

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.cli import tables
from tests.cli.running import succeed

COMMANDS = [
    ["similar", "v", "king", "man", "--topn", "2"],
    ["analogy", "v", "man", "king", "woman", "--topn", "2"],
    ["eval", "v", "--pairs", "pairs.tsv"],
]
PLAIN = [
    "[king]\nqueen\t0.8164967\nman\t0.7071068\n[man]\nking\t0.7071068\nwoman\t0.7071068\n",
    "queen\t0.9752869\nr\u00e9sum\u00e9\t0.6532815\n",
    "pairs.tsv: spearman 1.0000 (3 of 4 used)\n",
]


@pytest.fixture
def files(vectors, in_folder):
    os.rename(vectors, "v")
    (in_folder / "pairs.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nqueen\tman\t3\nking\tnone\t1\n")


def on_terminal(env, *arguments):
    """What a command writes to a terminal of 60 columns."""
    pty = pytest.importorskip("pty")
    own, its = pty.openpty()
    command = [sys.executable, "-m", "fastw2v", *arguments]
    done = subprocess.run(
        command,
        env=env | {"COLUMNS": "60", "TERM": "xterm"},
        stdout=its,
        stderr=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    os.close(its)
    written = b""
    with suppress(OSError):  # Linux raises where nobody else has it open
        while piece := os.read(own, 65536):
            written += piece
    os.close(own)
    assert done.stderr == b""
    return written.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.parametrize(("arguments", "plain"), list(zip(COMMANDS, PLAIN)), ids=[command[0] for command in COMMANDS])
@pytest.mark.usefixtures("files")
def test_piped_output_is_plain(arguments, plain):
    assert succeed(*arguments).stdout == plain


@pytest.mark.parametrize(
    ("arguments", "rows"),
    [
        (COMMANDS[0], ["king", "queen +0.8165", "man", "king +0.7071"]),
        (COMMANDS[1], ["man : king = woman : \\?", "queen +0.9753"]),
        (COMMANDS[2], ["file +measure +score +used", "pairs.tsv +spearman +1.0000 +3 of 4"]),
    ],
    ids=[command[0] for command in COMMANDS],
)
@pytest.mark.usefixtures("files")
def test_a_terminal_gets_a_table(arguments, rows, python_env):
    text = re.sub(r"\x1b\[\d*(;\d+)*m", "", on_terminal(python_env, *arguments))
    for row in rows:
        assert re.search(rf"^ *{row} *$", text, re.MULTILINE), text
    assert all(len(line) <= 60 for line in text.splitlines())


def test_words_command_no_terminal_and_are_no_markup(in_folder, python_env):
    words = ["king", "\x1b]0;owned\x07", "[red]b[/]", "\u202eevil", "caf\U0010fee9", "שלום", "😀"]
    KeyedVectors(words, np.arange(1, 15).reshape(7, 2)).save("v")
    text = on_terminal(python_env, "similar", "v", "[red]b[/]")
    assert re.sub(r"\x1b\[\d*(;\d+)*m", "", text).count("\x1b") == 0
    for shown in (r"\x1b]0;owned\x07", "[red]b[/]", r"\u202eevil", r"caf\xe9", "שלום", "😀"):
        assert shown in text


def test_without_stdout_there_is_no_table(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert not tables.is_wanted()

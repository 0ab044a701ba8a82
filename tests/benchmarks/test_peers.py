"""Trainings by fastw2v and gensim, each in its own process."""

import os
import sys

import numpy as np
import pytest

from benchmarks import peers
from fastw2v import KeyedVectors


def test_both_tools_are_asked_the_same_analogies(monkeypatch, tmp_path):
    """The words on the edge of the ranked ones have equal counts, and each tool has another order."""
    keys, vectors = list("abcdefgh"), np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)
    vectors[3], vectors[4] = vectors[1] - vectors[0] + vectors[2], 0
    counts = np.array([9, 8, 7, 5, 5, 5, 5, 1])
    (tmp_path / "questions-words.txt").write_text(": one\na b c d\na b c e\na b c g\n")
    for name in ("wordsim353.tsv", "simlex999.txt"):
        (tmp_path / name).write_text("".join(f"{keys[i]}\t{keys[i + 1]}\t{i}\n" for i in range(4)))
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(tmp_path))
    monkeypatch.setattr(peers, "N_RANKED", 5)
    found = []
    for order in ([0, 1, 2, 3, 4, 5, 6, 7], [0, 1, 2, 6, 5, 4, 3, 7]):
        KeyedVectors([keys[row] for row in order], vectors[order]).save(tmp_path / "vectors.bin")
        found.append(peers.scores(tmp_path / "vectors.bin", counts[order])["analogies"])
    assert found == [0.5, 0.5]  # d is right, e is wrong, g is not among the five


@pytest.mark.slow
def test_a_measured_process_imports_no_command_line(run_python, tmp_path):
    (tmp_path / "text").write_text("a b c d\n" * 20)
    request = {"tool": "fastw2v", "options": peers.OPTIONS | {"epochs": 1}, "corpus": "text", "score": False}
    code = f"import sys; from benchmarks import peers; peers.run(**{request}); "
    code += "print({'typer', 'tqdm'} & sys.modules.keys())"
    shown = run_python("-c", code, PYTHONPATH=os.pathsep.join(sys.path))
    assert (shown.stdout, shown.returncode) == ("set()\n", 0), shown.stderr

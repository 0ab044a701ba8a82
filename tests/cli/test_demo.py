"""fastw2v demo: it leaves a model, and says what to try next."""

import os
import shlex

import pytest

from fastw2v import Word2Vec, datasets
from fastw2v.corpus import TextCorpus
from tests.cli.running import failure, run, succeed

NAME = "fastw2v-demo.safetensors"
TEXT = b"\n".join(b"the list of first words is true and the thread may read an error" for _ in range(300))


@pytest.fixture(autouse=True)
def small_text(monkeypatch):
    monkeypatch.setattr(datasets, "default_corpus", lambda: TextCorpus((TEXT,)))


def suggested(text):
    """The commands that the end of the demo names."""
    return [shlex.split(line) for line in text.splitlines() if line.startswith("  fastw2v ")]


def test_it_leaves_a_model_and_overwrites_none(in_folder):
    first = succeed("demo", "--epochs", 1).stdout
    assert f"The model is in {in_folder / NAME}. Try it:" in first
    content = (in_folder / NAME).read_bytes()
    assert Word2Vec.load(NAME).report.raw_words > 0
    second = succeed("demo", "--epochs", 2).stdout
    assert f"{in_folder / 'fastw2v-demo-2.safetensors'}" in second
    assert (in_folder / NAME).read_bytes() == content
    assert sorted(os.listdir()) == ["corpus.txt", "fastw2v-demo-2.safetensors", NAME]


def test_what_it_says_to_try_works(in_folder):
    text = succeed("demo", "--epochs", 1, "-o", "my model").stdout
    similar, analogy, report, train = suggested(text)
    assert similar == ["fastw2v", "similar", "my model", "error"]
    succeed(*similar[1:])
    succeed(*report[1:])
    assert (in_folder / "report.html").exists()
    assert analogy[:3] == ["fastw2v", "analogy", "my model"]
    succeed(*[argument.replace("YOUR_TEXT.txt", "corpus.txt") for argument in train[1:]])


def test_a_name_that_is_taken_is_refused_before_the_work(in_folder, monkeypatch):
    monkeypatch.setattr(datasets, "default_corpus", lambda: pytest.fail("worked"))
    assert "corpus.txt exists, and the demo overwrites nothing; give another name" in failure(
        "demo", "-o", "corpus.txt"
    )
    assert "does not exist; make it first" in failure("demo", "-o", "none/m")


def test_a_folder_that_cannot_be_written_to_is_said(monkeypatch):
    def refuse(path):
        raise PermissionError("the folder X cannot be written to")

    monkeypatch.setattr("fastw2v.runtime.files.check_writable", refuse)
    text = succeed("demo", "--epochs", 1).stdout
    assert "The model was not kept: the folder X cannot be written to. To keep it: fastw2v demo -o FILE" in text
    assert suggested(text) == []


def test_completion_is_offered_and_answers(run_python):
    help_text = run("--help").stdout
    assert "--install-completion" in help_text
    code = "import sys; sys.argv[0] = 'fastw2v'; from fastw2v.__main__ import main; main()"
    for words, place, expected in (("fastw2v rep", 1, "report"), ("fastw2v map --met", 2, "--method")):
        asked = {"_FASTW2V_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(place)}
        assert run_python("-c", code, **asked).stdout.split() == [expected]

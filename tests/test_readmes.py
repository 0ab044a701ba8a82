"""The READMEs: their Python snippets and quick commands run, and their links lead somewhere."""

import importlib.util
import random
import re
import shlex
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.cli.running import run
from tests.readmes import PAGES, ROOT, anchors, commands, links, snippets, text_of

N_ROOT_LINES = 200
WORDS = (
    "the a film actor plot good thin man woman king queen you i we year car toyota say goodbye and hello . <eos> <unk>"
)

# Snippets that are not run, by what they hold, and why.
NOT_RUN = {
    'device="cuda': "needs a GPU",
    "config.GPU = True": "needs a GPU",
    "cupy": "needs a GPU",
}
# Packages that a snippet needs by what it holds; without them it is not run. .ci/run has them all.
NEEDS = {
    "plot(": "matplotlib",
    "pyarrow": "pyarrow",
    "table_corpus": "pyarrow",
    ".parquet": "pyarrow",
    "to_index(": "usearch",
}
# Commands that are not run, by how they begin, and why.
COMMANDS_NOT_RUN = {
    "pip install": "changes the environment; .ci/run installs in a new one",
    "pytest": "this is pytest; .ci/run runs the suites",
    "NUMBA_ENABLE_CUDASIM=1": "the simulator takes minutes; .ci/run runs it",
    "NUMBA_BOUNDSCHECK=1": "takes minutes; .ci/run runs it",
    "fastw2v profile": "takes minutes; tests/profile runs it in small",
    "python -m benchmarks": "takes minutes, or changes the results; tests/benchmarks runs them in small",
    "python -m tests": "writes to the checkout",
    "compute-sanitizer": "needs a GPU",
    ".ci/": "runs everything",
    "ruff": "checks the sources; .ci/run runs it",
    "mypy": "checks the sources; .ci/run runs it",
}

existing = pytest.mark.parametrize("page", PAGES)
LONG = "fastw2v/README.md"  # its examples take 20 s, most of it for kernels that nothing else needs
with_examples = pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow if page == LONG else ()) for page in PAGES]
)


def some_text(n_lines):
    """Lines of words, some far more frequent than others."""
    words, draw = WORDS.split(), random.Random(0)
    weights = [1 / (1 + rank % 8) for rank in range(len(words))]
    return [" ".join(draw.choices(words, weights, k=10)) for _ in range(n_lines)]


def some_ptb(_data_type="train"):
    tokens = " ".join(some_text(60)).split()
    id_to_word = dict(enumerate(dict.fromkeys(tokens)))
    word_to_id = {word: word_id for word_id, word in id_to_word.items()}
    return np.array([word_to_id[token] for token in tokens]), word_to_id, id_to_word


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with small files under the names that the pages use."""
    (tmp_path / "reviews.txt").write_text("\n".join(some_text(400)) + "\n", encoding="utf-8")
    (tmp_path / "clicks.csv").write_text("session,item,time\n" + "".join(f"{n // 3},i{n % 5},{n}\n" for n in range(60)))
    (tmp_path / "bought.tsv").write_text("kettle\tteapot\t5\ntent\tstove\t4\n")
    (tmp_path / "wordsim353.tsv").write_text("film\tplot\t7.5\nman\twoman\t8.3\nking\tqueen\t8.6\nfilm\tking\t1\n")
    (tmp_path / "questions-words.txt").write_text(": family\nman woman king queen\nwoman man queen king\n")
    (tmp_path / "edges.tsv").write_text("Ann\tBen\t2\nBen\tCleo\t1\nCleo\tAnn\t0.5\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setattr("fastw2v.nn.ptb.load_data", some_ptb)
    return tmp_path


def test_the_pages_exist():
    assert [page for page in PAGES if not (ROOT / page).exists()] == []


def test_the_root_readme_is_short():
    assert len(text_of("README.md").splitlines()) <= N_ROOT_LINES


def test_a_newcomers_two_commands():
    assert {"pip install . && fastw2v demo", "pip install '.[test]' && pytest -n 2"} <= set(commands("README.md"))


@with_examples
@pytest.mark.usefixtures("folder")
def test_python_snippets_run(page):
    namespace = {}
    for snippet in snippets(page, "python"):
        needed = [package for text, package in NEEDS.items() if text in snippet.code]
        if any(text in snippet.code for text in NOT_RUN) or not all(map(find_spec, needed)):
            continue
        where = f"{page}, line {snippet.line}"
        exec(compile(snippet.code, where, "exec"), namespace)


@with_examples
@pytest.mark.usefixtures("folder")
def test_quick_commands_run_and_others_have_a_reason(page):
    for command in commands(page):
        if any(command.startswith(start) for start in COMMANDS_NOT_RUN):
            continue
        if "--group" in command and find_spec("pyarrow") is None:
            continue
        program, *arguments = shlex.split(command)
        assert program == "fastw2v", f"{page}: {command!r} is not run here; give the reason in COMMANDS_NOT_RUN"
        done = run(*arguments)
        assert done.exit_code == 0, f"{page}: {command}\n{done.stderr}"


@existing
def test_commands_name_what_exists(page):
    missing = []
    for command in commands(page):
        missing += [
            m for m in re.findall(r"-m ((?:benchmarks|tests)[\w.]*)", command) if not importlib.util.find_spec(m)
        ]
        missing += [path for path in re.findall(r"(?:benchmarks|tests)/[\w./]*", command) if not (ROOT / path).exists()]
    assert missing == []


@existing
def test_links_lead_somewhere(page):
    broken = []
    for path, heading in links(page):
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (heading and heading not in anchors(_page_of(target))):
            broken.append(f"{path}#{heading}" if heading else path)
    assert broken == []


def _page_of(target: Path) -> Path:
    return target / "README.md" if target.is_dir() else target

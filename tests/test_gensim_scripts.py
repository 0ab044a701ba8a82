"""Scripts as users of gensim write them: fastw2v runs each with other imports, and the results are alike."""

import ast

import numpy as np
import pytest

from tests.gensim_scripts.corpus import OWN_WORDS, TOPIC_OF
from tests.gensim_scripts.run import FOLDER, SCRIPTS, ChangeImports, run

pytest.importorskip("gensim")

SUBJECTS = "annoy callbacks core_tutorial evaluation online_training path_line_sentences phrases_pipeline"
SUBJECTS += " pretrained_start run_word2vec save_load_mmap tsne wmd"
NEEDS = {"annoy": ("annoy", "annoy"), "wmd": ("ot", "POT")}  # module and package

# Results of training, whose random numbers differ, and estimates of memory. All others have one right value.
MAY_DIFFER = {
    "annoy": {"approximate", "by_word"},
    "callbacks": {"losses", "later_losses"},
    "core_tutorial": {"vector", "first_words", "similarities", "most_similar", "weighted"},
    "online_training": {"vectors", "output"},
    "phrases_pipeline": {"phrase", "most_similar"},
    "pretrained_start": {"vectors"},
    "run_word2vec": {"training_loss", "output", "memory", "memory_of_million"},
    "save_load_mmap": {"vector", "first_five"},
    "tsne": {"x_vals", "y_vals", "labels"},
    "wmd": {"trained"},
}


def kind(value):
    """What a user's code sees of a value: types, lengths, shapes, dtypes. Python's numbers and NumPy's count as one."""
    if isinstance(value, np.ndarray):
        return "array", value.shape, value.dtype.kind if value.dtype.kind == "U" else value.dtype.name
    if isinstance(value, dict):
        return "dict", {key: kind(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value).__name__, [kind(each) for each in value]
    sorts = {"bool": (bool, np.bool_), "int": (int, np.integer), "float": (float, np.floating), "str": (str,)}
    return next((name for name, types in sorts.items() if isinstance(value, types)), type(value).__name__)


def assert_equal(ours, theirs, place):
    """Texts and whole numbers equal, floats nearly."""
    if isinstance(theirs, dict):
        for key in theirs:
            assert_equal(ours[key], theirs[key], f"{place}[{key!r}]")
    elif isinstance(theirs, list | tuple):
        for i, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_equal(*pair, f"{place}[{i}]")
    elif kind(theirs) == "float" or (isinstance(theirs, np.ndarray) and theirs.dtype.kind == "f"):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5, err_msg=place)
    else:
        assert np.array_equal(ours, theirs), f"{place}: {ours!r}, and {theirs!r} in gensim"


def strays(result):
    """(word, neighbour) of all neighbours that are of another topic than their word."""
    topics = TOPIC_OF | OWN_WORDS
    found = (pair for key, near in result.items() if key.startswith("neighbours") for pair in near.items())
    return [(word, other) for word, near in found for other, _ in near if topics.get(other) != topics[word]]


@pytest.fixture
def run_in(tmp_path, monkeypatch):
    """Run a script with one of the libraries, in an empty folder of its own."""

    def run_script(name, library):
        (tmp_path / library).mkdir()
        monkeypatch.chdir(tmp_path / library)
        return run(name, library)

    return run_script


def test_there_is_a_script_for_each_subject():
    assert SUBJECTS.split() == SCRIPTS


@pytest.mark.slow
@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_changes_its_imports_alone(name, run_in):
    module, package = NEEDS.get(name, ("gensim", "gensim"))
    pytest.importorskip(module, reason=f"{name}.py needs the package {package}: pip install {package}")
    theirs, ours = run_in(name, "gensim"), run_in(name, "fastw2v")
    may_differ = MAY_DIFFER.get(name, set()) | {key for key in theirs if key.startswith("neighbours")}
    assert may_differ <= theirs.keys()
    assert ours.keys() == theirs.keys()
    assert {key: kind(value) for key, value in ours.items()} == {key: kind(value) for key, value in theirs.items()}
    assert (strays(ours), strays(theirs)) == ([], [])
    for key in theirs.keys() - may_differ:
        assert_equal(ours[key], theirs[key], f"RESULT[{key!r}]")


def test_only_names_of_the_table_are_imported_from_fastw2v():
    source = "from gensim.models import LdaModel, Word2Vec\nimport gensim\nfrom .models import Word2Vec"
    changed = ast.unparse(ChangeImports().visit(ast.parse(source))).splitlines()
    assert changed[:2] == ["from gensim.models import LdaModel", "from fastw2v import Word2Vec"]
    assert changed[2:] == ["import gensim", "from .models import Word2Vec"]


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_gensims_users_does_not_know_fastw2v(name):
    assert "fastw2v" not in (FOLDER / f"{name}.py").read_text(encoding="utf-8")

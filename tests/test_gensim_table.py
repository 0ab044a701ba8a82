"""The table of fastw2v/README.md, going from gensim, says what the code says."""

import pytest

from tests import gensim_table
from tests.gensim_differences import ABSENT, DIFFERENT
from tests.gensim_table import README, recorded_names

CURE = "run: python -m tests.gensim_table"


@pytest.fixture(scope="module")
def found():
    """What differs for each name of gensim; None for an absent one."""
    return dict(gensim_table.compared())


def test_each_difference_in_a_signature_has_its_text(found):
    wanted = {path: differing for path, differing in found.items() if differing and path not in DIFFERENT}
    assert wanted == {}, "say what differs in tests/gensim_differences.py"


def test_each_absent_name_has_its_reason(found):
    assert [path for path, differing in found.items() if differing is None and path not in ABSENT] == []


def test_what_is_said_to_differ_is_in_both(found):
    assert [path for path in DIFFERENT if found.get(path) is None] == []


def test_what_is_said_to_be_absent_is_gensims_and_absent(found):
    assert [path for path in ABSENT if found.get(path, ()) is not None] == []


def test_the_record_has_the_whole_interface():
    names = recorded_names()
    assert list(names) == list(gensim_table.MODULES)
    n_names = sum(len(entry.get("methods", ())) for entries in names.values() for entry in entries.values())
    assert n_names > 150


def test_the_table_is_up_to_date():
    text = README.read_text(encoding="utf-8")
    assert gensim_table.with_table(text) == text, CURE


def test_the_record_of_gensims_names_is_up_to_date():
    pytest.importorskip("gensim")
    assert gensim_table.gensim_names() == recorded_names(), CURE

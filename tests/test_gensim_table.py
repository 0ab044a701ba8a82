"""The table of fastw2v/README.md, going from gensim, says what the code says."""

import pytest

import fastw2v
from tests import gensim_table
from tests.gensim_table import CLASSES, DIFFERENT, INSTEAD, README, differences, recorded_names

CURE = "run: python -m tests.gensim_table"


@pytest.fixture(scope="module")
def ours():
    return gensim_table.names_of(fastw2v.Word2Vec)


@pytest.mark.parametrize("kind", CLASSES)
def test_each_difference_in_a_signature_has_its_reason(kind, ours):
    found = {
        name: differing
        for name, theirs in recorded_names()[kind].items()
        if name in ours[kind] and (differing := differences(theirs, ours[kind][name])) and name not in DIFFERENT[kind]
    }
    assert found == {}, "add a reason to DIFFERENT in tests/gensim_table.py"


@pytest.mark.parametrize("kind", CLASSES)
def test_what_is_said_to_differ_is_in_both(kind, ours):
    assert [name for name in DIFFERENT[kind] if name not in recorded_names()[kind] or name not in ours[kind]] == []


def test_what_is_said_to_be_absent_is_gensims_and_absent(ours):
    theirs = recorded_names()
    absent = {name for kind in CLASSES for name in theirs[kind] if name not in ours[kind]}
    assert set(INSTEAD) - absent == set()


def test_the_table_is_up_to_date():
    text = README.read_text(encoding="utf-8")
    assert gensim_table.with_table(text) == text, CURE


def test_the_record_of_gensims_names_is_up_to_date():
    pytest.importorskip("gensim")
    assert gensim_table.gensim_names() == recorded_names(), CURE

"""Words that would do harm in a page, in a picture and in a terminal do none."""

import base64
import hashlib
import io
import re
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastw2v.cli import tables
from fastw2v.report import write_map, write_report
from fastw2v.report.words import shown
from fastw2v.runtime.word_bytes import printable
from tests.report.pages import HOSTILE, assert_only_of_the_template, parsed, vectors_of

any_words = st.lists(st.text(max_size=12) | st.sampled_from(HOSTILE), min_size=2, max_size=12, unique=True)
_UNSAFE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def check(words, path):
    vectors = vectors_of(words)
    write_report(vectors, path, words=words[:2])
    page = parsed(path)
    assert_only_of_the_template(page)
    keys = [str(key) for key in vectors.index_to_key]
    assert page.data["words"] == keys
    assert not set("<>&") & set(page.texts["script"][0])
    names = [page.data["shown"].get(str(i), word) for i, word in enumerate(keys)]
    assert names == [shown(word) for word in keys]
    assert set(page.words()) <= {shown(word) for word in keys} | {"vectors in memory"}
    assert not _UNSAFE.search(path.read_text(encoding="utf-8"))
    return page


def test_hostile_words_are_text(tmp_path):
    page = check(HOSTILE, tmp_path / "r.html")
    assert "<script>alert(1)</script>" in page.words()
    assert "[bold red]markup[/]" in page.words()


@settings(max_examples=60, deadline=None)
@given(words=any_words)
def test_no_word_becomes_markup(words, tmp_path_factory):
    check(words, tmp_path_factory.mktemp("page") / "r.html")


def test_names_of_files_are_text(tmp_path):
    name = "<b onclick=x>\"'&\x1b[31m"
    vectors_of(["a", "b", "c"]).save(tmp_path / name)
    (tmp_path / f"{name}.tsv").write_text("a\tb\t1\nb\tc\t2\n")
    write_report(tmp_path / name, tmp_path / "r.html", pairs=[tmp_path / f"{name}.tsv"])
    page = parsed(tmp_path / "r.html")
    assert_only_of_the_template(page)
    assert page.texts["title"] == ["<b onclick=x>\"'&\\x1b[31m"]
    assert "<b onclick=x>\"'&\\x1b[31m.tsv" in page.texts["td"]


def test_a_browser_obeys_the_own_script_and_style_alone(tmp_path):
    write_report(vectors_of(["a", "b", "c"]), tmp_path / "r.html")
    page = parsed(tmp_path / "r.html")
    policy = next(value for name, value in page.values if name == "content" and "default-src" in value)
    assert policy.startswith("default-src 'none'; ")
    for kind, text in (("style", page.texts["style"][0]), ("script", page.texts["script"][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy


@pytest.mark.parametrize("ending", ["png", "svg", "html"])
def test_a_map_of_hostile_words(ending, tmp_path, caplog):
    if ending != "html":
        pytest.importorskip("matplotlib")
    write_map(vectors_of(HOSTILE), tmp_path / f"m.{ending}", words=["שלום", "日本語" * 20])
    if ending == "html":
        assert_only_of_the_template(parsed(tmp_path / "m.html"))
    else:
        assert re.search(r"m\.\w+: the font lacks \d+ letters \(U\+\w+", caplog.text)
    if ending == "svg":
        assert "<script" not in (tmp_path / "m.svg").read_text(encoding="utf-8")


@settings(max_examples=60, deadline=None)
@given(words=any_words)
def test_a_table_shows_words_and_commands_no_terminal(words):
    written = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    real, sys.stdout = sys.stdout, written
    try:
        tables.say_table(words[0], ["word", "cosine"], [(word, "0.5") for word in words])
    finally:
        sys.stdout = real
    text = written.buffer.getvalue().decode("utf-8")
    plain = re.sub(r"\x1b\[\d*(;\d+)*m", "", text)  # rich's own colours
    assert not _UNSAFE.search(plain)
    for word in words:
        letters = "".join(printable(word).split())
        assert all(letter in plain for letter in letters)

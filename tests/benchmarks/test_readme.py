"""The tables of the READMEs are those of the recorded results."""

import sys
from pathlib import Path

import pytest

from benchmarks import peers
from benchmarks.report import chapter4, comparisons, readme, results
from tests.benchmarks.records import ORIGIN, recorded_pair


def test_every_table_stands_in_one_readme():
    readme.check_places({path: path.read_text(encoding="utf-8") for path in readme.READMES})


def test_the_readme_has_the_recorded_figures():
    for path in filter(Path.exists, readme.READMES):
        text = path.read_text(encoding="utf-8")
        assert readme.with_tables(text) == text, f"{path}: run python -m benchmarks.report.readme"


def marked(*names, content=""):
    """A README with places for tables."""
    return "".join(f"# {name}\n\n<!-- begin: {name} -->\n{content}<!-- end: {name} -->\n\nText.\n" for name in names)


@pytest.fixture
def readmes(tmp_path, monkeypatch):
    """Two READMEs, with the tables on two subjects."""
    monkeypatch.setattr(readme, "TABLES", {name: readme.TABLES[name] for name in ("start", "iteration")})
    paths = [tmp_path / "one.md", tmp_path / "two.md"]
    for path, name in zip(paths, readme.TABLES):
        path.write_text(readme.with_tables(marked(name)))
    monkeypatch.setattr(readme, "READMES", paths)
    monkeypatch.setattr(sys, "argv", ["readme.py", "--check"])
    return paths


def test_a_table_that_was_changed_by_hand_is_noticed(readmes, monkeypatch):
    with pytest.raises(SystemExit) as right:
        readme.main()
    assert right.value.code == 0
    text = readmes[1].read_text()
    changed = text.replace("<!-- begin: iteration -->\n", "<!-- begin: iteration -->\n| another row |\n")
    readmes[1].write_text(changed)
    with pytest.raises(
        SystemExit, match=r"^.*two.md: differs from the results; run python -m benchmarks.report.readme$"
    ):
        readme.main()
    assert readmes[1].read_text() == changed
    monkeypatch.setattr(sys, "argv", ["readme.py"])
    readme.main()
    assert readmes[1].read_text() == text


@pytest.mark.parametrize(
    ("second", "message"),
    [
        (marked("start", "iteration"), "the table 'start' is in .*one.md and .*two.md; expected it in one README"),
        ("# Nothing\n", "the table 'iteration' is in no README; expected .* the lines <!-- begin: iteration -->"),
        (marked("iteration", "unknown"), "two.md has a mark 'unknown'; expected one of start, iteration"),
    ],
    ids=["twice", "nowhere", "unknown"],
)
def test_a_table_without_one_place_is_named(readmes, second, message):
    readmes[1].write_text(second)
    with pytest.raises(SystemExit, match=message):
        readme.main()


def test_a_model_has_its_speed_and_quality_in_one_row(tmp_path, monkeypatch):
    recorded_pair(monkeypatch, tmp_path, 15.0)
    marks = {f"{name}_mean": value for name, value in zip(peers.SCORES, (21.0, 42.0, 30.0))}
    row = {"pair": "skip-gram", "corpus": "film reviews", "scores": {"ours": marks | {"seeds": 3}, "base": marks}}
    results.append("pairs", ORIGIN | row | {"versions": {"gensim": "4.4.0"}})
    _, line, text, _ = comparisons.summary()
    assert line == ["skip-gram", "2 M", "15 (14-16)", "21.0 / 21.0", "42.0 / 42.0", "30.0 / 30.0"]
    assert text.startswith("Scores are fastw2v / gensim 4.4.0, the mean of 3 seeds. Corpus: film reviews, 11.5 million")


def test_quality_of_another_revision_than_the_speed_has_a_footnote(tmp_path, monkeypatch):
    """And neither is mixed into the other's line."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    scores = {f"{name}{end}": value for name in peers.SCORES for end, value in (("", [7.0] * 3), ("_mean", 7.0))}
    speeds = {"words_per_s": [2e6] * 3, "total_s": [3.0] * 3, "peak_rss_mb": 1, "rss_bound_mb": 2}
    for name, quality_at, speed_at in [("skip-gram gensim", "abc", "abc"), ("skip-gram fastw2v", "old", "new")]:
        tool, options = peers.ROWS[name]
        row = ORIGIN | {"corpus": "film reviews", "tool": tool, "knobs": peers.OPTIONS | options}
        results.append("end_to_end", row | {"revision": quality_at} | scores)
        results.append("end_to_end", row | {"revision": speed_at} | speeds)
    _, gensim, ours, measured, note = comparisons.peers()
    assert (gensim[-3], ours[-3]) == ("7.0 (7.0-7.0)", "7.0 (7.0-7.0) <sup>a</sup>")
    assert measured == "Speed measured on A processor, 2 cores: revision abc (2026-01-02), new (2026-01-02)."
    assert note == "<sup>a</sup> quality measured on A processor, 2 cores: revision old (2026-01-02)."


def test_the_epoch_from_which_on_vectors_score_as_the_books(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    results.append("book", ORIGIN | {"model": "the book's"} | {name: [2.0, 5, 9] for name in peers.SCORES})
    run = {f"{name} per epoch": [1.0, 2.0, 3.0] for name in peers.SCORES} | {"ws353 per epoch": [5.0, 1.9, 2.0]}
    results.append("book", ORIGIN | {"model": "SkipGram", "optimizer": "Adam", "seed": 0, "epochs": 3} | run)
    _, row, _ = chapter4.epochs()
    assert row == ["SkipGram, Adam, seed 0", "epoch 3", "1.0 / 5.0 / 1.0", "2.0 / 1.9 / 2.0", "3.0 / 2.0 / 3.0"]


def test_what_memory_predicts_of_the_growth_of_a_step():
    rows = {
        ("lines", 10): {"rows": 100, "seconds": [50e-6] * 3},
        ("lines", 1000): {"rows": 120, "seconds": [90e-6] * 3},
    }
    rows |= {("step", 10): {"seconds": [150e-6] * 3}, ("step", 1000): {"seconds": [230e-6] * 3}}
    text = chapter4.growth_of_misses(rows, 10, 1000)
    assert "the step takes 80 us more. Two causes explain 75 % of that." in text
    assert "take 40 us more. The batch has 20 rows more; their arithmetic takes 20 us, by the cost of a row" in text


def test_a_recorded_pair_is_a_line_of_the_readme(monkeypatch, tmp_path):
    recorded_pair(monkeypatch, tmp_path, 15.0)
    _, line, _ = comparisons.pairs()
    assert line[:7] == ["skip-gram", "gensim", "2 M words/s", "2 M words/s", "15 (14-16)", "4.0 s", "7 (6-8)"]
    assert line[7] == "200 (300)"

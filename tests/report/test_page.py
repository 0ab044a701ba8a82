"""What a report shows."""

import re

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.report import write_map, write_report
from tests.report.pages import assert_only_of_the_template, parsed, vectors_of


def test_a_model_tells_settings_loss_and_speed(trained, in_folder):
    for given in ("model", trained):
        write_report(given, "r.html", words=["king"])
        page = parsed(in_folder / "r.html")
        assert_only_of_the_template(page)
        assert page.texts["h3"][0] == "rank " or "king" in page.words()
        assert page.texts["h2"] == [
            "Neighbours of chosen words", "Neighbours of telling words", "Map", "Evaluation", "Training",
            "Frequency and length", "Settings",
        ]  # fmt: skip
        assert {"skip-gram", f"{trained.report.loss_per_epoch[-1]:.4f}", "cbow_gradient"} <= {
            *page.texts["dd"],
            *page.texts["dt"],
        }
        assert {"Loss of a pair (nats)", "Length of the vector"} <= set(page.texts["h3"])
        assert page.texts["li"] == ["loss", "heldout_loss"]


def test_vectors_alone_say_what_is_missing_and_a_log_adds_curves(trained, in_folder):
    write_report("v.bin", "r.html")
    text = (in_folder / "r.html").read_text()
    for missing in ("The file holds vectors alone", "The file holds no settings", "No file to score on was given"):
        assert missing in text
    assert "rank of the word (the file has no counts)" in text
    write_report("v.bin", "r.html", log="log.jsonl")
    assert {"Loss of a pair (nats)", "Speed (words/s)"} <= set(parsed(in_folder / "r.html").texts["h3"])


def test_neighbours_are_those_of_the_vectors(in_folder):
    words = [f"w{i}" for i in range(300)]
    vectors = vectors_of(words, dim=8)
    write_report(vectors, "r.html", words=["w299"], top=40)
    page = parsed(in_folder / "r.html")
    near = [word for word, _ in vectors.most_similar("w299", topn=8)]
    assert page.words()[1:10] == ["w299", *near]
    data = page.data
    assert len(data["x"]) == len(data["y"]) == len(data["near"]) == 41
    assert data["words"][:41] == [*words[:40], "w299"]
    for i in (0, 17, 40):
        found = vectors.most_similar(data["words"][i], topn=8)
        assert [data["words"][j] for j in data["near"][i]] == [word for word, _ in found]
        np.testing.assert_allclose(data["cosine"][i], [score for _, score in found], atol=6e-4)
    assert "41 of the 300 words, the most frequent, 1 of them chosen" in (in_folder / "r.html").read_text()


def test_scores_have_their_coverage_or_the_reason_for_none(in_folder):
    (in_folder / "pairs.tsv").write_text("a\tb\t9\na\tc\t8\nb\tc\t3\na\tnone\t1\n")
    (in_folder / "none.tsv").write_text("x\ty\t9\nz\tw\t8\n")
    (in_folder / "q.txt").write_text(": all\na b c d\n")
    write_report(vectors_of(["a", "b", "c", "d"]), "r.html", pairs=["pairs.tsv", "none.tsv"], analogies=["q.txt"])
    page = parsed(in_folder / "r.html")
    cells = page.texts["td"]
    assert cells[cells.index("pairs.tsv") + 1] == "spearman"
    assert {"3 of 4", "(75 %)", "1 of 1"} <= set(page.texts["span"])
    assert cells[cells.index("none.tsv") + 1] == "not scored"
    assert cells[cells.index("q.txt") + 1] == "accuracy"


@pytest.mark.parametrize(
    "vectors",
    [
        KeyedVectors(["one"], [[1.0, 2.0]]),
        KeyedVectors(["one", "two"], [[0.0, 0.0], [0.0, 0.0]], [1, 0]),
        KeyedVectors(["a", "b", "c"], [[1.0], [2.0], [-1.0]]),
        KeyedVectors(["a", "b", "c"], [[1.0, 2.0], [np.nan, 1.0], [2.0, 2.0]], [3, 2, 1]),
        KeyedVectors([3, 5, 7], [[1.0, 2.0], [0.0, 1.0], [2.0, 2.0]]),
        KeyedVectors(["a", "b"], [[1e38, 1e38], [1e38, -1e38]]),
    ],
    ids=["one word", "zeros", "one dimension", "NaN", "integers", "huge"],
)
def test_unusual_vectors(vectors, in_folder):
    write_report(vectors, "r.html")
    page = parsed(in_folder / "r.html")
    assert_only_of_the_template(page)
    assert not re.search(
        r'"[^"]*\b(nan|inf)\b[^"]*"', (in_folder / "r.html").read_text().split("</style>")[1].split("<script")[0]
    )
    assert np.isfinite(page.data["x"] + page.data["y"]).all()


def test_the_same_vectors_give_the_same_bytes(trained, in_folder):
    for name in ("a.html", "b.html"):
        write_report("model", name)
    assert (in_folder / "a.html").read_bytes() == (in_folder / "b.html").read_bytes()


BAD = [
    ({"top": 0}, ValueError, "top is 0; expected a whole number from 1 to 20,000"),
    ({"method": "umap"}, ValueError, "method is 'umap'; expected one of pca, tsne"),
    ({"words": ["kin"]}, KeyError, "no vector for 'kin'"),
    ({"pairs": ["none.tsv"]}, FileNotFoundError, "there is no file none.tsv"),
    ({"log": "v.bin"}, ValueError, "v.bin, line 1: .* is no line of a log"),
]


@pytest.mark.parametrize(("options", "error", "message"), BAD)
def test_bad_arguments(options, error, message, trained, in_folder):
    with pytest.raises(error, match=message):
        write_report("v.bin", "r.html", **options)
    assert not (in_folder / "r.html").exists()


def test_other_things_are_refused(trained):
    with pytest.raises(TypeError, match="a list was given; expected a Word2Vec, KeyedVectors, or the path of a file"):
        write_report(["a"], "r.html")
    with pytest.raises(ValueError, match="vectors in memory holds no vectors"):
        write_report(KeyedVectors(3), "r.html")
    with pytest.raises(FileNotFoundError, match=r"the folder .* does not exist; make it first"):
        write_report("v.bin", "none/r.html")
    bad = KeyedVectors(["a", "b"], [[np.nan, 1.0], [1.0, 1.0]])
    with pytest.raises(ValueError, match="the vector of 'a' has numbers that are not finite"):
        write_report(bad, "r.html", words=["a"])
    with pytest.raises(ValueError, match="no vector has finite numbers alone"):
        write_map(KeyedVectors(["a"], [[np.inf]]), "m.html")

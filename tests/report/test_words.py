"""Which words are shown, where they are on the map, and which have labels."""

import itertools

import numpy as np
import pytest

from fastw2v import KeyedVectors
from fastw2v.report import projection
from fastw2v.report.atlas import Atlas, atlas_of
from fastw2v.report.charts import Axis, round_values, text_of
from fastw2v.report.labels import _box, place_labels, shortened
from fastw2v.report.projection import project
from fastw2v.report.sections import map_section
from fastw2v.report.words import by_frequency, key_of, rows_of, shown, telling_rows
from tests.report.pages import vectors_of


def test_telling_words_have_the_longest_vectors_of_their_bands():
    rng = np.random.default_rng(0)
    matrix = rng.uniform(0.5, 1, (5000, 4)).astype(np.float32)
    long = [250, 400, 1900]
    matrix[[*long, 3, 4000]] *= 10  # too frequent, and too rare
    vectors = KeyedVectors([f"w{i}" for i in range(5000)], matrix, np.arange(5000, 0, -1))
    rows, rule = telling_rows(vectors, by_frequency(vectors))
    assert set(long) <= set(rows.tolist())
    assert len(rows) == 12
    assert all(200 <= row < 2000 for row in rows)
    assert rows.tolist() == sorted(rows.tolist())
    assert "from rank 201 to 2,000 by frequency, in 12 bands" in rule


@pytest.mark.parametrize("n_words", [1, 2, 3, 10, 39, 40, 100, 2500])
def test_small_vocabularies_have_telling_words_too(n_words):
    vectors = vectors_of([f"w{i}" for i in range(n_words)])
    rows, _ = telling_rows(vectors, by_frequency(vectors))
    assert 1 <= len(rows) == len(set(rows.tolist())) <= 12


def test_of_few_words_all_are_shown():
    rows, rule = telling_rows(vectors_of(list("abcde")), np.array([3, 1, 0, 2, 4]))
    assert rows.tolist() == [3, 1, 0, 2, 4]
    assert rule == "all 5 words, for they are few"


def test_the_most_frequent_come_first_and_rows_that_are_not_finite_never():
    matrix = np.ones((4, 2))
    matrix[2, 0] = np.nan
    assert by_frequency(KeyedVectors(list("abcd"), matrix, [1, 5, 9, 5])).tolist() == [1, 3, 0]
    assert by_frequency(KeyedVectors(list("abcd"), matrix)).tolist() == [0, 1, 3]


def test_keys_of_a_command_line():
    integers, words = KeyedVectors([3, -5], np.ones((2, 2))), KeyedVectors(["3"], np.ones((1, 2)))
    assert [key_of(integers, word) for word in ("3", "-5", "x", 3)] == [3, -5, "x", 3]
    assert key_of(words, "3") == "3"
    assert rows_of(integers, ["-5", 3, "3"]).tolist() == [1, 0]
    assert [shown(word) for word in ("", " ", "\u3000", "a b", 3)] == ["(empty)", "(blank)", "(blank)", "a b", "3"]


def test_pca_is_that_of_the_unit_vectors():
    vectors = vectors_of([f"w{i}" for i in range(50)], dim=7)
    found = project(vectors, np.arange(50), "pca")
    units = vectors.get_normed_vectors().astype(np.float64)
    centred = units - units.mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    np.testing.assert_allclose(np.abs(found.places), np.abs(left[:, :2] * values[:2]), atol=1e-6)
    share = 100 * (values[:2] ** 2).sum() / (values**2).sum()
    assert f"hold {share:.0f} % of the variance" in found.about


@pytest.mark.parametrize(("n_words", "perplexity"), [(4, 1), (61, 20), (200, 30)])
def test_tsne_begins_from_the_principal_components(n_words, perplexity, monkeypatch):
    """A stand-in for scikit-learn's class, which takes seconds, gives its start back."""

    class Start:
        def __init__(self, n_dimensions, *, metric, init, perplexity, random_state):
            self.start, self.given = init, (n_dimensions, metric, perplexity, random_state)
            made.append(self)

        def fit_transform(self, units):
            np.testing.assert_allclose(np.linalg.norm(units, axis=1), 1)
            return self.start

    made = []
    monkeypatch.setattr(projection, "_tsne_class", lambda: Start)
    vectors, rows = vectors_of([f"w{i}" for i in range(n_words)]), np.arange(n_words)
    places, about = project(vectors, rows, "tsne")
    assert made[0].given == (2, "cosine", perplexity, 0)
    pca = project(vectors, rows, "pca").places
    np.testing.assert_allclose(places, pca / pca[:, 0].std() * 1e-4)
    assert f"perplexity {perplexity}, " in about


@pytest.mark.slow
def test_tsne_keeps_near_words_near():
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    centres = np.repeat(np.eye(3, 8), 20, axis=0)
    vectors = KeyedVectors([f"w{i}" for i in range(60)], centres + 0.05 * rng.standard_normal((60, 8)))
    places = project(vectors, np.arange(60), "tsne").places
    means = places.reshape(3, 20, 2).mean(axis=1)
    nearest = np.linalg.norm(places[:, None] - means, axis=2).argmin(axis=1)
    assert nearest.tolist() == [0] * 20 + [1] * 20 + [2] * 20
    np.testing.assert_array_equal(places, project(vectors, np.arange(60), "tsne").places)


def test_tsne_without_scikit_learn_names_the_cure(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "sklearn.manifold", None)
    with pytest.raises(ImportError, match=r'A map with method "tsne" needs the package scikit-learn: pip install'):
        project(vectors_of(["a", "b"]), np.arange(2), "tsne")


@pytest.mark.parametrize("n_words", [1, 2, 60])
def test_the_map_has_all_places_inside_and_steps_of_one_length(n_words):
    atlas = atlas_of(vectors_of([f"w{i}" for i in range(n_words)]), [], top=1000, method="pca")
    places, height = atlas.fitted(720)
    assert 0.5 * 720 <= height <= 1.01 * 720
    assert (places >= 0).all()
    assert (places <= (720, height)).all()
    if n_words > 2:
        steps = np.diff(atlas.projection.places, axis=0) * (1, -1)
        ratio = np.diff(places, axis=0) / steps
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


def test_labels_do_not_overlap_and_stay_inside():
    rng = np.random.default_rng(1)
    places, texts = rng.uniform(0, 300, (200, 2)), ["word", "日本語", "a longer word"] * 67
    first = place_labels(places, texts, range(100), font_size=12, size=(300, 300))
    more = place_labels(places, texts, range(100, 200), font_size=6, size=(300, 300), taken=first)
    small = [_box(places[i], texts[i], 6) for i in [*first, *more]]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(small, 2))
    large = [_box(places[i], texts[i], 12) for i in first]
    assert not any(one.overlaps(other) for one, other in itertools.combinations(large, 2))
    assert all(box.left >= 0 and box.top >= 0 and box.right <= 300 and box.bottom <= 300 for box in large)
    assert len(first) > 5 < len(more)


def test_chosen_words_are_labelled_first():
    words = [f"word{i}" for i in range(400)]
    atlas = atlas_of(vectors_of(words), words[-3:], top=400, method="pca")
    places, height = atlas.fitted(720)
    assert [atlas.names[i] for i in atlas.labelled(places, (720, height), 12)[:3]] == words[-3:]


def test_labels_at_the_edges_move_inside():
    words = ["left" * 4, "right" * 4, "over", "under"]
    ends = np.array([[-1.0, 0], [1, 0], [0, 1], [0, -1]])
    atlas = Atlas(np.arange(4), words, np.zeros(4, bool), projection.Projection(ends, "four"))
    places, height = atlas.fitted(720)
    middles = atlas.label_places(places, 720, 23)
    assert sorted(atlas.labelled(middles, (720, height), 23)) == [0, 1, 2, 3]
    assert atlas.labelled(places, (720, height), 23) == [2, 3]
    np.testing.assert_array_equal(middles[2:], places[2:])
    assert map_section(atlas, what="all").count('class="both"') == 4


def test_long_labels_are_cut():
    assert shortened("a" * 20) == "a" * 20
    assert shortened("a" * 21) == "a" * 19 + "…"


def test_ticks_are_round():
    assert round_values(2.41, 2.72) == [2.5, 2.6, 2.7]
    assert round_values(0, 26) == [0, 10, 20]
    assert round_values(1, 1) == [1]
    assert round_values(-0.3, 0.31) == [-0.2, 0, 0.2]
    assert Axis("", 0, 6.2, 0, 1, is_log=True).ticks() == [1, 100, 10_000, 1e6]
    assert [text_of(x) for x in (0.25, 20_000, 1.5e6, 0)] == ["0.25", "20 k", "1.5 M", "0"]

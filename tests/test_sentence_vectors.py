import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec

rng = np.random.default_rng(6)
WORDS = [f"w{n}" for n in range(50)]
COUNTS = np.arange(50, 0, -1) ** 2
WV = KeyedVectors(WORDS, rng.standard_normal((50, 8)).astype(np.float32), COUNTS)
TEXTS = [rng.choice([*WORDS, "unknown"], rng.integers(1, 30)).tolist() for _ in range(200)]


def by_numpy(texts, a=None):
    """Word by word, in float64."""
    share = dict(zip(WORDS, COUNTS / COUNTS.sum()))
    means = [
        np.mean(
            [WV[word].astype(float) * (1 if a is None else a / (a + share[word])) for word in text if word in WV], 0
        )
        for text in texts
    ]
    return np.array(means)


def without_component(vectors, fitted_on):
    direction = np.linalg.svd(fitted_on, full_matrices=False)[2][0]
    return vectors - np.outer(vectors @ direction, direction)


def test_the_mean():
    np.testing.assert_allclose(WV.sentence_vectors(TEXTS), by_numpy(TEXTS), atol=1e-6)


@pytest.mark.parametrize("a", [1e-3, 0.1])
def test_sif(a):
    means = by_numpy(TEXTS, a)
    np.testing.assert_allclose(WV.sentence_vectors(TEXTS, "sif", a=a), without_component(means, means), atol=1e-5)


def test_the_component_of_other_texts():
    component = WV.sif_component(TEXTS[:100])
    expected = without_component(by_numpy(TEXTS[100:], 1e-3), by_numpy(TEXTS[:100], 1e-3))
    np.testing.assert_allclose(WV.sentence_vectors(TEXTS[100:], "sif", component=component), expected, atol=1e-5)
    np.testing.assert_allclose(
        WV.sentence_vectors(TEXTS, "sif", component=np.zeros(8)), by_numpy(TEXTS, 1e-3), atol=1e-6
    )


@pytest.mark.parametrize("block", [1, 100])
def test_blocks(block, monkeypatch):
    expected = WV.sentence_vectors([*TEXTS, []])
    monkeypatch.setattr("fastw2v.vectors.bags._BLOCK_ITEMS", block)
    np.testing.assert_allclose(WV.sentence_vectors([*TEXTS, []]), expected, atol=1e-6)


def test_texts_of_every_form():
    expected = WV.sentence_vectors(TEXTS)
    joined = [" \n".join(text) for text in TEXTS]
    for texts in (joined, tuple(joined), iter(joined), np.array(joined, object), [*joined[:50], *TEXTS[50:]]):
        np.testing.assert_array_equal(WV.sentence_vectors(texts), expected)
    nodes = KeyedVectors(list(range(50)), WV.vectors)
    walks = rng.integers(0, 50, (20, 5))
    np.testing.assert_array_equal(nodes.sentence_vectors(walks), nodes.sentence_vectors(walks.tolist()))
    pair = walks.ravel(), np.arange(0, 101, 5)
    np.testing.assert_array_equal(nodes.sentence_vectors(pair), nodes.sentence_vectors(walks))


def test_data_frames():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"text": [" ".join(text) for text in TEXTS]})
    np.testing.assert_array_equal(WV.sentence_vectors(frame["text"]), WV.sentence_vectors(TEXTS))


def test_what_is_left_out_is_told(caplog):
    with caplog.at_level("INFO", "fastw2v"):
        found = WV.sentence_vectors(["w1 unknown", "", "unknown"])
    np.testing.assert_array_equal(found, [WV["w1"], np.zeros(8), np.zeros(8)])
    assert "1 of 3 words of 3 texts have a vector" in caplog.messages
    assert "2 of 3 texts have no word with a vector" in caplog.text
    assert WV.sentence_vectors([]).shape == (0, 8)


def test_of_a_trained_model():
    model = Word2Vec([["a", "b"], ["b", "c"]] * 20, vector_size=16, min_count=1, sample=0)
    found = model.wv.sentence_vectors(["a b", "c"], "sif")
    assert found.shape == (2, 16)
    assert np.abs(found @ model.wv.sif_component(["a b", "c"])).max() < 1e-6


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        (("w1 w2",), {}, TypeError, "texts is one text, 'w1 w2'"),
        ((["w1"], "tfidf"), {}, ValueError, "weighting is 'tfidf'"),
        ((["w1"], "mean"), {"component": np.ones(8)}, ValueError, "leave it out"),
        ((["w1"], "sif"), {"component": np.ones(3)}, ValueError, r"component has shape \(3,\)"),
        ((["w1"], "sif"), {"a": 0}, ValueError, "a is 0; expected a number"),
    ],
)
def test_wrong_arguments(arguments, options, error, message):
    with pytest.raises(error, match=message):
        WV.sentence_vectors(*arguments, **options)


def test_sif_needs_counts():
    with pytest.raises(ValueError, match="has no counts of its words"):
        KeyedVectors(["a"], [[1.0]]).sentence_vectors(["a"], "sif")

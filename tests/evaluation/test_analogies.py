import numpy as np
import pytest

from fastw2v.evaluation import analogies
from fastw2v.keyedvectors import KeyedVectors
from tests.evaluation.cases import OPTIONS, data_file, twins, words_of


@pytest.mark.parametrize("options", OPTIONS)
def test_analogies_are_gensims(tmp_path, options):
    lines = data_file("questions-words.txt").read_text().splitlines()
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(line for row, line in enumerate(lines) if line.startswith(":") or row % 15 == 0))
    wv, peer = twins(words_of("questions-words.txt"))
    accuracy, sections = wv.evaluate_word_analogies(path, **options)
    assert (accuracy, sections) == peer.evaluate_word_analogies(str(path), **options)


def test_analogies_answer_as_gensim_where_case_variants_crowd_the_answer(tmp_path):
    rng = np.random.default_rng(5)
    stems = [f"s{i}" for i in range(6)]
    words = [*stems, *(f"{stem.upper()}" for stem in stems), "S0x", "other"]
    vectors = np.concatenate([np.tile(rng.normal(size=(6, 4)), (2, 1)), rng.normal(size=(2, 4))])
    path = tmp_path / "questions.txt"
    rows = rng.integers(0, 6, size=(300, 4))
    path.write_text(": all\n" + "\n".join(" ".join(stems[row] for row in question) for question in rows))
    models = pytest.importorskip("gensim.models", exc_type=ImportError)
    peer = models.KeyedVectors(4)
    peer.add_vectors(words, (vectors + 0.01 * rng.normal(size=vectors.shape)).astype(np.float32))
    wv = KeyedVectors(words, peer.vectors)
    assert wv.evaluate_word_analogies(path) == peer.evaluate_word_analogies(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (": a\nzebra lion wolf dog\n", "0 of its 1 questions .* 1 are needed"),
        ("\nman woman boy girl\n", "line 2: no section yet"),
    ],
)
def test_questions_that_cannot_be_used_are_an_error(toy, write, text, message):
    with pytest.raises(ValueError, match=message):
        analogies(toy, write(text))


def test_a_vocabulary_smaller_than_the_list_of_guesses(write):
    wv = KeyedVectors(["a", "b", "c"], np.eye(3))
    assert analogies(wv, write(": s\na b c a\n")).accuracy == 0

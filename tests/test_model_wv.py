"""What a user does to the vectors of a model: the model, its copies and its files follow, or refuse it."""

import copy
import pickle

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec

SENTENCES = [["a", "b", "c"], ["b", "c"], ["c", "d"]] * 20
OPTIONS = {"vector_size": 8, "min_count": 1, "workers": 1, "sample": 0, "compute_loss": True}


@pytest.fixture
def model():
    """A model whose rows are not sorted by count: a, b, c, d occur 20, 40, 60, 20 times."""
    return Word2Vec(SENTENCES, sorted_vocab=0, **OPTIONS)


def rows(model):
    """Both vectors of each word."""
    return {word: (model.wv[word].tolist(), model.syn1neg[model.wv.get_index(word)].tolist()) for word in "abcd"}


def saved_and_loaded(model, tmp_path):
    model.save(tmp_path / "model")
    return Word2Vec.load(tmp_path / "model")


COPIES = {
    "copy": lambda model, _: copy.copy(model),
    "deepcopy": lambda model, _: copy.deepcopy(model),
    "pickle": lambda model, _: pickle.loads(pickle.dumps(model)),
    "file": saved_and_loaded,
}


@pytest.mark.parametrize("twin_of", COPIES.values(), ids=COPIES)
def test_the_model_follows_when_its_rows_are_sorted(model, tmp_path, twin_of):
    before, counts = rows(model), {word: model.wv.get_vecattr(word, "count") for word in "abcd"}
    model.wv.vectors_lockf = [1, 0, 1, 1]
    model.wv.sort_by_descending_frequency()
    assert model.wv.index_to_key == ["c", "b", "a", "d"]
    for each in (model, twin_of(model, tmp_path)):
        assert rows(each) == before
        assert each.vocab.keys == each.wv.index_to_key == ["c", "b", "a", "d"]
        assert {word: each.wv.get_vecattr(word, "count") for word in "abcd"} == counts
        assert each.wv.vectors_lockf.tolist() == [1, 0, 1, 1]
        assert each.predict_output_word(["b"], topn=4) == model.predict_output_word(["b"], topn=4)
    model.train(SENTENCES, epochs=1)
    after = rows(model)
    assert after["b"][0] == before["b"][0]  # frozen
    assert all(after[word] != before[word] for word in "acd")


def test_lock_factors_move_with_their_rows(model):
    model.wv.vectors_lockf = [1, 2, 3, 4]
    model.wv.sort_by_descending_frequency()
    assert dict(zip(model.wv.index_to_key, model.wv.vectors_lockf.tolist())) == {"a": 1, "b": 2, "c": 3, "d": 4}


@pytest.mark.parametrize(
    "use",
    [
        lambda model, path: model.save(path),
        lambda model, path: copy.deepcopy(model),
        lambda model, path: model.train(SENTENCES),
        lambda model, path: model.syn1neg,
        lambda model, path: model.build_vocab(SENTENCES, update=True),
        lambda model, path: Word2Vec(**OPTIONS).reset_from(model),
    ],
)
def test_vectors_of_other_words_are_refused_before_anything_is_written(model, tmp_path, use):
    model.wv.add_vectors(["x"], np.ones((1, 8)))
    with pytest.raises(ValueError, match=r"other keys than the model.*KeyedVectors of their own"):
        use(model, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []
    assert repr(model) == "Word2Vec<vocab=5, vector_size=8, CBOW>"


@pytest.mark.parametrize("twin_of", COPIES.values(), ids=COPIES)
def test_counts_that_were_edited_count(model, tmp_path, twin_of):
    model.wv.set_vecattr("a", "count", 777)
    model.wv.set_vecattr("a", "count", 778)
    model.wv.set_vecattr("a", "colour", "red")
    twin = twin_of(model, tmp_path)
    assert (twin.wv.get_vecattr("a", "count"), twin.wv.get_vecattr("a", "colour")) == (778, "red")
    assert twin.vocab.n_tokens == 778 + 40 + 60 + 20
    twin.build_vocab([["a", "new"]], update=True)
    assert (twin.wv.get_vecattr("a", "count"), twin.wv.get_vecattr("a", "colour")) == (779, "red")


def test_counts_that_were_deleted_come_back(model, tmp_path):
    del model.wv.expandos["count"]
    assert saved_and_loaded(model, tmp_path).wv.get_vecattr("c", "count") == 60


class AtEpoch:
    """Does something to the model when an epoch ends, and notes the vector of a word after each."""

    def __init__(self, act):
        self.act, self.seen = act, []

    def on_epoch_end(self, model):
        if not self.seen:
            self.act(model)
        self.seen.append(model.wv["b"].tolist())


def replace_matrix(model):
    model.wv.vectors = model.wv.vectors * 1


@pytest.mark.parametrize("act", [replace_matrix, lambda model: model.init_sims(replace=True)])
@pytest.mark.filterwarnings("ignore:init_sims")
def test_training_goes_on_from_a_matrix_that_a_callback_put_in(act):
    callback = AtEpoch(act)
    model = Word2Vec(SENTENCES, epochs=4, callbacks=[callback], **OPTIONS)
    assert len({tuple(vector) for vector in callback.seen}) == 4
    assert model.wv["b"].tolist() == callback.seen[-1]


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda model: model.wv.add_vectors(["x"], np.ones((1, 8))), ValueError, "other keys"),
        (lambda model: model.wv.sort_by_descending_frequency(), RuntimeError, "cannot be sorted while"),
        (lambda model: setattr(model.wv, "vectors_lockf", np.zeros(4)), RuntimeError, "between two trainings"),
    ],
)
def test_what_a_callback_cannot_do_is_refused(act, error, message):
    with pytest.raises(error, match=message):
        Word2Vec(SENTENCES, sorted_vocab=0, epochs=3, callbacks=[AtEpoch(act)], **OPTIONS)


def test_callbacks_do_not_hinder_copies(tmp_path):
    with open(tmp_path / "log", "w") as file:
        callback = AtEpoch(lambda model: None)
        callback.file = file
        model = Word2Vec(SENTENCES, callbacks=[callback], **OPTIONS)
        assert rows(pickle.loads(pickle.dumps(model))) == rows(copy.deepcopy(model)) == rows(model)


class AskForLoss:
    def __init__(self):
        self.losses = []

    def on_train_begin(self, model):
        self.losses.append(model.get_latest_training_loss())

    on_epoch_begin = on_train_begin


def test_the_loss_can_be_asked_for_at_any_time(tmp_path):
    callback = AskForLoss()
    model = Word2Vec(SENTENCES, epochs=2, callbacks=[callback], **OPTIONS)
    assert callback.losses[:2] == [0, 0]
    assert 0 < callback.losses[2] < model.get_latest_training_loss()
    assert saved_and_loaded(model, tmp_path).get_latest_training_loss() == model.get_latest_training_loss()


def test_a_corpus_of_unknown_words_is_warned_of(model):
    before = rows(model)
    with pytest.warns(RuntimeWarning, match="nothing was trained; new words come in by"):
        assert model.train([["x", "y"]] * 3, epochs=2) == (0, 12)
    assert rows(model) == before


def test_sizes_of_the_corpus_can_be_set(model):
    model.corpus_count, model.corpus_total_words = 7, 99
    assert (model.corpus_count, model.corpus_total_words) == (7, 99)
    model.build_vocab([["a", "b"]], update=True)
    assert (model.corpus_count, model.corpus_total_words) == (1, 2)


@pytest.mark.parametrize("table", [KeyedVectors(3), KeyedVectors(3, count=2)])
def test_an_empty_table_says_that_it_is_empty(table):
    with pytest.raises(KeyError, match="no keys yet; add some with add_vectors"):
        table["a"]


def test_vectors_in_a_file_that_cannot_be_written_to(model, tmp_path):
    model.wv.save(tmp_path / "v")
    mapped = KeyedVectors.load(tmp_path / "v", mmap="r")
    for write in (lambda: mapped.__setitem__("a", np.ones(8)), mapped.unit_normalize_all):
        with pytest.raises(ValueError, match="load it with mmap='c'"):
            write()


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("mode", [{"sg": 0}, {"sg": 1}, {"sg": 1, "negative_sharing": "pair"}], ids=str)
def test_a_pretrained_start_stays_as_it_is_to_the_byte(tmp_path, workers, mode):
    rng = np.random.default_rng(0)
    sentences = [[f"w{row}" for row in rng.integers(0, 50, 12)] for _ in range(300)]
    known = [f"w{row}" for row in range(0, 50, 2)]
    KeyedVectors([*known, "other"], rng.normal(size=(26, 8)).astype(np.float32)).save(tmp_path / "pretrained.bin")
    model = Word2Vec(**(OPTIONS | mode | {"workers": workers}))
    model.build_vocab(sentences)
    model.wv.intersect_word2vec_format(tmp_path / "pretrained.bin", lockf=0.0, binary=True)
    before, is_frozen = model.wv.vectors.copy(), model.wv.vectors_lockf == 0
    model.train(sentences, epochs=5)
    assert [model.wv.index_to_key[row] for row in np.flatnonzero(is_frozen)] == [
        word for word in model.wv.index_to_key if word in known
    ]
    assert model.wv.vectors[is_frozen].tobytes() == before[is_frozen].tobytes()
    assert (np.abs(model.wv.vectors - before)[~is_frozen].max(axis=1) > 1e-3).all()

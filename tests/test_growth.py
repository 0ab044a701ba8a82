"""Growth against a plain model of the rule: a dict of counts, and dicts of rows by key."""

import tracemalloc
from collections import Counter

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.growth import grown_vocab, with_null_word
from fastw2v.vocab import Vocab

DIM = 10  # rows are padded to 16
OPTIONS = {"vector_size": DIM, "min_count": 2, "workers": 1, "seed": 5, "epochs": 1, "alpha": 0.05}


class Reference:
    """Keys in the order of rows, their counts, and both vectors of each."""

    def __init__(self):
        self.counts, self.w_in, self.w_out = {}, {}, {}

    def build(self, sentences, min_count):
        """Begin with a corpus."""
        counted = Counter(word for sentence in sentences for word in sentence)
        frequent = [(word, n) for word, n in counted.most_common() if n >= min_count]
        self._add(frequent)

    def grow(self, sentences, min_count):
        """Known words add up their counts; new ones that are frequent come behind, by first occurrence."""
        counted = Counter(word for sentence in sentences for word in sentence)
        for word, n in counted.items():
            if word in self.counts:
                self.counts[word] += n
        self._add([(w, n) for w, n in counted.items() if w not in self.counts and n >= min_count])

    def _add(self, words):
        for word, n in words:
            lone = Word2Vec(**(OPTIONS | {"min_count": 1}))
            lone.build_vocab([[word]])
            self.counts[word], self.w_in[word], self.w_out[word] = n, lone.wv[word].copy(), np.zeros(DIM, np.float32)

    def take_weights(self, model):
        self.w_in = {word: model.wv[word].copy() for word in self.counts}
        self.w_out = {word: row.copy() for word, row in zip(model.wv.index_to_key, model.syn1neg)}

    def check(self, model):
        assert model.wv.index_to_key == list(self.counts)
        assert [model.wv.get_vecattr(word, "count") for word in self.counts] == list(self.counts.values())
        for shown, expected in ((model.wv.vectors, self.w_in), (model.syn1neg, self.w_out)):
            assert np.asarray(shown).tobytes() == np.stack(list(expected.values())).tobytes()


def changing_corpus(step, as_ids):
    """Sentences whose words come and go from step to step."""
    rng = np.random.default_rng(step)
    sentences = (15 * step + rng.zipf(1.4, (60 + step, 9)) % 40).tolist()
    return sentences if as_ids else [[f"w{word}" for word in sentence] for sentence in sentences]


@pytest.mark.parametrize("kind", ["words", "ids", "text"])
def test_ten_growths_over_a_changing_corpus_equal_the_reference(kind, tmp_path):
    model, reference, path = Word2Vec(**OPTIONS), Reference(), tmp_path / "corpus.txt"
    for step in range(11):
        sentences = changing_corpus(step, kind == "ids")
        path.write_text("\n".join(" ".join(map(str, sentence)) for sentence in sentences))
        corpus = {"corpus_file": path} if kind == "text" else {"corpus_iterable": sentences}
        model.build_vocab(**corpus, update=step > 0)
        (reference.grow if step else reference.build)(sentences, OPTIONS["min_count"])
        reference.check(model)
        assert (model.corpus_count, model.corpus_total_words) == (60 + step, 9 * (60 + step))
        kept, raw = model.train(**corpus)
        assert raw == 9 * (60 + step)
        assert kept == model.report.kept_words > 0
        assert all(np.isfinite(matrix).all() for matrix in (model.wv.vectors, model.syn1neg))
        reference.take_weights(model)
    assert model.epochs_trained == 11


def test_words_and_counts_are_gensims():
    gensim_models = pytest.importorskip("gensim.models")
    theirs, ours = gensim_models.Word2Vec(vector_size=4, min_count=2), Word2Vec(**OPTIONS)
    for step in range(4):
        for model in (theirs, ours):
            model.build_vocab(changing_corpus(step, as_ids=False), update=step > 0)
        counts = [{key: m.wv.get_vecattr(key, "count") for key in m.wv.index_to_key} for m in (theirs, ours)]
        assert counts[0] == counts[1]
        assert (theirs.corpus_count, theirs.corpus_total_words) == (60 + step, ours.corpus_total_words)
    n_old = len(counts[1]) - 5
    assert theirs.wv.index_to_key[n_old:] == ours.wv.index_to_key[n_old:]  # the newest; ties of the first build differ


def test_memory_is_steady_while_the_vocabulary_only_counts():
    sentences = [[f"w{n}" for n in range(2000)]] * 3
    tracemalloc.start()
    try:
        model = Word2Vec(**OPTIONS)
        model.build_vocab(sentences)
        model.build_vocab(sentences, update=True)
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(10):
            model.build_vocab(sentences, update=True)
        grew = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grew < 2000 * 32 * 4  # less than one matrix of one of the ten copies
    assert model.wv.get_vecattr("w7", "count") == 36


@pytest.mark.parametrize("sg", [0, 1])
def test_new_words_learn_where_they_belong(sg):
    rng = np.random.default_rng(3)
    topics = [[f"{topic}{n}" for n in range(10)] for topic in "ab"]
    old = [rng.choice(topics[n % 2], 10).tolist() for n in range(600)]
    new = [[*rng.choice(topics[n % 2], 9).tolist(), "new-" + "ab"[n % 2]] for n in range(600)]
    model = Word2Vec(old, sg=sg, sample=0, **(OPTIONS | {"epochs": 10}))
    model.build_vocab(new, update=True)
    model.train(new, epochs=10)
    for topic, other in ("ab", "ba"):
        near = np.mean([model.wv.similarity(f"new-{topic}", f"{topic}{n}") for n in range(10)])
        far = np.mean([model.wv.similarity(f"new-{topic}", f"{other}{n}") for n in range(10)])
        assert near > far + 0.3


def test_subsampling_and_negatives_use_the_summed_counts():
    grown = Word2Vec(**(OPTIONS | {"sample": 0.01}))
    grown.build_vocab([["a"] * 50 + ["b"] * 50])
    grown.build_vocab([["a"] * 150 + ["c"] * 50], update=True)
    whole = Word2Vec(**(OPTIONS | {"sample": 0.01}))
    whole.build_vocab([["a"] * 200 + ["b"] * 50 + ["c"] * 50])
    assert grown.wv.index_to_key == whole.wv.index_to_key
    for sampling in (lambda vocab: vocab.keep_probabilities(0.01), lambda vocab: vocab.alias_table(0.75)[0]):
        np.testing.assert_array_equal(sampling(grown.vocab), sampling(whole.vocab))


def test_vectors_held_from_before_stay_as_they_are():
    model = Word2Vec([["a", "b", "a", "b"]] * 5, sample=0, **OPTIONS)
    held, before = model.wv, model.wv.vectors.copy()
    model.build_vocab([["a", "c", "c"]] * 5, update=True)
    model.train([["a", "c", "c"]] * 5)
    assert held is not model.wv
    assert held.index_to_key == ["a", "b"]
    np.testing.assert_array_equal(held.vectors, before)
    assert held.get_vecattr("a", "count") == 10
    assert not np.array_equal(model.wv["a"], before[0])


def test_rows_that_the_user_wrote_are_kept():
    model = Word2Vec([["a", "b", "a", "b"]] * 5, **OPTIONS)
    model.wv.vectors = np.full((2, DIM), 0.5, np.float32)
    model.build_vocab([["c", "c"]], update=True)
    assert (model.wv[["a", "b"]] == 0.5).all()
    model.train([["a", "b", "c", "c"]], start_alpha=1e-9)
    assert model.wv[["a", "b"]] == pytest.approx(0.5, abs=1e-4)


def test_a_trim_rule_chooses_among_the_new_words():
    model = Word2Vec([["a", "b", "a", "b"]], **OPTIONS)
    asked = []
    model.build_vocab(
        [["c", "c", "d", "d", "rare", "a"]],
        update=True,
        trim_rule=lambda w, n, m: asked.append((w, n, m)) or {"c": 1, "rare": 2, "a": 1}.get(w, 0),
    )
    assert asked == [("c", 2, 2), ("d", 2, 2), ("rare", 1, 2), ("a", 1, 2)]
    assert model.wv.index_to_key == ["a", "b", "d", "rare"]
    assert model.wv.get_vecattr("a", "count") == 3


def test_every_id_to_the_largest_gets_a_row():
    model = Word2Vec([[2, 0, 2]], **(OPTIONS | {"min_count": 0}))
    model.build_vocab([[5, 1]], update=True)
    assert model.wv.index_to_key == [0, 1, 2, 3, 4, 5]
    assert model.vocab.counts.tolist() == [1, 1, 2, 0, 0, 1]
    model.build_vocab_from_freq({7: 2}, update=True)
    assert model.vocab.counts.tolist() == [1, 1, 2, 0, 0, 1, 0, 2]


def test_growth_is_refused():
    model = Word2Vec(**OPTIONS)
    with pytest.raises(RuntimeError, match="there is no vocabulary yet; call build_vocab first"):
        model.build_vocab([["a"]], update=True)
    with pytest.raises(RuntimeError, match="no vocabulary yet"):
        model.build_vocab_from_freq({"a": 5}, update=True)
    for built, other, message in (
        ([["a", "a"]], [[1, 1]], "holds words and the new corpus integers"),
        ([[1, 1]], [["a", "a"]], "holds integers and the new corpus words"),
    ):
        model.build_vocab(built)
        with pytest.raises(TypeError, match=message):
            model.build_vocab(other, update=True)
        assert model.wv.index_to_key == built[0][:1]


def test_growth_by_words_that_are_all_rare_adds_up_counts_alone():
    model = Word2Vec([["a", "a"]], **OPTIONS)
    model.build_vocab([["x", "y", "a"]], update=True)
    assert (model.wv.index_to_key, model.vocab.counts.tolist()) == (["a"], [3])


def test_a_vocabulary_that_is_part_of_larger_arrays_grows():
    letters = np.frombuffer(b"abcxyz", np.uint8)
    old = Vocab(np.array([4, 5]), letters, np.array([0, 1, 3]))
    new = Vocab.from_keys(["", "bc", "q"], np.array([1, 2, 3]))
    grown = grown_vocab(old, new, np.ones(3, bool))
    assert dict(zip(grown.keys, grown.counts.tolist())) == {"a": 4, "bc": 7, "": 1, "q": 3}


def test_null_word():
    assert with_null_word(Vocab.from_keys(["a", "\0"], np.array([3, 2]))).counts.tolist() == [3, 2]
    grown = with_null_word(Vocab.from_keys(["a"], np.array([3]), n_raw_tokens=9))
    assert (grown.keys, grown.counts.tolist(), grown.n_raw_tokens) == (["a", "\0"], [3, 1], 9)
    with pytest.raises(ValueError, match="null_word=1 adds a word and the keys are integers"):
        with_null_word(Vocab.from_ids(np.array([1]), np.array([3])))

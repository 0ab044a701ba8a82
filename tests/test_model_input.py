import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec

SMALL = {"vector_size": 16, "compute_loss": True, "workers": 1, "min_count": 1}
SENTENCES = [[f"{topic}{word}" for word in words] for topic in "ab" for words in np.arange(300).reshape(30, 10) % 15]


def small_model(**options):
    return Word2Vec(SENTENCES, **(SMALL | options))


def same(a, b):
    return a.wv.vectors.tobytes() == b.wv.vectors.tobytes() and a.syn1neg.tobytes() == b.syn1neg.tobytes()


# gensim's arguments


def test_unused_defaults_of_gensim_pass():
    Word2Vec(hs=0, trim_rule=None, hashfxn=hash, null_word=0, batch_words=10_000, comment=None, **SMALL)
    model = Word2Vec(**SMALL)
    model.build_vocab(SENTENCES, update=False, progress_per=10_000, keep_raw_vocab=False, trim_rule=None)
    model.train(SENTENCES, epochs=1, total_words=600, word_count=0, queue_factor=2, report_delay=1.0)


def test_what_cannot_change_the_result_is_taken(tmp_path):
    model = Word2Vec(SENTENCES, batch_words=4, hashfxn=len, comment="a note", **SMALL)
    assert same(model, small_model())
    assert (model.batch_words, model.hashfxn, model.comment) == (4, len, "a note")
    model.build_vocab(SENTENCES, progress_per=1)
    model.train(SENTENCES, queue_factor=9, report_delay=0.1, total_examples=-1)
    assert same(model, small_model())
    model.save(tmp_path / "model", separately=["x"], sep_limit=1, pickle_protocol=2)
    for mmap in (None, "r"):
        assert same(Word2Vec.load(tmp_path / "model", mmap, rethrow=True), model)


def test_unsupported_arguments(tmp_path):
    with pytest.raises(ValueError, match="hs is 0 and negative is 0, which trains nothing; pass hs=1, or negative=5"):
        Word2Vec(SENTENCES, negative=0)
    model = small_model()
    with pytest.raises(ValueError, match="word_count is not supported: give start_alpha and end_alpha"):
        model.train(SENTENCES, word_count=5)
    with pytest.raises(ValueError, match="ignore is not supported"):
        model.save(tmp_path / "model", ignore=["wv"])
    model.save(tmp_path / "model", ignore=[])
    with pytest.raises(RuntimeError, match="hierarchical softmax"):
        model.score(SENTENCES)


@pytest.mark.parametrize("progress", [3, "yes"])
def test_progress_that_cannot_be_called(progress):
    with pytest.raises(TypeError, match=r"progress is .*; expected True, False, None or a function"):
        Word2Vec(Unread(), progress=progress)


@pytest.mark.parametrize("call", [Word2Vec, Word2Vec().build_vocab, Word2Vec().train])
def test_unknown_argument(call):
    with pytest.raises(TypeError, match="unexpected keyword argument 'dimension'"):
        call(SENTENCES, dimension=100)
    with pytest.raises(ValueError, match="size is not supported: gensim 4 and fastw2v call it vector_size"):
        call(SENTENCES, size=100)


# Corpora


def test_integers_are_keys():
    walks = np.random.default_rng(0).integers(5, 25, (40, 12))
    model = Word2Vec(walks, **SMALL)
    assert sorted(model.wv.index_to_key) == list(range(5, 25))
    assert model.wv[17].shape == (16,)
    assert all(isinstance(key, int) for key, _ in model.wv.most_similar(17))
    for same_walks in (walks.tolist(), [np.int32(walk) for walk in walks], (walks.ravel(), np.arange(41) * 12)):
        assert same(model, Word2Vec(same_walks, **SMALL))


def test_min_count_0_keeps_row_as_id(tmp_path):
    model = Word2Vec([[2, 3, 2], [7, 3, 2]], **(SMALL | {"min_count": 0, "sample": 0}))
    assert model.wv.index_to_key == list(range(8))
    assert model.wv.get_vecattr(5, "count") == 0
    np.testing.assert_array_equal(model.wv[7], model.wv.vectors[7])
    model.save(tmp_path / "model")
    loaded = Word2Vec.load(tmp_path / "model")
    assert loaded.wv.index_to_key == list(range(8))
    assert loaded.train([[2, 3], [5, 7]], epochs=1)[1] == 4


def test_sentence_of_a_million_tokens_is_trained_whole():
    walk = np.random.default_rng(0).integers(0, 50, (1, 1_000_000))
    model = Word2Vec(walk, epochs=1, window=2, shrink_windows=False, sample=0, sg=1, **(SMALL | {"workers": 2}))
    assert model.report.kept_words == model.report.raw_words == 1_000_000
    assert model.report.pairs == 4 * 1_000_000 - 6


@pytest.mark.filterwarnings("ignore:.*is not UTF-8")
@pytest.mark.parametrize(
    ("text", "keys", "n_words"),
    [
        (b"a b c d e f g h i j", "a b c d e f g h i j".split(), 10),
        (b"a b a b c\n", ["a", "b", "c"], 5),
        (b"\n\n \n a b\r\n\n\n", ["a", "b"], 2),
        (b"a\0b c a\0b\n", ["a\0b", "c"], 3),
        (b"\xff\xfe b \xff\xfe\n", ["\U0010feff\U0010fefe", "b"], 3),
        (b"a\n", ["a"], 1),
    ],
)
def test_unusual_text(text, keys, n_words, tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_bytes(text)
    model = Word2Vec(corpus_file=path, epochs=2, sample=0, **SMALL)
    assert model.wv.index_to_key == keys
    assert model.report.raw_words == 2 * n_words
    assert np.isfinite(model.wv.vectors).all()
    model.wv.save(tmp_path / "v.bin")
    model.save(tmp_path / "model")
    for loaded in (KeyedVectors.load(tmp_path / "v.bin"), Word2Vec.load(tmp_path / "model").wv):
        assert loaded.index_to_key == keys


def test_text_equals_its_lists(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("\n".join(map(" ".join, SENTENCES)))
    assert same(small_model(), Word2Vec(corpus_file=path, **SMALL))
    assert same(small_model(), Word2Vec(corpus_file=[str(path)], **SMALL))


class Sentences:
    def __iter__(self):
        return iter(SENTENCES)


def test_any_iterable_that_starts_anew():
    assert same(small_model(), Word2Vec(Sentences(), **SMALL))


class UsedUp:
    """Looks like an iterable that starts anew, but continues where it was."""

    def __init__(self):
        self.rest = iter(SENTENCES)

    def __iter__(self):
        yield from self.rest


@pytest.mark.parametrize(
    "make",
    [
        UsedUp,
        lambda: [iter(sentence) for sentence in SENTENCES],
        lambda: (sentence for sentence in SENTENCES),
        lambda: map(iter, SENTENCES),
    ],
)
def test_an_iterable_over_an_iterator_loses_no_sentence(make):
    assert same(small_model(), Word2Vec(make(), **SMALL))


@pytest.mark.parametrize("make", [UsedUp, lambda: (sentence for sentence in SENTENCES)])
def test_what_was_used_up_is_never_trained_on(make):
    sentences, model = make(), Word2Vec(**SMALL)
    model.build_vocab(sentences)
    for train in (model.train, lambda sentences: Word2Vec(sentences, **SMALL)):
        with pytest.raises(ValueError, match=r"the corpus is empty.*already used up\? Pass list"):
            train(sentences)
    model.train(make())
    assert same(model, small_model())


def test_max_vocab_size_needs_a_corpus_that_can_be_read_twice():
    model = Word2Vec(max_vocab_size=3, **SMALL)
    for make in (UsedUp, lambda: (sentence for sentence in SENTENCES)):
        with pytest.raises(TypeError, match="can be read only once, and it is needed twice"):
            Word2Vec(make(), max_vocab_size=10, **SMALL)
    unread = iter(SENTENCES)
    with pytest.raises(TypeError, match="needed twice"):
        model.build_vocab(unread)
    assert len(list(unread)) == len(SENTENCES) - 1  # it was refused when its first sentence was read


def test_id_that_would_need_too_many_rows():
    assert Word2Vec([[2**40, 1]], **SMALL).wv.index_to_key == [2**40, 1]
    with pytest.raises(ValueError, match="id 1099511627776 with min_count=0 would need a row"):
        Word2Vec([[2**40, 1]], **(SMALL | {"min_count": 0}))


@pytest.mark.parametrize(
    ("sentences", "error", "message"),
    [
        ("one two three", TypeError, "pass a file as corpus_file"),
        (["one two", "three"], TypeError, "sentence.split"),
        ([], ValueError, "the corpus is empty"),
        ([[], []], ValueError, "the corpus is empty"),
        ([[1, -2]], ValueError, "-2"),
        (np.array([[1, -1]]), ValueError, "-1"),
        ([[2**70]], TypeError, "too big"),
        (np.array([[np.nan]]), (ValueError, TypeError), "integer"),
        (5, TypeError, "expected an iterable"),
    ],
)
def test_what_is_no_corpus(sentences, error, message):
    with pytest.raises(error, match=message):
        Word2Vec(sentences, **SMALL)


def test_empty_file_and_empty_vocabulary(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(ValueError, match="the corpus has no words"):
        Word2Vec(corpus_file=tmp_path / "empty", **SMALL)
    (tmp_path / "text").write_text("a b c")
    with pytest.raises(ValueError, match="none is left by min_count=5; lower min_count"):
        Word2Vec(corpus_file=tmp_path / "text", vector_size=16)
    with pytest.raises(FileNotFoundError, match="no such corpus file"):
        Word2Vec(corpus_file=tmp_path / "nothing")


def test_neither_or_both_corpora(tmp_path):
    with pytest.raises(TypeError, match="got both"):
        Word2Vec(SENTENCES, corpus_file="x", **SMALL)
    with pytest.raises(TypeError, match="got neither"):
        Word2Vec(**SMALL).build_vocab()
    with pytest.raises(TypeError, match="got neither"):
        small_model().train()


def test_training_on_a_corpus_of_other_words():
    model = small_model()
    with pytest.warns(RuntimeWarning, match="no word of the corpus is in the vocabulary"):
        model.train([["x", "y"]])
    with pytest.raises(TypeError, match="the vocabulary holds words and the corpus integers"):
        model.train([[1, 2]])


class Unread:
    def __iter__(self):
        raise AssertionError("the corpus was read")


def test_device_is_checked_before_the_corpus_is_read():
    for read in (lambda: Word2Vec(Unread(), device="tpu"), lambda: Word2Vec(device="tpu").build_vocab(Unread())):
        with pytest.raises(ValueError, match="device is 'tpu'"):
            read()


def test_progress_of_both_phases(tmp_path):
    path, calls = tmp_path / "corpus.txt", []
    path.write_text("\n".join(map(" ".join, SENTENCES)))
    Word2Vec(corpus_file=path, progress=lambda *call: calls.append(call), **SMALL)
    n_bytes = path.stat().st_size
    assert [call for call in calls if call[0] == "encode"][-1] == ("encode", n_bytes, n_bytes)
    assert calls[-1] == ("train", 3000, 3000)

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import LineSentence, pair_corpus, weighted_corpus
from fastw2v.evaluation import hit_rate, hold_out_last

rng = np.random.default_rng(9)
SESSIONS = [rng.integers(0, 20, rng.integers(1, 7)).tolist() for _ in range(100)]


def expected(sessions, least=2):
    train = [s[:-1] if len(s) >= least else s for s in sessions]
    return [s for s in train if s], [s for s in sessions if len(s) >= least]


def as_pair(sessions):
    return np.concatenate([np.array(s, np.int64) for s in sessions]), np.cumsum([0, *map(len, sessions)])


def as_lists(pair):
    return [part.tolist() for part in np.split(pair[0], pair[1][1:-1])]


@pytest.mark.parametrize("least", [2, 3, 5])
def test_lists(least):
    train, test = hold_out_last(SESSIONS, least)
    for _ in range(2):  # training reads them twice
        assert (list(train), list(test)) == expected(SESSIONS, least)


@pytest.mark.parametrize("least", [2, 3, 5])
def test_arrays(least):
    train, test = hold_out_last(as_pair(SESSIONS), least)
    assert (as_lists(train), as_lists(test)) == expected(SESSIONS, least)
    train, test = hold_out_last(np.arange(12).reshape(3, 4))
    assert (as_lists(train)[1], as_lists(test)[1]) == ([4, 5, 6], [4, 5, 6, 7])


def test_an_iterator_is_read_once():
    train, test = hold_out_last(session for session in SESSIONS)
    assert [(list(train), list(test)) for _ in range(2)] == [expected(SESSIONS)] * 2


def test_a_text_file(tmp_path):
    (tmp_path / "sessions.txt").write_text("tea pot cup\nmug\n")
    train, test = hold_out_last(LineSentence(tmp_path / "sessions.txt"))
    assert (list(train), list(test)) == ([["tea", "pot"], ["mug"]], [["tea", "pot", "cup"]])


def test_tables():
    arrow = pytest.importorskip("pyarrow")
    from fastw2v.corpus import table_corpus

    train, test = hold_out_last(table_corpus(arrow.table({"items": SESSIONS})))
    assert (as_lists(train), as_lists(test)) == expected(SESSIONS)
    words = [[f"i{item}" for item in session] for session in SESSIONS]
    long = {
        "session": np.repeat(np.arange(100), [len(s) for s in words]),
        "item": [word for session in words for word in session],
    }
    train, test = hold_out_last(table_corpus(arrow.table(long), group="session", items="item"))
    assert (list(train), list(test)) == expected(words)


@pytest.mark.parametrize("sessions", [SESSIONS, as_pair(SESSIONS)], ids=["lists", "arrays"])
def test_both_parts_go_where_they_belong(sessions):
    train, test = hold_out_last(sessions)
    model = Word2Vec(train, min_count=0, sample=0, vector_size=16, epochs=1)
    result = hit_rate(model.wv, test)
    assert result.n_total == len(expected(SESSIONS)[1])
    assert model.report.raw_words == sum(map(len, expected(SESSIONS)[0]))


def test_wrong_arguments():
    with pytest.raises(ValueError, match="min_length is 1; expected a whole number"):
        hold_out_last(SESSIONS, 1)
    for corpus in (weighted_corpus(SESSIONS, np.ones(len(SESSIONS))), pair_corpus([1, 2], [2, 3])):
        with pytest.raises(TypeError, match="expected the sessions themselves, and weights only for"):
            hold_out_last(corpus)
    with pytest.raises(TypeError, match="a session is the text 'tea'"):
        list(hold_out_last(["tea"]).train)
    with pytest.raises(TypeError, match="pass LineSentence"):
        hold_out_last("sessions.txt")


def test_what_the_parts_are_shown_as():
    assert repr(hold_out_last([["a", "b"]]).train) == "<sessions: list(sessions) shows them>"

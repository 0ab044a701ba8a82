import sys

import numpy as np
import pytest

from fastw2v import KeyedVectors, Word2Vec
from fastw2v.corpus import LineSentence, text_corpus
from fastw2v.evaluation import analogies, hit_rate, link_prediction, word_pairs
from fastw2v.vectors import search

rng = np.random.default_rng(4)
ITEMS = KeyedVectors(list(range(100, 140)), rng.standard_normal((40, 7)).astype(np.float32))
SESSIONS = [rng.integers(98, 142, rng.integers(0, 9)).tolist() for _ in range(300)]


def by_numpy(kv, sessions, topn, *, n_before=1, leave_out_seen=False, candidates=None):
    """Rank all items by their cosine, session by session."""
    units = kv.vectors / np.linalg.norm(kv.vectors, axis=1, keepdims=True)
    searched = range(len(kv)) if candidates is None else [kv.key_to_index[key] for key in candidates if key in kv]
    ranks, n_short, n_unknown, n_repeated, n_not_candidates = [], 0, 0, 0, 0
    for session in sessions:
        seen = [kv.key_to_index.get(key, -1) for key in session[:-1]]
        before = [row for row in (seen if n_before is None else seen[-n_before:]) if row >= 0]
        if len(session) < 2:
            n_short += 1
        elif session[-1] not in kv or not before:
            n_unknown += 1
        elif (target := kv.key_to_index[session[-1]]) in (excluded := seen if leave_out_seen else before):
            n_repeated += 1
        elif target not in searched:
            n_not_candidates += 1
        else:
            cosines = units @ units[before].mean(axis=0)
            order = sorted((row for row in searched if row not in excluded), key=lambda row: -cosines[row])
            ranks.append(order.index(target) + 1)
    hits = [1 / rank for rank in ranks if rank <= topn]
    left_out = n_short, n_unknown, n_repeated, n_not_candidates
    return (
        len(hits) / len(ranks),
        len(hits),
        len(ranks),
        len(sessions),
        pytest.approx(sum(hits) / len(ranks)),
        *left_out,
    )


@pytest.mark.parametrize("topn", [1, 3, 10, 39, 100])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n_before": 3},
        {"n_before": None},
        {"leave_out_seen": True},
        {"candidates": [7, *range(110, 138, 3)]},
        {"n_before": 2, "leave_out_seen": True, "candidates": list(range(105, 140))},
    ],
)
def test_equals_plain_numpy(topn, options):
    assert tuple(hit_rate(ITEMS, SESSIONS, topn, **options)) == by_numpy(ITEMS, SESSIONS, topn, **options)


@pytest.mark.parametrize("limits", [(1, 1), (50, 1), (1 << 22, 0)])
def test_blocks_and_the_compiled_search_find_the_same(limits, monkeypatch):
    """Few neighbours at once; and all searches compiled."""
    expected = hit_rate(ITEMS, SESSIONS, 5, n_before=2, leave_out_seen=True)
    monkeypatch.setattr(sys.modules["fastw2v.evaluation.hit_rate"], "_MOST_FOUND", limits[0])
    monkeypatch.setattr(search, "_MIN_COMPILED_MULTIPLICATIONS", limits[1] * 10**10)
    assert hit_rate(ITEMS, SESSIONS, 5, n_before=2, leave_out_seen=True) == pytest.approx(expected)


def test_equals_most_similar():
    used = [s for s in SESSIONS if len(s) > 1 and s[-1] in ITEMS and s[-2] in ITEMS and s[-1] != s[-2]]
    n_hits = sum(s[-1] in [key for key, _ in ITEMS.most_similar(s[-2], topn=4)] for s in used)
    assert hit_rate(ITEMS, SESSIONS, 4).n_hits == n_hits


def as_pair(sessions):
    return np.concatenate([np.array(s, np.int64) for s in sessions]), np.cumsum([0, *map(len, sessions)])


def test_sessions_of_every_form(tmp_path):
    expected = hit_rate(ITEMS, SESSIONS, 5)
    assert hit_rate(ITEMS, as_pair(SESSIONS), 5) == expected
    assert hit_rate(ITEMS, (np.array(session) for session in SESSIONS), 5) == expected
    matrix = rng.integers(98, 142, (50, 4))
    assert hit_rate(ITEMS, matrix, 5) == hit_rate(ITEMS, matrix.tolist(), 5)
    words = KeyedVectors([f"i{key}" for key in ITEMS.index_to_key], ITEMS.vectors)
    path = tmp_path / "sessions.txt"
    path.write_text("".join(" ".join(f"i{item}" for item in session) + "\n" for session in SESSIONS if session))
    assert hit_rate(words, LineSentence(path), 5)[:3] == expected[:3]


def test_tables():
    arrow = pytest.importorskip("pyarrow")
    from fastw2v.corpus import table_corpus

    filled = [session for session in SESSIONS if session]
    table = arrow.table({"items": filled})
    assert hit_rate(ITEMS, table, 5) == hit_rate(ITEMS, filled, 5)
    words = KeyedVectors([f"i{key}" for key in ITEMS.index_to_key], ITEMS.vectors)
    table = arrow.table({"items": [[f"i{item}" for item in session] for session in filled]})
    assert hit_rate(words, table_corpus(table), 5) == hit_rate(ITEMS, filled, 5)


def test_what_is_left_out_is_counted():
    result = hit_rate(ITEMS, [[100, 101], [7, 100, 101], [], [100], [100, 100], [101, 7], [7, 101]], 39)
    assert (result.n_hits, result.n_used, result.n_total) == (2, 2, 7)
    assert (result.n_short, result.n_unknown, result.n_repeated) == (2, 2, 1)


@pytest.mark.parametrize("sessions", [[], [["100", "101"]], [[100]], (np.array([7, 8]), np.array([0, 2]))])
def test_nothing_to_score_on(sessions):
    with pytest.raises(ValueError, match="ends with two different known items"):
        hit_rate(ITEMS, sessions)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"topn": 0}, "topn is 0"),
        ({"topn": 2.5}, "topn is 2.5; expected a whole number of at least 1"),
        ({"n_before": 0}, "n_before is 0"),
        ({"topn": "5"}, "topn is '5' .*expected a whole number of at least 1"),
        ({"n_before": "all"}, "n_before is 'all' .*expected a whole number of at least 1"),
        ({"candidates": ["100"]}, "no candidate has a vector"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises((TypeError, ValueError), match=message):
        hit_rate(ITEMS, [[100, 101]], **options)


def test_wrong_sessions(tmp_path):
    for path in (tmp_path / "a.txt", "a.txt", text_corpus([__file__])):
        with pytest.raises(TypeError, match="pass LineSentence"):
            hit_rate(ITEMS, path)
    with pytest.raises(TypeError, match="a session is the text 'tea pot'"):
        hit_rate(ITEMS, ["tea pot"])


def test_wrong_tables():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"session": [1, 1, 2, 2], "item": [100, 101, 102, 103]})
    groups = frame.groupby("session")["item"]
    with pytest.raises(TypeError, match=r"an item of a session is a Series; .* groups\[\"item\"\].agg\(list\)"):
        hit_rate(ITEMS, groups)
    assert hit_rate(ITEMS, groups.agg(list)).n_total == 2
    pytest.importorskip("pyarrow")
    with pytest.raises(ValueError, match=r"columns 'session', 'item'; pass table_corpus\("):
        hit_rate(ITEMS, frame)


def test_words_are_not_the_integers_of_arrays():
    words = KeyedVectors(["a", "b"], [[1, 0], [0, 1]])
    with pytest.raises(ValueError, match="none of 1 sessions"):
        hit_rate(words, (np.array([0, 1]), np.array([0, 2])))


def test_of_equal_vectors_the_first_row_is_the_neighbour():
    """The item before is then not among its own nearest vectors, and one more of the others is."""
    equal = KeyedVectors(["a", "b", "c"], [[1, 0]] * 3)
    assert equal.most_similar("c", topn=1)[0][0] == "a"
    assert hit_rate(equal, [["c", "b"]], topn=1).n_hits == 0
    assert hit_rate(equal, [["c", "a"]], topn=1).n_hits == 1
    assert hit_rate(equal, [["c", "b"]], topn=2).mrr == 0.5


def test_vectors_of_other_types_and_with_nan():
    vectors = ITEMS.vectors.copy()
    vectors[3] = np.nan
    broken = KeyedVectors(ITEMS.index_to_key, vectors)
    assert hit_rate(broken, [[100, 101], [100, 103]], 40).n_hits == 1
    wide = KeyedVectors(7, dtype=np.float64)
    wide.add_vectors(ITEMS.index_to_key, ITEMS.vectors)
    assert hit_rate(wide, SESSIONS, 5).n_hits == hit_rate(ITEMS, SESSIONS, 5).n_hits


def test_a_model_or_arguments_in_another_order_are_named_with_the_cure(tmp_path):
    model = Word2Vec([["a", "b"]] * 5, min_count=1, vector_size=8, sample=0)
    calls = (
        lambda kv, data: hit_rate(kv, data),
        lambda kv, data: link_prediction(kv, data),
        lambda kv, data: word_pairs(kv, tmp_path / "pairs.tsv"),
        lambda kv, data: analogies(kv, tmp_path / "questions.txt"),
    )
    for call in calls:
        with pytest.raises(TypeError, match=r"got a Word2Vec; expected KeyedVectors: pass model\.wv"):
            call(model, [["a", "b"]])
        with pytest.raises(TypeError, match="got a list; expected KeyedVectors: vectors come first"):
            call([["a", "b"]], model.wv)

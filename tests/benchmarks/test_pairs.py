"""Comparisons in alternation: each run of one side with the run of the other."""

import re

import pytest


def test_a_pair_compares_run_with_run():
    from benchmarks import pairs

    base = [{"words_per_s": 10.0, "total_s": 8.0}, {"words_per_s": 1.0, "total_s": 80.0}]  # the second minute was slow
    ours = [{"words_per_s": 20.0, "total_s": 2.0}, {"words_per_s": 2.0, "total_s": 20.0}]
    cells = pairs.compared(("words_per_s", "total_s"), base, ours)
    assert cells["x"] == {"words_per_s": [2.0, 2.0, 2.0], "total_s": [4.0, 4.0, 4.0]}
    assert cells["base"]["words_per_s"] == [5.5, 3.25, 7.75]


def test_a_side_tells_its_memory_beside_what_is_allowed():
    from benchmarks import pairs

    runs = [{"peak_rss_mb": mb, "n_vocab": 1_000_000, "raw_words": 5_000_000} for mb in (2000.0, 2740.0)]
    cells = pairs.memory(pairs.PAIRS["skip-gram, V 1,000,000, D 300"].ours, runs)
    assert cells == {"peak_rss_mb": 2740, "rss_bound_mb": 2740, "share_of_bound": 1.0}


def test_rows_of_ngrams_count_once_in_what_is_allowed():
    from benchmarks import pairs

    run = {"peak_rss_mb": 100.0, "n_vocab": 1000, "n_ngrams": 8000, "raw_words": 0}
    cells = pairs.memory(pairs.PAIRS["FastText skip-gram"].ours, [run])
    assert cells["rss_bound_mb"] == pytest.approx(300 + 4e-6 * (2 * 1000 + 8000) * 100)


def test_a_pair_of_two_workers_is_skipped_on_one_core(monkeypatch):
    from benchmarks import pairs, test_pairs

    class MadeError(Exception):
        """The pair was not skipped."""

    def make(*_):
        raise MadeError

    monkeypatch.setattr(test_pairs, "find_spec", lambda name: True)
    monkeypatch.setattr(test_pairs, "refuse_if_red", make)
    monkeypatch.setattr(test_pairs, "available_cores", lambda: 1)
    is_skipped = {}
    for name, pair in pairs.PAIRS.items():
        with pytest.raises((MadeError, pytest.skip.Exception)) as stopped:
            test_pairs.prepare(pair, None)
        is_skipped[name] = stopped.type is not MadeError
    assert is_skipped == {name: re.search("2 (workers|cores)", name) is not None for name in pairs.PAIRS}
    monkeypatch.setattr(test_pairs, "available_cores", lambda: 2)
    with pytest.raises(MadeError):
        test_pairs.prepare(pairs.PAIRS["skip-gram, 2 workers"], None)


def test_both_sides_of_a_pair_of_avx2_do_without_avx512(monkeypatch):
    from benchmarks import pairs

    seen = []
    monkeypatch.setattr(pairs, "run_child", lambda *_, **environment: seen.append(environment) or "{}")
    for side in (pairs.PAIRS["CBOW, AVX2"].base, pairs.PAIRS["CBOW, AVX2"].ours, pairs.PAIRS["CBOW"].ours):
        pairs.run(side, None)
    assert seen == [pairs.ONE_BLAS_THREAD | pairs.AVX2, pairs.ONE_BLAS_THREAD | pairs.AVX2, pairs.ONE_BLAS_THREAD]

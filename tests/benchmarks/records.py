"""Made-up results for tests of tables and goals."""

from benchmarks.report import results

ORIGIN = {"date": "2026-01-02", "machine": "A processor", "cores": 2, "versions": {"numpy": "2.4"}, "revision": "abc"}


def recorded_pair(monkeypatch, tmp_path, ratio):
    """Results with one pair in them."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    side = {"words_per_s": [2e6, 1e6, 3e6], "total_s": [4.0, 3.0, 5.0], "peak_rss_mb": 200.0, "rss_bound_mb": 300.0}
    x = {"words_per_s": [ratio, ratio - 1, ratio + 1], "total_s": [7.0, 6.0, 8.0]}
    row = {
        "name": "test_pair[skip-gram]",
        "pair": "skip-gram",
        "base_tool": "gensim",
        "base": side,
        "ours": side,
        "x": x,
    }
    results.append("pairs", row | dict.fromkeys(results.ORIGIN, "here"))

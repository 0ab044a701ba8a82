"""The studies of the limits of the CPU trainer, on a small text."""

import re
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks.studies import checkpoints, distance, roofline, two_threads
from fastw2v.corpus import text_corpus
from fastw2v.encode import encode_corpus
from fastw2v_kernels._simd import LANES
from fastw2v_kernels.shared.threads import available_cores

N_WORDS, N_LINES = 1000, 2000
TWO_CORES = pytest.mark.skipif(available_cores() < 2, reason="needs two cores")


@pytest.fixture
def texts(tmp_path, monkeypatch):
    words = np.random.default_rng(0).zipf(1.3, (N_LINES, 20)) % N_WORDS
    text = "\n".join(" ".join(f"w{word}" for word in line) for line in words).encode()
    monkeypatch.delenv("FASTW2V_DATA_DIR", raising=False)
    monkeypatch.setattr(roofline.datasets, "default_corpus", lambda: SimpleNamespace(sources=[text]))
    return roofline.write_texts(tmp_path)


def test_the_text_in_the_cache_has_few_words_at_the_same_places(texts):
    lines, few = ([line.split() for line in path.read_bytes().splitlines()] for path in texts.values())
    assert [len(line) for line in few] == [len(line) for line in lines] == [20] * N_LINES
    became = {}
    for words, numbers in zip(lines, few):
        for word, number in zip(words, numbers):
            assert became.setdefault(word, number) == number
    assert len(set(became.values())) <= roofline.N_CACHED_WORDS < len(became)


@pytest.mark.slow
def test_both_models_are_measured_at_both_sizes(texts, monkeypatch):
    monkeypatch.setattr(roofline, "peak", lambda n_threads: SimpleNamespace(gflops=100.0))
    rows = list(roofline.rows(rounds=1))
    assert [row["name"] for row in rows] == [f"{kind}, D {size}" for kind in roofline.KINDS for size in roofline.SIZES]
    for row in rows:
        n_operations = roofline.operations("skip-gram" in row["model"], row["contexts"], row["targets"])
        assert row["targets"] == 6 if row["negative"] else 6 < row["targets"] < 14
        gflops = 2 * row["D"] * n_operations / row["ns_kept_word"][0]
        assert row["gflops_share"][0] == pytest.approx(gflops / 100, rel=0.01)
        assert 3 < row["contexts"] < 2 * roofline.WINDOW
        assert 0 < row["few_words_kept_share"] <= 1


@pytest.mark.parametrize("few_targets", [6.0, 3.0])
def test_the_parts_of_a_kept_word_add_up(texts, monkeypatch, few_targets):
    """Of fewer words paths are shorter: what longer ones cost is no miss."""
    small, large = roofline.SIZES
    known = {"all words": {small: 400.0, large: 900.0}, "few words": {small: 300.0, large: 700.0}}
    times = {(name, size): [ns] * 3 for name, of_sizes in known.items() for size, ns in of_sizes.items()}
    targets = {"all words": 6.0, "few words": few_targets}
    sampled = {name: roofline.Sampled(contexts=6.0, kept_share=0.75, targets=targets[name]) for name in texts}
    monkeypatch.setattr(roofline, "peak", lambda n_threads: SimpleNamespace(gflops=100.0))
    monkeypatch.setattr(roofline, "measure", lambda *_: (times, sampled))
    for row in roofline.rows(rounds=1):
        n_vectors, other = (-(-size // LANES) for size in (row["D"], small + large - row["D"]))
        at_peak, few_at_peak = (
            2 * LANES * (3 * n * 6 if "skip-gram" in row["model"] else 3 * n + 6) / 100 for n in (6, few_targets)
        )
        of_a_vector = 400.0 / abs(n_vectors - other)
        computed = n_vectors * of_a_vector * at_peak / few_at_peak
        assert row["ns_at_peak"] == pytest.approx(n_vectors * at_peak, rel=0.01)
        assert row["vector_share"] == pytest.approx(few_at_peak / of_a_vector, rel=0.01)
        if few_targets == 6:
            assert row["ns_misses"] == pytest.approx(100 if row["D"] == small else 200)
        total = row["ns_besides"] + computed + row["ns_misses"]
        assert total == pytest.approx(row["ns_kept_word"][0], rel=0.01)


@pytest.fixture
def few_turns(monkeypatch):
    """Threads that wait for each other by spinning keep both cores busy, for long where others use these, too."""
    monkeypatch.setattr(distance, "N_TURNS", 1000)


@TWO_CORES
@pytest.mark.usefixtures("few_turns")
def test_two_threads_beside_one(texts):
    vocab, tokens = encode_corpus(text_corpus(texts["all words"]), min_count=1)
    *_, (way, one, own, same) = two_threads.rounds(0, vocab, tokens, n_rounds=1)
    assert min(way, one, own, same) > 0


def test_rounds_are_shown_nearest_first(monkeypatch):
    known = [(90.0, 2e6, 3e6, 2e6), (30.0, 1e6, 2e6, 1.5e6), (50.0, 1e6, 1e6, 1e6)]
    monkeypatch.setattr(two_threads, "rounds", lambda *_, **__: iter(known))
    shown = two_threads.table(None, None, 3).splitlines()[2:6]
    assert shown == [
        "| skip-gram | 30 ns | 1.00 M | 2.00 x | 1.50 x |",
        "| skip-gram | 50 ns | 1.00 M | 1.00 x | 1.00 x |",
        "| skip-gram | 90 ns | 2.00 M | 1.50 x | 1.00 x |",
        "| skip-gram, median | 50 ns | 1.00 M | 1.50 x | 1.00 x |",
    ]


@TWO_CORES
@pytest.mark.usefixtures("few_turns")
def test_a_line_takes_some_time_from_core_to_core():
    assert 1 < distance.line_ns() < 1e9  # a share of a second where a thread has to wait for its core


def test_without_the_data_the_books_models_end_in_a_line(run_python, tmp_path):
    done = run_python("-m", "benchmarks.studies.book", FASTW2V_DATA_DIR="")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "FASTW2V_DATA_DIR is not set; set it to the folder that holds the data sets\n"
    done = run_python("-m", "benchmarks.studies.book", FASTW2V_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert re.fullmatch(r"there is no file .*cbow_params.pkl.*\n", done.stderr)


def test_each_checkpoint_is_timed_apart_from_the_last(texts):
    options = {"sg": 0, "vector_size": 8, "epochs": 2, "min_count": 1, "workers": 1}
    without, each_epoch = (checkpoints.trained(texts["all words"], every, options) for every in (None, "epoch"))
    assert [*without.pauses, *without.writes, without.n_bytes] == [0]
    assert [len(each_epoch.pauses), len(each_epoch.writes)] == [1, 1]
    assert each_epoch.n_bytes > 4 * 8 * 2 * 500  # two matrices of float32


def test_the_cost_of_checkpoints_is_shown_with_its_share_of_five_minutes():
    run = checkpoints.Run
    runs = [{"none": run(4e6), "epoch": run(speed, [0.1, 0.1], [1.4, 1.4], 30_000_000)} for speed in (4e6, 3e6, 2e6)]
    assert checkpoints.row("none", runs) == "| none | 4.00 M | | | | | | |"
    assert checkpoints.row("epoch", runs) == (
        "| epoch | 3.00 M | 0.750 (0.625-0.875) | 2.0 | 30 | 100 ms | 1400 ms | 0.50% |"
    )

"""The model of exchanges: what is fitted, and what it says of more nodes."""

import pytest

from benchmarks.studies.cluster import network
from benchmarks.studies.cluster.model import Link, Load, Shape, crossings, rounds, table
from benchmarks.studies.cluster.network import TrainingEnds, fit, shape_of
from fastw2v.distributed.plan import blocks

SHAPES = [Shape(2, n_vocab, 100, block_mb) for n_vocab in (50_000, 100_000, 200_000) for block_mb in (8, 32)]


def exchange(shape, *seconds):
    return {**shape._asdict(), "nodes": shape.n_nodes, "vocab": shape.n_vocab, "link_mbit": 250, "seconds": seconds}


@pytest.mark.parametrize("shape", [*SHAPES, Shape(4, 1000, 7, 1), Shape(32, 1_000_000, 300), Shape(3, 10, 300)])
def test_pieces_are_those_of_the_plan(shape):
    cut = blocks(shape.n_vocab, 4 * shape.dim, n_owners=shape.n_nodes, block_bytes=shape.block_mb << 20)
    assert shape.n_pieces == len(cut) * 2 * (shape.n_nodes - 1)


def test_bytes_are_the_rows_of_others_and_the_merged_ones():
    assert Shape(2, 100, 10).sent_bytes == 2 * (4 * 10 * 2 * 50)
    assert Shape(4, 100, 10).sent_bytes == 2 * (4 * 10 * 2 * 75)


def test_a_link_is_found_again_from_its_times():
    link = Link(0.005, 25e6)
    found = Link.fitted(SHAPES, [link.seconds(shape) for shape in SHAPES])
    assert found == pytest.approx(link)


def test_pieces_that_cost_nothing_measurable_cost_nothing():
    times = [shape.sent_bytes / 25e6 - 0.001 * shape.n_pieces for shape in SHAPES]
    found = Link.fitted(SHAPES, times)
    assert found.piece_s == 0
    assert found.bytes_per_s == pytest.approx(25e6, rel=0.05)


def test_one_shape_does_not_tell_latency_from_bandwidth():
    with pytest.raises(ValueError, match="two shapes at least, found 2"):
        Link.fitted(SHAPES[:1] * 2, [1.0, 1.1])


def test_times_that_do_not_grow_are_refused():
    with pytest.raises(ValueError, match="do not grow"):
        Link.fitted([Shape(2, 50_000, 100, 8), Shape(2, 200_000, 100, 32)], [2.0, 0.5])


def test_the_fit_of_two_nodes_predicts_four():
    link = Link(0.002, 20e6)
    four = Shape(4, 100_000, 100, 8)
    known = [exchange(shape, link.seconds(shape), 0.0, 99.0) for shape in SHAPES]
    row = fit(known, [exchange(four, 2 * link.seconds(four))])
    assert (row["piece_ms"], row["mb_per_s"], row["link_share"]) == pytest.approx((2.0, 20.0, 0.64))
    (prediction,) = row["predictions"]
    assert prediction["nodes"] == 4
    assert prediction["predicted_s"] == pytest.approx(link.seconds(four), rel=1e-3)
    assert prediction["error_percent"] == pytest.approx(-50)
    assert shape_of(exchange(four, 1.0)) == four


def test_what_is_before_the_first_round_is_not_counted(monkeypatch):
    ends, now = TrainingEnds(), iter([100.0, 102.0, 104.0, 107.0, 109.0])
    monkeypatch.setattr(network.time, "perf_counter", lambda: next(now))
    ends("encode", 5, None)
    for n_words in (10, 250, 500, 750, 1000):
        ends("train", n_words, 1000)
    assert ends.seconds_between(4) == pytest.approx((109 - 102) / 3)


def test_the_share_that_trains_falls_with_nodes():
    load, link = Load(62e6, 5e6), Link(0.0, 0.6e9)
    found = rounds(load, link, [Shape(n_nodes, 1_000_000, 300) for n_nodes in (2, 4, 8)])
    assert [round(one.train_s, 1) for one in found] == [6.2, 3.1, 1.6]
    assert [one.exchange_s for one in found] == pytest.approx([4.0, 6.0, 7.0])
    assert found[0].merge_s == pytest.approx(0.90 + 300e6 * 9e-9 + 2.4 / 2.5)
    assert found[0].share > found[1].share > found[2].share > 0


def test_the_table_has_a_line_for_each_number_of_nodes():
    shown = table(0.5, Load(62e6, 5e6), n_vocab=1_000_000, dim=300, block_mb=32).splitlines()
    assert [line.split(" | ")[0] for line in shown[2:]] == ["| 2", "| 4", "| 8", "| 32"]
    assert len({line.count("|") for line in shown}) == 1


def test_a_longer_text_lets_nodes_overtake_a_larger_machine():
    """Of a text four times as long, nodes train four times as long between two merges."""
    shown = crossings(1.0, lambda n_words: Load(n_words, 1e12), n_vocab=1000, dim=10, block_mb=32).splitlines()
    assert len({line.count("|") for line in shown}) == 1
    cells = [line.split(" | ")[1:4] for line in shown[2:]]
    assert [row.count("never") for row in cells] == [2, 1, 0, 0]
    exchange_s = sum(rounds(Load(0, 1e12), Link(0.005, 10e9 / 8), [Shape(2, 1000, 10)])[0][1:])
    found, unit = cells[0][0].split()
    assert unit == "billion"
    assert float(found) == pytest.approx(2 * exchange_s * 1e12 / 1e9, rel=0.02)  # two nodes exchange half of their time

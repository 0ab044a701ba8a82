import pytest

from fastw2v.config import TrainConfig
from fastw2v.schedule import spans


@pytest.mark.parametrize("n_tokens", [1, 2, 7, 8, 9, 1000, 65_536, 1_000_003])
@pytest.mark.parametrize("span_tokens", [1, 100, 65_536])
def test_spans_tile_the_tokens(n_tokens, span_tokens):
    if n_tokens > 100_000 and span_tokens < 100:
        n_tokens = 1000
    cut = list(spans(TrainConfig(), n_tokens, 0, span_tokens=span_tokens))
    ends = [span.end for span in cut]
    assert [0, *ends[:-1]] == [span.begin for span in cut]
    assert ends[-1] == n_tokens
    assert all(0 < span.end - span.begin <= span_tokens for span in cut)


def test_nothing_to_train():
    assert list(spans(TrainConfig(), 0, 0, span_tokens=100)) == []


def rates(config, n_tokens, span_tokens):
    """Learning rate of every token of every epoch."""
    cut = (span for epoch in range(config.epochs) for span in spans(config, n_tokens, epoch, span_tokens=span_tokens))
    return [span.lr_first + span.lr_step * position for span in cut for position in range(span.begin, span.end)]


def test_rate_falls_linearly_over_epochs_and_tokens():
    config = TrainConfig(alpha=0.05, min_alpha=0.01, epochs=3)
    n_steps = 3 * 50
    expected = [0.05 + (0.01 - 0.05) * step / n_steps for step in range(n_steps)]
    assert rates(config, 50, 7) == pytest.approx(expected, rel=1e-12)
    assert rates(config, 50, 50) == pytest.approx(expected, rel=1e-12)


def test_rate_does_not_depend_on_the_cut():
    assert rates(TrainConfig(), 1001, 1001) == rates(TrainConfig(), 1001, 13)


def test_constant_rate():
    assert set(rates(TrainConfig(alpha=0.02, min_alpha=0.02), 10, 3)) == {0.02}


def test_random_numbers_go_on_after_earlier_epochs():
    config = TrainConfig(epochs=2)
    fresh, later = (list(spans(config, 10, 1, span_tokens=10, first_epoch=first)) for first in (0, 5))
    assert {span.epoch for span in fresh} == {1}
    assert {span.epoch for span in later} == {6}
    assert [span[1:] for span in fresh] == [span[1:] for span in later]

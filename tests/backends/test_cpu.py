import pytest

from fastw2v.backends import cpu
from fastw2v.backends.cpu import CpuBackend, span_tokens
from fastw2v.config import TrainConfig
from fastw2v.schedule import spans
from tests.backends.training import config_of, data_of


def test_long_spans_are_shortened_where_a_token_is_much_work():
    assert span_tokens(TrainConfig()) == 65_536
    assert 256 <= span_tokens(TrainConfig(sg=1, vector_size=1000, negative=20, window=20)) < 1000
    assert span_tokens(TrainConfig(sg=1, vector_size=1 << 20, negative=1024, window=1 << 16)) == 256


@pytest.fixture
def several_workers(monkeypatch):
    """Let several workers train small corpora, too."""
    monkeypatch.setattr(cpu, "_SMALL_TOKENS", 0)


@pytest.mark.usefixtures("several_workers")
@pytest.mark.parametrize("workers", [1, 2, 16])
def test_every_worker_gets_several_spans(workers, corpus):
    backend, config = CpuBackend(), config_of(workers=workers)
    backend.upload(config, data_of(config, corpus))
    assert len(list(spans(config, corpus[1].n_tokens, 0, span_tokens=backend.span_tokens))) >= 3 * workers


@pytest.mark.usefixtures("several_workers")
def test_no_two_workers_count_in_one_line(corpus):
    backend, config = CpuBackend(), config_of(workers=16)
    backend.upload(config, data_of(config, corpus))
    assert len({tally.ctypes.data // 128 for tally in backend._tallies}) == 16

from types import SimpleNamespace

from fastw2v.backends import cuda_streams
from fastw2v_kernels._jit import cuda as cuda_jit


def test_the_pools_give_back_what_the_training_held(corpus, monkeypatch):
    log, stream = [], object()
    cupy = SimpleNamespace(
        get_default_memory_pool=lambda: SimpleNamespace(free_all_blocks=lambda stream: log.append(stream)),
        get_default_pinned_memory_pool=lambda: SimpleNamespace(free_all_blocks=lambda: log.append("pinned")),
    )
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    cuda_streams.free_pools(stream)
    assert log == [stream, "pinned"]

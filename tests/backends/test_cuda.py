"""How the CUDA backend runs a training. `fake_cupy` and the CPU kernels replace the GPU, so it is tested everywhere."""

import weakref
from contextlib import nullcontext
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v.backends import cuda, cuda_corpus, cuda_plan
from fastw2v.backends.cpu import CpuBackend
from fastw2v.backends.cuda import CudaBackend
from fastw2v.encode import Tokens
from fastw2v.runtime import worker_pool
from fastw2v.schedule import spans
from fastw2v_kernels._jit import cuda as cuda_jit
from tests import fake_cupy
from tests.backends.training import MODES, config_of, data_of, mode_name, small_memory, trained_on_gpu


@pytest.mark.parametrize("mode", MODES, ids=mode_name)
def test_it_asks_for_what_the_cpu_computes(mode, corpus, gpu):
    config = config_of(epochs=2, sample=0.05, **mode)
    there, report = trained_on_gpu(config, corpus)
    cpu = cuda_by_cpu(config, corpus)
    assert there.w_in.tobytes() == cpu[0].w_in.tobytes()
    assert there.w_out.tobytes() == cpu[0].w_out.tobytes()
    assert (report.loss, report.pairs, report.kept_words) == (cpu[1].loss, cpu[1].pairs, cpu[1].kept_words)


def cuda_by_cpu(config, corpus):
    return trained_on_gpu(config, corpus, CpuBackend())


def test_progress_goes_up_to_all_words(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 50)
    calls, total = [], 3 * corpus[1].n_tokens
    trained_on_gpu(config_of(epochs=3), corpus, progress=lambda *call: calls.append(call))
    assert [done for done, _ in calls] == sorted(done for done, _ in calls)
    assert calls[-1] == (total, total)
    assert len(calls) == 3 * len(list(spans(config_of(), corpus[1].n_tokens, 0, span_tokens=50)))


def test_no_more_spans_are_queued_than_ctrl_c_may_wait_for(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    n_done, ahead = [0], []

    def progress(done, total):
        ahead.append(sum(call["end"] - call["begin"] for call in gpu[1:]) - n_done[0])
        n_done[0] = done

    trained_on_gpu(config_of(epochs=1), corpus, progress=progress)
    assert max(ahead) == 10 * cuda._QUEUED


def test_ctrl_c_keeps_what_was_trained(corpus, gpu, monkeypatch):
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    wait, n_waits, reached = worker_pool._Supervisor.wait, [], []

    def interrupted_once(supervisor):
        n_waits.append(1)
        if len(n_waits) == 1:
            raise KeyboardInterrupt
        wait(supervisor)

    monkeypatch.setattr(worker_pool._Supervisor, "wait", interrupted_once)
    config = config_of(sample=0, epochs=50)
    weights, report = trained_on_gpu(config, corpus, progress=lambda done, total: reached.append(done))
    assert report.stopped_at.startswith("epoch 1 of 50")
    assert report.raw_words == report.kept_words == (reached[-1] if reached else 0) <= corpus[1].n_tokens
    assert np.isfinite(weights.w_in).all()


def test_an_error_in_a_callback_ends_the_training(corpus, gpu):
    def fail(done, total):
        raise ZeroDivisionError("planned")

    with pytest.raises(ZeroDivisionError, match="planned"):
        trained_on_gpu(config_of(), corpus, progress=fail)


class WaitedStream:
    """A stream that logs when the host waits for it; `broken`: waiting fails."""

    def __init__(self, name, log, broken=False):
        self._name, self._log, self._broken = name, log, broken

    def __enter__(self): ...

    def __exit__(self, *_): ...

    def record(self):
        return SimpleNamespace(synchronize=lambda: None)

    def wait_event(self, event): ...

    def synchronize(self):
        self._log.append(f"{self._name} is done")
        if self._broken:
            raise OSError("the GPU is gone")


def failing_progress(log):
    def fail(done, total):
        log.append("error")
        raise ZeroDivisionError("planned")

    return {"progress": fail}


def failing_launch(log):
    backend, launch = CudaBackend(), CudaBackend._launch

    def fail(span):
        if span.begin >= 20:
            log.append("error")
            raise ZeroDivisionError("planned")
        return launch(backend, span)

    backend._launch = fail
    return {"backend": backend}


@pytest.mark.parametrize("failing", [failing_progress, failing_launch])
@pytest.mark.parametrize(("is_streamed", "is_broken"), [(False, False), (True, False), (True, True)])
def test_an_error_leaves_nothing_under_way(failing, is_streamed, is_broken, corpus, gpu, monkeypatch, caplog):
    """Launches and copies that are queued end before memory is freed; an error of that wait replaces no other."""
    log = []
    monkeypatch.setattr(cuda, "new_stream", lambda: WaitedStream("training", log))
    monkeypatch.setattr(cuda_corpus, "new_stream", lambda: WaitedStream("copying", log, is_broken))
    monkeypatch.setattr(cuda_plan, "MOST_SPAN_TOKENS", 10)
    if is_streamed:
        small_memory(monkeypatch, corpus, 10)
    options = failing(log)
    with pytest.raises(ZeroDivisionError, match="planned"):
        trained_on_gpu(config_of(window=3), corpus, **options)
    waits = ["training is done", "copying is done"][: 1 + is_streamed]
    assert log[log.index("error") :] == ["error", *waits]
    assert ("the GPU is gone" in caplog.text) == is_broken


@pytest.mark.parametrize("failing", [failing_progress, failing_launch])
def test_a_gpu_that_cannot_be_waited_for_does_not_replace_the_error(failing, corpus, gpu, monkeypatch, caplog):
    log, stream = [], WaitedStream("training", [])
    monkeypatch.setattr(cuda, "new_stream", lambda: stream)
    monkeypatch.setattr(cuda_corpus, "new_stream", lambda: WaitedStream("copying", log))
    small_memory(monkeypatch, corpus, 10)
    options = failing(log)
    compiled = CudaBackend.compile
    monkeypatch.setattr(CudaBackend, "compile", lambda self: compiled(self) or setattr(stream, "_broken", True))
    with pytest.raises(ZeroDivisionError, match="planned"):
        trained_on_gpu(config_of(window=3), corpus, **options)
    assert log[log.index("error") :] == ["error", "copying is done"]
    assert "the GPU is gone" in caplog.text


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("fails", [False, True])
def test_only_the_rows_that_a_model_keeps_outlive_the_training(fails, is_streamed, corpus, gpu, monkeypatch):
    """The arrays are gone before the pools are emptied, even if the backend itself is still referenced."""
    alive = []

    def living(stream):
        memory = {name: value.memory for name, value in gpu[-1].items() if hasattr(value, "memory")}
        arrays = {name: weakref.ref(m if m.base is None else m.base) for name, m in memory.items()}
        del memory
        gpu.clear()
        alive.append({name for name, array in arrays.items() if array() is not None})

    if is_streamed:
        small_memory(monkeypatch, corpus, 40)
    backend, log = CudaBackend(), []
    monkeypatch.setattr(cuda, "free_pools", living)
    with pytest.raises(ZeroDivisionError) if fails else nullcontext():
        _ = trained_on_gpu(config_of(window=3), corpus, backend, **(failing_progress(log) if fails else {}))
    assert alive == [set() if fails else {"w_in"}]


def test_an_upload_that_fails_leaves_nothing_either(corpus, gpu, monkeypatch):
    given_back, made, array = [], [], fake_cupy.array

    def short(values):
        if len(made) == 2:
            raise MemoryError("planned")
        made.append(None)
        there = array(values)
        made[-1] = weakref.ref(there.memory)
        return there

    monkeypatch.setattr(fake_cupy, "array", short)
    monkeypatch.setattr(cuda, "free_pools", lambda stream: given_back.append([memory() for memory in made]))
    backend = CudaBackend()
    with pytest.raises(MemoryError, match="planned"):
        trained_on_gpu(config_of(), corpus, backend)
    assert given_back == [[None, None]]


class LoggedStream:
    """A stream of CuPy that logs what it is given; `current` is the stack of streams in use."""

    def __init__(self, log, current, name="own"):
        self.log, self.current, self.name = log, current, name

    def record(self, event):
        self.log.append(f"{self.name} is recorded")
        return self.name

    def wait_event(self, event):
        self.log.append(f"{self.name} waits for {event}")

    def synchronize(self):
        self.log.append(f"{self.name} is done")

    def __enter__(self):
        self.current.append(self)

    def __exit__(self, *_):
        self.current.pop()


class LoggedArray:
    """An empty array of CuPy that logs in which stream it is filled."""

    def __init__(self, current, shape, dtype):
        self.current, self.shape, self.dtype = current, shape, dtype

    def set(self, values):
        assert (self.shape, self.dtype) == (values.shape, values.dtype)
        self.current[-1].log.append(f"{self.current[-1].name} copies")


def logging_cupy(log):
    """CuPy, as far as an upload uses it: without `array`, which would pin memory."""
    current = []
    current.append(LoggedStream(log, current, "caller's"))
    device = SimpleNamespace(id=0, compute_capability="90")
    cuda = SimpleNamespace(
        Stream=lambda **_: LoggedStream(log, current),
        Event=lambda **_: None,
        Device=lambda *index: nullcontext() if index else device,
        get_current_stream=lambda: current[-1],
    )
    return SimpleNamespace(cuda=cuda, empty=partial(LoggedArray, current))


def test_the_upload_waits_for_what_the_caller_has_queued(corpus, gpu, monkeypatch):
    """The caller's stream may still be writing a corpus that is a CuPy array."""
    log = []
    cupy = logging_cupy(log)
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 1 << 40)
    CudaBackend().upload(config_of(), data_of(config_of(), corpus))
    assert log[:3] == ["caller's is recorded", "own waits for caller's", "own copies"]
    assert log[-1] == "own is done"
    assert set(log[2:-1]) == {"own copies"}


def test_an_empty_corpus_is_nothing_to_do(corpus, gpu):
    nothing = Tokens(np.empty(0, np.int32), np.zeros(1, np.int64))
    _, report = trained_on_gpu(config_of(), (corpus[0], nothing))
    assert (report.raw_words, report.pairs, report.loss_per_epoch) == (0, 0, [])

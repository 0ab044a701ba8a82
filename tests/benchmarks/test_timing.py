"""How calls are timed: by the clock, by a GPU's events, and only if their result is right."""

from types import SimpleNamespace

import numpy as np
import pytest


class FakeGpu:
    """CuPy's events on a clock that calls put forward."""

    def __init__(self):
        self.now, self.cuda = 0.0, self
        self.runtime = SimpleNamespace(getDevice=lambda: 0, getDeviceProperties=lambda index: {"name": b"A GPU"})
        gpu = self

        class Event:
            def record(self):
                self.at = gpu.now

        self.Event = Event

    def get_elapsed_time(self, first, last):
        return last.at - first.at

    def work(self, milliseconds):
        self.now += milliseconds


class FakeBenchmark:
    """pytest-benchmark's fixture, by which each round took a second."""

    def __init__(self):
        self.extra_info, self.stats = {}, SimpleNamespace(stats=SimpleNamespace(median=1.0))

    def pedantic(self, call, setup, rounds, warmup_rounds):
        for _ in range(rounds):
            setup()
            call()


def test_calls_on_a_gpu_are_timed_by_its_events_without_their_setup(monkeypatch):
    from benchmarks import timing
    from benchmarks.cases import Work
    from fastw2v_kernels._jit import cuda as cuda_jit

    gpu = FakeGpu()
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: gpu)
    monkeypatch.setattr(cuda_jit, "synchronize", lambda: None)
    measured = timing.Timing(FakeBenchmark(), quick=True)
    measured.measure(lambda: gpu.work(2), lambda: gpu.work(50), device="cuda")
    measured.note(Work(n_bytes=4e6, words=100), device="cuda")
    info = measured.benchmark.extra_info
    assert (info["device_ms"], info["gpu"]) == ([2, 2, 2], "A GPU")
    assert (info["gb_per_s"], info["words_per_s"]) == (2, 50_000)
    assert len(measured.device_seconds) == 30


def test_calls_on_the_cpu_have_no_device_time():
    from benchmarks import timing
    from benchmarks.cases import Work

    measured = timing.Timing(FakeBenchmark(), quick=True)
    measured.measure(lambda: None)
    measured.note(Work(words=100), device="reference")
    assert "device_ms" not in measured.benchmark.extra_info
    assert measured.benchmark.extra_info["words_per_s"] == 100


class WrongSign:
    """An operation whose CPU result has its sign flipped."""

    def __init__(self, op):
        self.op = op

    def implementation(self, device):
        function = self.op.implementation(device)

        def flipped(**case):
            function(**case)
            for array in self.op.outputs(case).values():
                np.negative(array, out=array)

        return flipped if device == "cpu" else function

    def __getattr__(self, name):
        return getattr(self.op, name)


def test_an_operation_with_a_wrong_result_is_not_timed(monkeypatch):
    from benchmarks import timing

    name = "embedding"
    timing.refuse_if_red("cpu", name)
    monkeypatch.setitem(timing.OPS_BY_NAME, name, WrongSign(timing.OPS_BY_NAME[name]))
    with pytest.raises(pytest.fail.Exception, match="not timed: the parity test of embedding on cpu is red"):
        timing.refuse_if_red("cpu", name)

"""Steps of box.py: each yields rows of the table."""

from __future__ import annotations

import contextlib
import io
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks.events import by_clock, gpu_name, seconds_of_calls
from benchmarks.gpu import jobs as gpu_jobs
from benchmarks.gpu.jobs import Setting, Sizes
from benchmarks.gpu.plain import PlainAdam
from fastw2v import nn
from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.ops import OPS
from tests.kernels.harness import assert_parity, copy, results

Row = dict[str, Any]
COLUMNS = ("step", "what", "value", "note")
SHAPES = [1, 7, 63, 100, 129]
TOY_SHAPES = [1, 7]
UNFINISHED = "NOT FINISHED"  # for want of time: the exit status is not 0
GOAL = 0.6  # of the copy's bandwidth, where each row occurs once
MODELS = (nn.CBOW, nn.SkipGram)


class Clock:
    """Medians of calls; what is left of the time for all."""

    def __init__(self, seconds: float, least_calls: int) -> None:
        self._begun, self._seconds, self._least_calls = time.perf_counter(), seconds, least_calls

    def left(self) -> float:
        """Seconds left."""
        return self._seconds - (time.perf_counter() - self._begun)

    def seconds(self, call: Callable[[], object], budget: float = 0.5, *, on_gpu: bool = True) -> float:
        """Median seconds of a call, of as many as the budget allows; the first two do not count."""
        for _ in range(2):
            begun = time.perf_counter()
            call()
            gpu.synchronize()
        n = int(min(200, max(self._least_calls, budget / (time.perf_counter() - begun))))
        return statistics.median(seconds_of_calls(call, n) if on_gpu else [by_clock(call) for _ in range(n)])


def environment(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The machine, and the bandwidth that a copy within its memory reaches."""
    xp = gpu.array_module()
    source = xp.ones(sizes.copied_floats, np.float32)
    target = xp.empty_like(source)

    def copy_all() -> None:
        target[...] = source

    bandwidth = 2 * source.nbytes / clock.seconds(copy_all)
    sizes.bandwidth = bandwidth
    yield row("machine", gpu_name(), f"copy {bandwidth / 1e12:.2f} TB/s", note=versions())


def versions() -> str:
    """Versions that matter."""
    xp, cuda = gpu.array_module(), gpu._numba_cuda()
    driver = "-" if gpu.IS_SIMULATED else xp.cuda.runtime.driverGetVersion()
    arrays = "NumPy for CuPy" if xp is np else f"CuPy {xp.__version__}"
    return f"{arrays}, NumPy {np.__version__}, numba.cuda {getattr(cuda, 'implementation', '?')}, driver {driver}"


def parity(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Every operation against its reference, by the tests' own rule; those that fail are not timed."""
    for op in OPS:
        if "cuda" not in op.devices:
            continue
        begun, wrong = time.perf_counter(), []
        for size in TOY_SHAPES if sizes.toy else SHAPES:
            case = op.make_case(np.random.default_rng(size), size)
            reference, truth = results(op, "reference", copy(case)), results(op, "reference", copy(case, np.float64))
            try:
                assert_parity(results(op, "cuda", copy(case)), reference, truth)
            except Exception as error:  # anything wrong with one operation must not hide the others
                wrong.append(f"size {size}: {type(error).__name__} {str(error).strip().partition(chr(10))[0][:80]}")
        sizes.red |= {op.name} if wrong else set()
        seconds = f"{time.perf_counter() - begun:.1f} s with compilation"
        yield row("parity", op.name, colour(not wrong), note="; ".join(wrong) or seconds)


def operations(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Operations of the book's layers, and the share of the copy's bandwidth that they reach."""
    for batch in sizes.batches:
        for job in gpu_jobs.operations(sizes, batch):
            yield operation(clock, sizes, f"{batch} rows", **job._asdict())


def unique_rows(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The layers' operations where each row of a large matrix occurs once: what the memory allows is the goal."""
    for job in gpu_jobs.unique_operations(sizes):
        found = operation(clock, sizes, f"{sizes.n_words} rows, each once", **job._asdict())
        if "share" in found:
            found["note"] += f", goal {GOAL:.0%}: {'reached' if found['share'] >= GOAL else 'MISSED'}"
        yield found


def operation(
    clock: Clock, sizes: Sizes, shape: str, *, name: str, op: str, n_bytes: int, call: Callable[[], object]
) -> Row:
    """Time of one operation, if it computes what it should."""
    what = f"{name}, {shape}"
    if op in sizes.red:
        return row("operation", what, "not timed", note="parity is red")
    seconds = clock.seconds(call)
    share = n_bytes / seconds / sizes.bandwidth
    known = {"us": 1e6 * seconds, "share": share} if n_bytes else {"us": 1e6 * seconds}
    return (
        row("operation", what, micro(seconds), note=f"{share:.0%} of the copy's bandwidth" if n_bytes else "") | known
    )


def iterations(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Whole iterations at the book's shapes: the GPU's kernels, plain CuPy, the CPU's kernels."""
    for n_words in sizes.vocabularies:
        setting = Setting(sizes, n_words)
        for model in MODELS:
            of_gpu: dict[str, float] = {}
            for device in ("cuda", "plain CuPy", "cpu"):
                if clock.left() < sizes.reserve:
                    yield row("iteration", f"{model.__name__}, {device}, V {n_words}", UNFINISHED, note="no time left")
                else:
                    yield from of_device(clock, setting, model, device=device, of_gpu=of_gpu)


def of_device(clock: Clock, setting: Setting, model: Any, *, device: str, of_gpu: dict[str, float]) -> Iterator[Row]:  # noqa: ANN401
    """A model's iterations on one device, and how much longer they take than the GPU's kernels."""
    trained = setting.model(model, device)
    for optimizer in (nn.Adam, nn.SparseAdam):
        if device == "plain CuPy" and optimizer is not nn.Adam:
            continue  # the book has dense gradients only
        update = PlainAdam() if device == "plain CuPy" else optimizer(device=device)
        for batch in setting.sizes.iteration_batches:
            step = gpu_jobs.iteration(trained, update, setting.batches(batch, device))
            seconds = clock.seconds(step, on_gpu=device != "cpu")
            name, shape = f"{model.__name__}, {optimizer.__name__}", f"V {setting.n_words}, batch {batch}"
            kernels = of_gpu.setdefault(f"{name}, {shape}", seconds)  # the GPU's come first
            ratio = "" if device == "cuda" else f"{seconds / kernels:.1f} x the GPU's kernels"
            ids = "Penn Treebank" if setting.is_ptb else "ids by Zipf's law"
            note = ", ".join(filter(None, (ratio, ids)))
            known = {"line": f"{name}, {device}", "n_words": setting.n_words, "batch": batch, "us": 1e6 * seconds}
            yield row("iteration", f"{name}, {device}, {shape}", micro(seconds), note=note) | known


def quality(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The same training on both devices: the loss of the last epoch must be the same."""
    corpus, where = gpu_jobs.corpus_for_quality(sizes)
    data = nn.create_contexts_target(corpus, sizes.window)
    for model, n_epochs in zip(MODELS, sizes.epochs):
        losses: dict[str, float] = {}
        for device in ("cuda", "cpu"):
            seconds, history = trained(sizes, model, device, corpus=corpus, data=data, n_epochs=n_epochs)
            losses[device] = float(np.mean(np.array_split(history, n_epochs)[-1]))
            note = f"from {history[0]:.3f}, {n_epochs} epochs of {where} in {seconds:.1f} s"
            yield row("quality", f"{model.__name__}, loss, {device}", f"{losses[device]:.3f}", note=note)
        off = losses["cuda"] / losses["cpu"] - 1
        yield row(
            "quality", f"{model.__name__}, loss compared with the CPU's", colour(abs(off) < 0.02), note=f"{off:+.2%}"
        )


def trained(
    sizes: Sizes,
    model: Any,  # noqa: ANN401
    device: str,
    *,
    corpus: gpu_jobs.Array,
    data: tuple[gpu_jobs.Array, ...],
    n_epochs: int,
) -> tuple[float, list[float]]:
    """Train by the book's Trainer; return the seconds and the losses on the way."""
    new = model(int(corpus.max()) + 1, sizes.dim, sizes.window, corpus, device=device, seed=0)
    trainer = nn.Trainer(new, nn.SparseAdam(device=device), seed=0)
    contexts, target = map(nn.to_gpu, data) if device == "cuda" else data
    begun = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        trainer.fit(contexts, target, n_epochs, sizes.quality_batch)
    return time.perf_counter() - begun, trainer.loss_list


def row(step: str, what: str, value: str, *, note: str = "") -> Row:
    """A row of the table."""
    return dict(zip(COLUMNS, (step, what, value, note)))


def colour(is_right: bool) -> str:
    """Result of a check, as shown in the table."""
    return "green" if is_right else "RED"


def micro(seconds: float) -> str:
    """Microseconds."""
    return f"{1e6 * seconds:.4g} us"

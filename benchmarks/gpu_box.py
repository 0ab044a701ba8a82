"""Parity, speed and quality of the CUDA kernels, on a machine with a GPU and nothing else: one command, one table.

Usage: python benchmarks/gpu_box.py [--seconds 450] [--out FOLDER]
       NUMBA_ENABLE_CUDASIM=1 python benchmarks/gpu_box.py --toy    (the same steps in the simulator)

Needs numba-cuda, CuPy and NumPy; no network and no pytest. With FASTW2V_DATA_DIR the model is trained on its PTB,
without on made-up text. Times are of device events, medians of many, after calls that compile; where the GPU has done
before the host has launched, they are the launch's. An operation whose parity is red is not timed. What does not fit in
the seconds is left out, and the table says so. `--out` gets the rows as gpu_box.jsonl and, where matplotlib is there,
the cost of an iteration by vocabulary as v_scaling.png.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import statistics
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "kernels"), str(ROOT / "tests" / "kernels"), str(ROOT / "benchmarks")]

import gpu_jobs  # noqa: E402 - what is imported lies in this checkout
import simulator  # noqa: E402
from gpu_jobs import Sizes  # noqa: E402
from harness import assert_parity, copy, results  # noqa: E402

from fastw2v import nn  # noqa: E402
from fastw2v_kernels import _jit_cuda  # noqa: E402
from fastw2v_kernels.ops import OPS  # noqa: E402

Row = dict[str, Any]
COLUMNS = ("step", "what", "value", "note")
SHAPES = [1, 7, 63, 100, 129]
TOY_SHAPES = [1, 7]


class Clock:
    """Medians of calls, by device events; what is left of the time for all."""

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
            _jit_cuda.synchronize()
        n = int(min(200, max(self._least_calls, budget / (time.perf_counter() - begun))))
        timed = self._by_events if on_gpu and not _jit_cuda.IS_SIMULATED else self._by_clock
        return statistics.median(timed(call, n))

    def _by_events(self, call: Callable[[], object], n: int) -> list[float]:
        cuda = _jit_cuda.array_module().cuda
        pairs = [(cuda.Event(), cuda.Event()) for _ in range(n)]
        for first, last in pairs:
            first.record()
            call()
            last.record()
        _jit_cuda.synchronize()
        return [cuda.get_elapsed_time(first, last) / 1e3 for first, last in pairs]

    def _by_clock(self, call: Callable[[], object], n: int) -> list[float]:
        times = [time.perf_counter()]
        for _ in range(n):
            call()
            times.append(time.perf_counter())
        return [after - before for before, after in pairwise(times)]


def environment(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The machine, and the bandwidth that a copy within its memory reaches."""
    xp = _jit_cuda.array_module()
    source = xp.ones(sizes.copied_floats, np.float32)
    target = xp.empty_like(source)

    def copy_all() -> None:
        target[...] = source

    name = "simulator"
    if not _jit_cuda.IS_SIMULATED:
        name = xp.cuda.runtime.getDeviceProperties(0)["name"].decode()
    bandwidth = 2 * source.nbytes / clock.seconds(copy_all)
    sizes.bandwidth = bandwidth
    yield row("machine", name, f"copy {bandwidth / 1e12:.2f} TB/s", versions())


def versions() -> str:
    """Versions that matter."""
    xp, cuda = _jit_cuda.array_module(), _jit_cuda._numba_cuda()
    driver = "-" if _jit_cuda.IS_SIMULATED else xp.cuda.runtime.driverGetVersion()
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
        yield row("parity", op.name, colour(not wrong), "; ".join(wrong) or seconds)


def operations(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Operations of the book's layers, and the share of the copy's bandwidth that they reach."""
    for batch in sizes.batches:
        for name, op, n_bytes, call in gpu_jobs.operations(sizes, batch):
            what = f"{name}, {batch} rows"
            if op in sizes.red:
                yield row("operation", what, "not timed", "parity is red")
                continue
            seconds = clock.seconds(call)
            share = f"{n_bytes / seconds / sizes.bandwidth:.0%} of the copy's bandwidth" if n_bytes else ""
            yield row("operation", what, micro(seconds), share)


def iterations(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Whole iterations at the book's shapes: the GPU's kernels, plain CuPy, the CPU's kernels."""
    for n_words, batch in sizes.iterations:
        for model in (nn.CBOW, nn.SkipGram):
            for optimizer in (nn.Adam, nn.SparseAdam):
                yield from iteration(clock, sizes, model, optimizer, n_words, batch)


def iteration(clock: Clock, sizes: Sizes, model: Any, optimizer: Any, n_words: int, batch: int) -> Iterator[Row]:  # noqa: ANN401
    """One shape on each device; beside the others, how much longer they take than the GPU's kernels."""
    name, gpu = f"{model.__name__}, {optimizer.__name__}", None
    for device in ("cuda", "plain CuPy", "cpu"):
        if device == "plain CuPy" and optimizer is not nn.Adam:
            continue
        what = f"{name}, {device}, V {n_words}, batch {batch}"
        if clock.left() < sizes.reserve:
            yield row("iteration", what, "LEFT OUT", "no time left")
            continue
        step = gpu_jobs.iteration(sizes, model, optimizer, n_words, batch, device)
        seconds = clock.seconds(step, on_gpu=device != "cpu")
        gpu = seconds if device == "cuda" else gpu
        ratio = f"{seconds / gpu:.1f} x the GPU's kernels" if gpu and device != "cuda" else ""
        known = {"line": f"{name}, {device}", "n_words": n_words, "batch": batch, "us": 1e6 * seconds}
        yield row("iteration", what, micro(seconds), ratio) | known


def quality(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """The same training on both devices: the loss of the last epoch must be the same."""
    corpus, where = gpu_jobs.corpus_for_quality(sizes)
    contexts, target = nn.create_contexts_target(corpus, sizes.window)
    losses: dict[str, float] = {}
    for device in ("cuda", "cpu"):
        model = nn.CBOW(int(corpus.max()) + 1, sizes.dim, sizes.window, corpus, device=device, seed=0)
        trainer = nn.Trainer(model, nn.SparseAdam(device=device), seed=0)
        data = (nn.to_gpu(contexts), nn.to_gpu(target)) if device == "cuda" else (contexts, target)
        begun = time.perf_counter()
        with contextlib.redirect_stdout(io.StringIO()):
            trainer.fit(*data, sizes.epochs, sizes.quality_batch)
        seconds = time.perf_counter() - begun
        losses[device] = float(np.mean(np.array_split(trainer.loss_list, sizes.epochs)[-1]))
        note = f"from {trainer.loss_list[0]:.3f}, {sizes.epochs} epochs of {where} in {seconds:.1f} s"
        yield row("quality", f"CBOW, loss, {device}", f"{losses[device]:.3f}", note)
    off = losses["cuda"] / losses["cpu"] - 1
    yield row("quality", "loss beside the CPU's", colour(abs(off) < 0.02), f"{off:+.2%}")


def row(step: str, what: str, value: str, note: str = "") -> Row:
    """A row of the table."""
    return dict(zip(COLUMNS, (step, what, value, note)))


def colour(is_right: bool) -> str:
    """What the table says of a check."""
    return "green" if is_right else "RED"


def micro(seconds: float) -> str:
    """Microseconds."""
    return f"{1e6 * seconds:.4g} us"


def draw(rows: list[Row], path: Path) -> None:
    """Cost of an iteration by vocabulary, one line for each model, optimizer and device."""
    timed = [found for found in rows if "line" in found]
    try:
        import matplotlib
    except ImportError:
        return
    if not timed:
        return
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    batch = min(found["batch"] for found in timed)
    for line in dict.fromkeys(found["line"] for found in timed):
        points = [
            (found["n_words"], found["us"]) for found in timed if (found["line"], found["batch"]) == (line, batch)
        ]
        plt.loglog(*zip(*points), marker="o", label=line)
    plt.xlabel("words in the vocabulary")
    plt.ylabel(f"microseconds an iteration of {batch}")
    plt.legend(fontsize="small")
    plt.savefig(path, dpi=120)


def run(clock: Clock, sizes: Sizes) -> list[Row]:
    """All steps; one that fails, or that there is no time for, has a row that says so."""
    rows: list[Row] = []
    for step in (environment, parity, operations, quality, iterations):
        if clock.left() < sizes.reserve:
            rows.append(row(step.__name__, "", "LEFT OUT", "no time left"))
            continue
        try:
            for found in step(clock, sizes):
                rows.append(found)
                print(f"[{clock.left():4.0f} s left]", " | ".join(found[column] for column in COLUMNS), flush=True)
        except Exception as error:
            traceback.print_exc()
            rows.append(row(step.__name__, type(error).__name__, "RED", " ".join(str(error).split())[:200]))
    return rows


def main() -> int:
    """Run all steps; the exit status says whether anything was red."""
    parser = argparse.ArgumentParser(description="Parity, speed and quality of the CUDA kernels.")
    parser.add_argument("--seconds", type=float, default=450, help="time for all")
    parser.add_argument("--out", type=Path, default=os.environ.get("OUT"), help="folder of the results")
    parser.add_argument("--toy", action="store_true", help="small sizes, for the simulator")
    options = parser.parse_args()
    if _jit_cuda.IS_SIMULATED:
        simulator.install()
    _jit_cuda.require_cuda()
    clock = Clock(options.seconds, least_calls=1 if options.toy else 5)
    rows = run(clock, Sizes.toys() if options.toy else Sizes())
    print(f"\n| {' | '.join(COLUMNS)} |\n|---|---|---|---|")
    for found in rows:
        print(f"| {' | '.join(found[column] for column in COLUMNS)} |")
    if options.out:
        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / "gpu_box.jsonl").write_text("".join(json.dumps(found) + "\n" for found in rows), encoding="utf-8")
        draw(rows, out / "v_scaling.png")
    return int(any(found["value"] == "RED" for found in rows))


if __name__ == "__main__":
    sys.exit(main())

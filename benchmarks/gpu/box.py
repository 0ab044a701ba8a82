"""Check and time the CUDA kernels on a machine with a GPU: one command, one table of parity, speed and quality.

Usage: python -m benchmarks.gpu.box [--seconds 1200] [--out FOLDER]
       python -m benchmarks.gpu.box --checked                       (operations only, for compute-sanitizer)
       python -m benchmarks.gpu.box --checked-trainer               (small trainings only, for compute-sanitizer)
       python -m benchmarks.gpu.box --counted                       (two trainings only, for ncu)
       NUMBA_ENABLE_CUDASIM=1 python -m benchmarks.gpu.box --toy    (the same steps in the simulator)

Needs numba-cuda, CuPy and NumPy; no network and no pytest. With FASTW2V_DATA_DIR the models are trained on its PTB,
without on made-up text. Times are medians of device events, after calls that compile; where the GPU finishes before
the host has launched the call, they are times of the launch. An operation whose parity is red is not timed. A step
without time left is NOT FINISHED; the end of the table and the exit status (2; 1 if anything is red) say so. On an
H200 the estimate is one minute for parity and modes, five for the trainer, one for operations and the layers' quality,
twelve at most for compute-sanitizer, the rest for iterations. `--out` gets the rows as gpu_box.jsonl and, if matplotlib
is installed, the cost of an iteration by vocabulary as v_scaling.png.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "kernels")]

from tests import simulator  # noqa: E402 - found by the lines above  # isort: skip
from benchmarks.gpu.arrays import arrays  # noqa: E402
from benchmarks.gpu.checkers import checkers, counters  # noqa: E402
from benchmarks.gpu.jobs import Sizes  # noqa: E402
from benchmarks.gpu.modes import modes  # noqa: E402
from benchmarks.gpu.steps import (  # noqa: E402
    COLUMNS,
    UNFINISHED,
    Clock,
    Row,
    environment,
    iterations,
    operations,
    parity,
    quality,
    row,
    unique_rows,
)
from benchmarks.gpu.trainer import checked_trainer, counted, trainer  # noqa: E402
from fastw2v_kernels._jit import cuda as gpu  # noqa: E402

STEPS = (environment, parity, modes, arrays, trainer, operations, unique_rows, quality, checkers, counters, iterations)


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
    plt.close()


def run(clock: Clock, sizes: Sizes, steps: tuple[Callable[[Clock, Sizes], Iterator[Row]], ...]) -> list[Row]:
    """Run the steps; a row says so where a step fails or has no time left."""
    rows: list[Row] = []
    for step in steps:
        if clock.left() < sizes.reserve:
            rows.append(row(step.__name__, "", UNFINISHED, note="no time left"))
            continue
        try:
            for found in step(clock, sizes):
                rows.append(found)
                print(f"[{clock.left():4.0f} s left]", " | ".join(found[column] for column in COLUMNS), flush=True)
        except Exception as error:
            traceback.print_exc()
            rows.append(row(step.__name__, type(error).__name__, "RED", note=" ".join(str(error).split())[:200]))
    return rows


def main() -> int:
    """Run all steps; the exit status says whether anything was red or unfinished."""
    parser = argparse.ArgumentParser(description="Parity, speed and quality of the CUDA kernels.")
    parser.add_argument("--seconds", type=float, default=1200, help="time for all")
    parser.add_argument("--out", type=Path, default=os.environ.get("OUT"), help="folder of the results")
    parser.add_argument("--checked", action="store_true", help="parity only, each array in separate memory")
    parser.add_argument("--checked-trainer", action="store_true", help="two small trainings only, likewise")
    parser.add_argument("--counted", action="store_true", help="two trainings only, short enough for counters")
    parser.add_argument("--toy", action="store_true", help="small sizes, for the simulator")
    options = parser.parse_args()
    if gpu.IS_SIMULATED:
        simulator.install()
    gpu.require_cuda()
    is_checked = options.checked or options.checked_trainer
    is_toy = options.toy or (is_checked and gpu.IS_SIMULATED)
    clock = Clock(options.seconds, least_calls=1 if is_toy else 5)
    if is_checked and not gpu.IS_SIMULATED:
        gpu.array_module().cuda.set_allocator(None)  # in a pool, memory after the end of an array may be read
    checked = (parity,) if gpu.IS_SIMULATED else (parity, modes)  # the simulator takes long, and nothing watches
    chosen = {"checked": checked, "checked_trainer": (checked_trainer,), "counted": (environment, counted)}
    steps = next((steps for name, steps in chosen.items() if getattr(options, name)), STEPS)
    rows = run(clock, Sizes.toys() if is_toy else Sizes(), steps)
    print(f"\n| {' | '.join(COLUMNS)} |\n|---|---|---|---|")
    for found in rows:
        print(f"| {' | '.join(found[column] for column in COLUMNS)} |")
    if options.out:
        out = Path(options.out)
        out.mkdir(parents=True, exist_ok=True)
        (out / "gpu_box.jsonl").write_text("".join(json.dumps(found) + "\n" for found in rows), encoding="utf-8")
        draw(rows, out / "v_scaling.png")
    return verdict(rows)


def verdict(rows: list[Row]) -> int:
    """Say how it ended; return the exit status: 1 where anything is red, else 2 where time was too short for all."""
    bad = {value: [found for found in rows if found["value"] == value] for value in ("RED", UNFINISHED)}
    for value, found in bad.items():
        if found:
            print(f"\n{value}: " + "; ".join(f"{one['step']} {one['what']}" for one in found))
    return 1 if bad["RED"] else 2 if bad[UNFINISHED] else 0


if __name__ == "__main__":
    sys.exit(main())

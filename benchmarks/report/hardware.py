"""Tables of how well the kernels use the hardware: single operations, a step of training, start-up."""

from __future__ import annotations

from benchmarks.report.markdown import Lines, microseconds, missing, origin, rounded, times
from benchmarks.report.results import latest, ratio


def operations() -> Lines:
    """Every operation of the registry, on one thread of the CPU, compared with its reference."""
    rows = latest("ops", lambda row: (row["op"], row["device"], row["threads"]))
    names = [op for op in dict.fromkeys(op for op, _, _ in rows) if (op, "cpu", 1) in rows]
    if not names:
        yield missing("pytest benchmarks/test_ops.py --benchmark-json=FILE.json")
        return
    yield [
        "operation",
        "reference",
        "compiled, one thread",
        "x reference",
        "GFLOP/s",
        "% of peak",
        "GB/s",
        "% of memory bandwidth",
    ]
    for op in names:
        slow, fast = rows[op, "reference", 1], rows[op, "cpu", 1]
        rates = [
            cell
            for name in ("gflops", "gb_per_s")
            for cell in (
                [rounded(fast[name], 3), f"{100 * fast[f'{name}_share']:.3g} %"] if name in fast else ["-", "-"]
            )
        ]
        speeds = [microseconds(row["seconds"]) for row in (slow, fast)]
        yield [f"`{op}`", *speeds, f"{times(ratio(slow['seconds'], fast['seconds']))} x", *rates]
    yield origin(rows[op, "cpu", 1] for op in names)


def start() -> Lines:
    """The time until the first result."""
    rows = latest("start", lambda row: row["name"])
    if not rows:
        yield missing("pytest benchmarks/test_start.py --benchmark-json=FILE.json")
        return
    yield ["a new process", "seconds (quartiles)"]
    for name, row in rows.items():
        what = name.removeprefix("test_").replace("_", " ").replace("[", ", ").rstrip("]")
        yield [what, "{:.2f} ({:.2f}-{:.2f})".format(*row["seconds"])]
    yield origin(rows.values())


def roofline() -> Lines:
    """Cost of a kept word in the CPU trainer, in ns."""
    rows = latest("roofline", lambda row: row["name"])
    if not rows:
        yield "Not yet recorded: `python -m benchmarks.studies.roofline`."
        return
    yield [
        *("model", "vector_size", "a kept word", "share of the peak", "multiply-adds at peak"),
        *("a vector costs, of peak", "fixed cost", "cache misses"),
    ]
    for row in rows.values():
        shares = [f"{row['gflops_share'][0]:.0%}", f"{row['ns_at_peak']:.0f}", f"{row['vector_share']:.0%}"]
        word = "{:.0f} ({:.0f}-{:.0f})".format(*row["ns_kept_word"])
        yield [row["model"], f"{row['D']}", word, *shares, f"{row['ns_besides']:.0f}", f"{row['ns_misses']:.0f}"]
    peaks = sorted({row["gflops_peak"] for row in rows.values()})
    yield origin(rows.values()) + f" Peak: {', '.join(f'{peak:.0f}' for peak in peaks)} GFLOP/s."

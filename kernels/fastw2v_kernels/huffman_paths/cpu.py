"""The paths from the root of a Huffman tree to its words, on the CPU. Several threads divide the words among them."""

from __future__ import annotations

from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels.shared.arguments import INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.threads import run_on_threads, threads_for

_STEPS_PER_THREAD = 100_000  # about 200 us


@jit_cpu
def _huffman_paths_cpu_kernel(thread: int, n_threads: int, tree: Int32, path_starts: Int64, path_steps: Int32) -> int:
    """Follow each path up from its word; return 1 if one has another length than path_starts says."""
    n_vocab = path_starts.shape[0] - 1
    for word in range(n_vocab * thread // n_threads, n_vocab * (thread + 1) // n_threads):
        first, at, step = path_starts[word], path_starts[word + 1], tree[word]
        if not 0 <= first <= at <= path_steps.shape[0]:
            return 1
        while step >= 0 and at > first and step < 2 * (n_vocab - 1):
            at -= 1
            path_steps[at] = step
            step = tree[n_vocab + (step >> 1)]
        if step >= 0 or at > first:
            return 1
    return 0


def huffman_paths_cpu(tree: Int32, path_starts: Int64, path_steps: Int32) -> None:
    """Do what `huffman_paths_reference` does."""
    check_axes("path_starts", path_starts, 1)
    check_read("path_starts", path_starts, path_starts.shape, dtype=INT64)
    if len(path_starts) < 2:
        raise ValueError(f"path_starts has {len(path_starts)} entries; expected one more than there are words")
    check_read("tree", tree, (2 * len(path_starts) - 3,), dtype=INT32)
    check_written("path_steps", path_steps, (int(path_starts[-1]),), dtype=INT32)
    n_threads = threads_for(len(path_steps), _STEPS_PER_THREAD)
    if run_on_threads(_huffman_paths_cpu_kernel, n_threads, tree, path_starts, path_steps):
        raise ValueError("tree is no Huffman tree whose paths have the lengths that path_starts says")

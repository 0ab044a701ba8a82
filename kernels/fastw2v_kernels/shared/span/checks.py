"""Checks that launchers over a span of tokens make before a kernel reads or writes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels.shared.arguments import FLOAT64, INT32, INT64, check_axes, check_read, check_written
from fastw2v_kernels.shared.array_types import Float32, Int32
from fastw2v_kernels.shared.span.inputs import NO_WEIGHTS, Matrices
from fastw2v_kernels.shared.span.paths import Paths

_COLUMNS = 16  # rows come in multiples of this many floats
MOST_BATCH_TOKENS = 1024


def check_weights(
    matrices: Matrices, tally: NDArray[Any], *, on_device: bool = False, output_name: str = "w_out"
) -> None:
    """Raise unless both matrices have the same shape, with padded rows, and the tally has three entries."""
    check = check_read if on_device else check_written  # an array of the GPU is never read-only
    check_axes("w_in", matrices.w_in, 2)
    check("w_in", matrices.w_in, matrices.w_in.shape)
    check(output_name, matrices.w_out, matrices.w_in.shape)
    check("tally", tally, (3,), dtype=FLOAT64)
    if matrices.w_in.shape[1] % _COLUMNS:
        raise ValueError(f"w_in has rows of {matrices.w_in.shape[1]} floats; expected a multiple of {_COLUMNS}")


def check_tokens(ids: NDArray[Any], starts: NDArray[Any], *, begin: int, end: int, on_device: bool = False) -> None:
    """Raise unless these are a corpus, and begin to end a span of its tokens.

    The ids are not looked at, which would cost a pass over them, and of the sentences' starts only the first and the
    last; on the GPU not even these, since the launch would wait for them.
    """
    check_axes("ids", ids, 1)
    check_axes("starts", starts, 1)
    check_read("ids", ids, ids.shape, dtype=INT32)
    check_read("starts", starts, starts.shape, dtype=INT64)
    if starts.shape[0] == 0 or (not on_device and (starts[0], starts[-1]) != (0, ids.shape[0])):
        raise ValueError(f"starts has {starts[:1]} to {starts[-1:]}; expected 0 to {ids.shape[0]}, the number of ids")
    if not 0 <= begin <= end <= ids.shape[0]:
        raise ValueError(
            f"the span is {begin} to {end}; expected 0 <= begin <= end <= {ids.shape[0]}, the number of tokens"
        )


def check_tables(n_vocab: int, *, keep: NDArray[Any], alias_prob: NDArray[Any], alias_id: NDArray[Any]) -> None:
    """Raise unless the tables have an entry for each row of the matrices."""
    check_keep(n_vocab, keep)
    check_read("alias_prob", alias_prob, (n_vocab,))
    check_read("alias_id", alias_id, (n_vocab,), dtype=INT32)


def check_keep(n_vocab: int, keep: NDArray[Any]) -> None:
    """Raise unless there is a probability for each row of the matrices."""
    check_read("keep", keep, (n_vocab,))


def check_paths(n_vocab: int, paths: Paths, *, on_device: bool = False) -> None:
    """Raise unless the paths are those of as many words; the steps are not looked at, as ids are not."""
    check_read("path_starts", paths.starts, (n_vocab + 1,), dtype=INT64)
    check_axes("path_steps", paths.steps, 1)
    n_steps = paths.steps.shape if on_device else (int(paths.starts[-1]),)
    check_read("path_steps", paths.steps, n_steps, dtype=INT32)


def checked_noise(
    n_vocab: int, alias_prob: Float32 | None, alias_id: Int32 | None, w_out: Float32 | None
) -> tuple[Float32, Int32, Float32]:
    """Check that a kernel with negatives is given what it draws them from and their rows, and return these."""
    if alias_prob is None or alias_id is None or w_out is None:
        raise TypeError("w_out, alias_prob or alias_id is None; with negative > 0 all of them are arrays")
    check_read("alias_prob", alias_prob, (n_vocab,))
    check_read("alias_id", alias_id, (n_vocab,), dtype=INT32)
    return alias_prob, alias_id, w_out


def checked_weights(centre_weight: Float32 | None, n_tokens: int, *, on_device: bool = False) -> Float32:
    """Check the weights of the tokens and return them; without any, return an array that stands for them.

    Only their type and length are checked: a look at the values would cost a pass over them for each span.
    """
    if centre_weight is None:
        return gpu.array_module().ones(1, np.float32) if on_device else NO_WEIGHTS
    check_read("centre_weight", centre_weight, (n_tokens,))
    return centre_weight


def check_batch(batch_tokens: int, n_tokens: int | None = None) -> None:
    """Raise unless a batch has at least one token, and no more than a pass over the corpus.

    Parameters
    ----------
    batch_tokens : int
        Tokens in a batch.
    n_tokens : int, optional
        Tokens for which the threads' shared memory was made.
    """
    if not 1 <= batch_tokens <= MOST_BATCH_TOKENS:
        raise ValueError(f"batch_tokens is {batch_tokens}; expected 1 to {MOST_BATCH_TOKENS:,}")
    if n_tokens is not None and n_tokens != batch_tokens:
        raise ValueError(f"batch_tokens is {batch_tokens}; expected {n_tokens}, for which the batch was made")

"""Rules that merge rows which several workers have trained apart, all from the same base.

Worker k begins a round with the rows `base` and ends it with ``replicas[k]``; its moves are the difference. What one
worker would have got from the text of all is not known. Each rule is a guess, row by row:

- The moves of a rare row come from different places of the text, and each is a few small steps. One worker would have
  made them all: their sum.
- The moves of a frequent row are the same, made several times: each worker has gone nearly all the way to the row's
  optimum. One worker would have gone that way once: their mean.

`merged_by_sum` and `merged_by_mean` are right for one kind of row; the others choose between the two.
"""

from __future__ import annotations

import numpy as np

from fastw2v.runtime.arrays import Array, FloatArray

_MOMENT_ROWS = 1 << 13


def merged_by_sum(base: FloatArray, replicas: FloatArray) -> FloatArray:
    """Add the moves of all workers.

    Parameters
    ----------
    base : float32[n_rows, stride]
        The rows at the begin of the round.
    replicas : float32[n_workers, n_rows, stride]
        The rows of each worker at its end.

    Returns
    -------
    float32[n_rows, stride]
        A new array.

    Raises
    ------
    ValueError
        The shapes do not fit each other, or there is no worker.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_sum
    >>> base = np.array([[1.0, 0.0]], np.float32)
    >>> merged_by_sum(base, np.array([[[1.5, 0.0]], [[1.0, 2.0]]], np.float32))
    array([[1.5, 2. ]], dtype=float32)
    """
    return np.asarray(base + _moves(base, replicas).sum(axis=0))


def merged_by_mean(base: FloatArray, replicas: FloatArray) -> FloatArray:
    """Return the mean of the workers' rows; parameters, result and errors as in `merged_by_sum`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_mean
    >>> base = np.array([[1.0, 0.0]], np.float32)
    >>> merged_by_mean(base, np.array([[[1.5, 0.0]], [[1.0, 2.0]]], np.float32))
    array([[1.25, 1.  ]], dtype=float32)
    """
    return np.asarray(base + _moves(base, replicas).mean(axis=0))


def merged_by_mean_of_touched(base: FloatArray, replicas: FloatArray) -> FloatArray:
    """Return the mean over the workers that have moved a row; parameters, result and errors as in `merged_by_sum`.

    A row that a single worker has moved gets the whole move. This is what Spark MLlib does.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_mean_of_touched
    >>> base = np.zeros((2, 1), np.float32)
    >>> merged_by_mean_of_touched(base, np.array([[[1.0], [2.0]], [[0.0], [4.0]]], np.float32))
    array([[1.],
           [3.]], dtype=float32)
    """
    moves = _moves(base, replicas)
    n_touched = moves.any(axis=2).sum(axis=0)
    return np.asarray(base + moves.sum(axis=0) / np.maximum(n_touched, 1).astype(base.dtype)[:, None])


def merged_by_projection(base: FloatArray, replicas: FloatArray) -> FloatArray:
    """Add of each worker's move what is orthogonal to the moves added before (model combiner).

    Equal moves count once, orthogonal ones add up. Parameters, result and errors as in `merged_by_sum`. The result
    depends on the order of the workers. Source: Maleki et al. 2019 (arXiv:1909.03359), equation of section 3.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_projection
    >>> base = np.zeros((2, 2), np.float32)
    >>> first, second = [[1.0, 0.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]
    >>> merged_by_projection(base, np.array([first, second], np.float32))
    array([[1., 0.],
           [1., 1.]], dtype=float32)
    """
    moves = _moves(base, replicas)
    total = moves[0]
    for move in moves[1:]:
        shared, length = (np.einsum("ij,ij->i", total, other) for other in (move, total))
        share = np.divide(shared, length, out=np.zeros_like(shared), where=length > 0)
        total = move + (1 - share)[:, None] * total
    return np.asarray(base + total)


def merged_by_contraction(base: FloatArray, replicas: FloatArray, exponents: Array) -> FloatArray:
    """Move each row by the mean of its moves times `summing_factor`: rare rows by the sum, frequent ones by the mean.

    Parameters
    ----------
    base, replicas
        As in `merged_by_sum`.
    exponents : float64[n_rows]
        Learning rate times curvature times the mean number of updates of the row by one worker in the round, at least
        0; see `summing_factor`.

    Returns
    -------
    float32[n_rows, stride]
        A new array.

    Raises
    ------
    ValueError
        The shapes do not fit each other, there is no worker, or an exponent is negative or no number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_contraction
    >>> base, replicas = np.zeros((2, 1), np.float32), np.ones((4, 2, 1), np.float32)
    >>> merged_by_contraction(base, replicas, np.array([0.0, 50.0]))
    array([[4.],
           [1.]], dtype=float32)
    """
    moves = _moves(base, replicas)
    if exponents.shape != base.shape[:1]:
        raise ValueError(f"exponents have shape {exponents.shape}; expected one for each of {len(base)} rows")
    factor = summing_factor(len(moves), exponents).astype(base.dtype)
    return np.asarray(base + factor[:, None] * moves.mean(axis=0))


def merged_by_directions(
    base: FloatArray, replicas: FloatArray, rates: Array, *, curvatures: Array, directions: Array
) -> FloatArray:
    """Move each row by the mean of its moves, each direction of it times its own `summing_factor`.

    A frequent row reaches its optimum soon along directions of large curvature, and only slowly along others. A single
    factor for the row is too long for the former or too short for the latter. `principal_curvatures` finds both.

    Parameters
    ----------
    base, replicas
        As in `merged_by_sum`.
    rates : float64[n_rows]
        Learning rate times the mean number of updates of the row by one worker in the round, at least 0.
    curvatures : float64[stride]
        Of the loss of one update along each direction, at least 0.
    directions : float64[stride, stride]
        Unit vectors, one in each column, orthogonal to each other.

    Returns
    -------
    float32[n_rows, stride]
        A new array.

    Raises
    ------
    ValueError
        The shapes do not fit each other, there is no worker, or a rate times a curvature is negative or no number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_by_directions
    >>> base, replicas = np.zeros((1, 2), np.float32), np.ones((4, 1, 2), np.float32)
    >>> flat_and_steep = {"curvatures": np.array([0.0, 50.0]), "directions": np.eye(2)}
    >>> merged_by_directions(base, replicas, np.array([1.0]), **flat_and_steep)
    array([[4., 1.]], dtype=float32)
    """
    moves = _moves(base, replicas)
    _check_directions(base, rates, curvatures=curvatures, directions=directions)
    turn, steep = directions.astype(base.dtype), curvatures.astype(base.dtype)
    factor = summing_factor(len(moves), rates.astype(base.dtype)[:, None] * steep)
    return np.asarray(base + (moves.mean(axis=0) @ turn * factor) @ turn.T)


def merged_in_turn(
    base: FloatArray, replicas: FloatArray, rates: Array, *, curvatures: Array, directions: Array
) -> FloatArray:
    """Let the moves of each worker follow those of the workers before it, as if one worker had made them all.

    Steps on a quadratic shrink what was moved before them by rho = exp(-rate * curvature), along each direction. So
    one worker that trains the texts one after the other ends at the sum of all moves, each times rho for every text
    that comes after it. On average that is `merged_by_directions`. But the mean of several workers has less noise than
    the rows of one, and here the noise is that of one.

    Parameters
    ----------
    base, rates, curvatures, directions
        As in `merged_by_directions`.
    replicas : float32[n_workers, n_rows, stride]
        The rows of each worker at its end; the last worker counts most.

    Returns
    -------
    float32[n_rows, stride]
        A new array.

    Raises
    ------
    ValueError
        The shapes do not fit each other, there is no worker, or a rate times a curvature is negative or no number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import merged_in_turn
    >>> base, replicas = np.zeros((1, 2), np.float32), np.array([[[1.0, 1.0]], [[1.0, 3.0]]], np.float32)
    >>> flat_and_steep = {"curvatures": np.array([0.0, 50.0]), "directions": np.eye(2)}
    >>> merged_in_turn(base, replicas, np.array([1.0]), **flat_and_steep)
    array([[2., 3.]], dtype=float32)
    """
    moves = _moves(base, replicas)
    _check_directions(base, rates, curvatures=curvatures, directions=directions)
    turn = directions.astype(base.dtype)
    shrinks = np.exp(-_checked_exponents(rates[:, None] * curvatures)).astype(base.dtype)
    total = moves[0] @ turn
    for move in moves[1:]:
        total *= shrinks
        total += move @ turn
    return np.asarray(base + total @ turn.T)


def _check_directions(base: FloatArray, rates: Array, *, curvatures: Array, directions: Array) -> None:
    stride = base.shape[1]
    if rates.shape != base.shape[:1] or curvatures.shape != (stride,) or directions.shape != (stride, stride):
        shapes = f"{rates.shape}, {curvatures.shape} and {directions.shape}"
        raise ValueError(
            f"rates, curvatures and directions have shapes {shapes}; expected ({len(base)},), ({stride},) and "
            f"({stride}, {stride})"
        )


def principal_curvatures(
    rows: FloatArray, shares: Array, slope: float = 0.25, *, mean_of: float = 1.0
) -> tuple[Array, Array]:
    """Return the curvature of the loss of one update along each direction, and the directions.

    An update of a row x by a row y of the other matrix has the loss -log sigmoid(+-x.y), whose second derivative is
    sigmoid'(x.y) y y^T. Over many updates that is, up to the mean of sigmoid', the second moment of the other rows.

    Parameters
    ----------
    rows : float32[n_rows, stride]
        The other matrix.
    shares : float64[n_rows]
        How often each of its rows occurs in an update, at least 0.
    slope : float
        Mean of sigmoid' over the updates; 0.25, the greatest, for scores near 0.
    mean_of : float >= 1
        Rows of which an update has the mean in place of y: the contexts of CBOW.

    Returns
    -------
    curvatures : float64[stride]
    directions : float64[stride, stride]
        In columns.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import principal_curvatures
    >>> curvatures, directions = principal_curvatures(np.array([[0.0, 2.0], [1.0, 0.0]]), np.array([0.5, 0.5]))
    >>> curvatures.tolist(), abs(directions).tolist()
    ([0.125, 0.5], [[1.0, 0.0], [0.0, 1.0]])
    """
    moment, total = np.zeros((rows.shape[1],) * 2), np.zeros(rows.shape[1])
    for first in range(0, len(rows), _MOMENT_ROWS):  # a copy of all rows may not fit the memory
        block = rows[first : first + _MOMENT_ROWS]
        weighted = block * shares[first : first + _MOMENT_ROWS, None].astype(rows.dtype)
        moment += block.T @ weighted
        total += weighted.sum(axis=0, dtype=np.float64)
    between = np.outer(total, total) / max(shares.sum(), np.finfo(np.float64).tiny)  # n times a product of two means
    moment = moment / mean_of + (1 - 1 / mean_of) * between
    curvatures, directions = np.linalg.eigh(slope * moment)
    return np.maximum(curvatures, 0), directions


def summing_factor(n_workers: int, exponents: Array) -> Array:
    """Return by how much the mean of the workers' moves is too short: from 1, a mean, to `n_workers`, a sum.

    Gradient steps with rate lr on a quadratic of curvature h shrink the distance to its optimum by rho = exp(-lr h n)
    in n steps. A worker goes 1 - rho of the way, and one that had made the steps of all 1 - rho**N, which is

        c = (1 - rho**N) / (1 - rho) = 1 + rho + ... + rho**(N - 1)

    times as far. Rows that are seldom updated have rho near 1 and c near N; others have rho near 0 and c near 1.

    Parameters
    ----------
    n_workers : int >= 1
        N.
    exponents : float64
        lr h n, at least 0; an array of any shape.

    Returns
    -------
    float64
        Of the same shape.

    Raises
    ------
    ValueError
        There is no worker, or an exponent is negative or no number.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.distributed import summing_factor
    >>> summing_factor(8, np.array([0.0, 0.1, 1.0, 10.0])).round(2).tolist()
    [8.0, 5.79, 1.58, 1.0]
    """
    if n_workers < 1:
        raise ValueError(f"n_workers is {n_workers}; expected at least 1")
    rho = np.exp(-_checked_exponents(exponents))
    total, power = np.ones_like(rho), rho  # 1 + rho + ... + rho**(n - 1), and rho**n, for a growing n
    for digit in f"{n_workers:b}"[1:]:
        total, power = total * (1 + power), power * power
        if digit == "1":
            total, power = total + power, power * rho
    return np.asarray(total)


def _checked_exponents(exponents: Array) -> Array:
    wrong = exponents[~(exponents >= 0)]
    if len(wrong):
        raise ValueError(f"an exponent is {wrong[0]}; expected learning rate times curvature times updates, >= 0")
    return exponents


def _moves(base: FloatArray, replicas: FloatArray) -> FloatArray:
    """Return what each worker has added to the base: float32[n_workers, n_rows, stride]."""
    if replicas.ndim != 3 or len(replicas) == 0 or replicas.shape[1:] != base.shape:
        raise ValueError(
            f"base has shape {base.shape} and replicas {replicas.shape}; expected (n_workers, n_rows, stride) with the "
            "rows of the base, of one worker at least"
        )
    return np.asarray(replicas - base)

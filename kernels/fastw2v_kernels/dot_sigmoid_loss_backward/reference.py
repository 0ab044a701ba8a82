"""Gradients of `dot_sigmoid_loss`, in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def dot_sigmoid_loss_backward_reference(
    w: NDArray[Any],
    h: NDArray[Any],
    targets: NDArray[np.integer[Any]],
    *,
    labels: NDArray[Any],
    probability: NDArray[Any],
    dout: float,
    stale_ids: NDArray[np.integer[Any]],
    dh: NDArray[Any],
    dw: NDArray[Any],
) -> None:
    """With d[b, t] = (probability - label) * dout / batch: gradients of the hidden vectors and of the targets' rows.

    The book's NegativeSamplingLoss, backward (Deep Learning from Scratch 2, sections 4.2.3 and 4.2.7). Its gradient of
    the cross entropy leaves out the 1e-7 of the forward step, and so does this one.

    Parameters
    ----------
    w, h, targets, labels, probability
        As `dot_sigmoid_loss` took and wrote them.
    dout : float
        Gradient of the loss, 1 for the last layer.
    stale_ids : int32 or int64[n_stale]
        Rows of dw that an earlier call added to; they are cleared first.
    dh : float32[batch, dim], written
        dh[b] = sum of d[b, t] * w[targets[b, t]] over t.
    dw : float32[n_rows, dim], changed in place
        dw[targets[b, t]] += d[b, t] * h[b] for every b and t: repeated rows accumulate.

    Raises
    ------
    IndexError
        An id is not a row, or it is negative on the CPU; the CPU then writes nothing.
    TypeError, ValueError
        A dtype, shape or memory order that does not fit.
    """
    d = (probability - labels) * w.dtype.type(dout / max(len(h), 1))
    dh[...] = np.einsum("bt,btd->bd", d, w[targets])
    dw[stale_ids] = 0
    np.add.at(dw, targets, d[:, :, None] * h[:, None])

"""What the CUDA launchers check before a kernel reads or writes: types and shapes. Ids are left to the kernel."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from fastw2v_kernels.shared.arguments import check_axes


def check_ids(name: str, ids: NDArray[Any], n_axes: int) -> None:
    """Raise unless these are integers with `n_axes` axes, row after row."""
    if ids.dtype.kind not in "iu":
        raise TypeError(f"{name} has dtype {ids.dtype}; expected integers, such as ids.astype(np.int64)")
    check_axes(name, ids, n_axes)
    if not ids.flags.c_contiguous:
        raise ValueError(f"{name} has strides {ids.strides}; expected C order: a contiguous copy of it")

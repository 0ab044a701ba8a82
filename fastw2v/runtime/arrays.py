"""The array types of the package: one name per dtype, for annotations.

``Array`` may hold any dtype; ``FloatArray`` is what kernels read and write; ``RowArray`` indexes the rows of a matrix;
``Ids`` are word ids as NumPy's own integers.
"""

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
FloatArray: TypeAlias = npt.NDArray[np.float32]
RowArray: TypeAlias = npt.NDArray[np.intp]
Ids: TypeAlias = npt.NDArray[np.int64]

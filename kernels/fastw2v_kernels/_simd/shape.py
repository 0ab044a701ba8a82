"""Sizes that a kernel is compiled for, carried by the type of an argument.

Every value of `Shape` has its own Numba type, in which `shape.n_tile` is a constant, 6 for instance. So a kernel is one
plain function. Numba compiles and caches it for each shape that it is called with, and LLVM unrolls its loops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace
from typing import Any

from numba.core import types
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import NativeValue, lower_getattr_generic, models, register_model, typeof_impl, unbox

from fastw2v_kernels._simd.ir import LANES, intrinsic

HALF_LANES = LANES // 2  # the scores of two rows share one vector


@dataclass(frozen=True)
class Shape:
    """Compile-time sizes of a negative-sampling kernel.

    Parameters
    ----------
    n_vectors : int
        Vectors in a row of the weight matrices.
    n_tile : int
        Target rows that are in registers together, at most LANES; at most HALF_LANES where two input rows share a
        vector of scores.
    n_tiles : int
        Tiles that hold the target rows: the positive, the negatives, and the filling of the last tile.
    with_loss : bool
        Whether the loss is tallied.
    share_negatives : bool
        Whether all examples of a centre have the same negatives.
    one_step : bool
        Whether all contexts of a centre make one gradient step on a path, or with subwords; else every two of them do.
    n_strip : int
        Vectors of a row that are in registers together.
    with_rates : bool
        Whether each input row has a factor for its moves.
    moves_rows : bool
        False: score, and sum up the loss, without a write to a row.
    with_weights : bool
        Whether each token has a factor for the learning rate at which it is trained as a centre.
    n_small_tile, n_small_strip : int
        `n_tile` and `n_strip` of a second kind of tiles, where the number of target rows differs from step to step.
    """

    n_vectors: int
    n_tile: int
    n_tiles: int
    with_loss: bool
    share_negatives: bool = True
    one_step: bool = True
    n_strip: int = 1
    with_rates: bool = False
    moves_rows: bool = True
    with_weights: bool = False
    n_small_tile: int = 1
    n_small_strip: int = 1

    @classmethod
    def of(
        cls, stride: int, n_targets: int, with_loss: bool, share_negatives: bool = True, *, most: int = HALF_LANES
    ) -> Shape:
        """Shape for rows of `stride` floats and `n_targets` = 1 + negatives rows, spread evenly over tiles of `most`.

        If a tile has more rows than HALF_LANES, a vector holds the scores of one input row, not of two.
        """
        n_tiles = -(-n_targets // most)
        return cls(stride // LANES, -(-n_targets // n_tiles), n_tiles, with_loss, share_negatives)


class ShapeType(types.Type):  # type: ignore[misc]
    """Numba's type of a Shape: one type per value."""

    names = frozenset(field.name for field in fields(Shape))

    def __init__(self, shape: Shape) -> None:
        self.shape = shape
        super().__init__(name=f"Shape{astuple(shape)}")


register_model(ShapeType)(models.OpaqueModel)


@typeof_impl.register(Shape)
def _typeof_shape(shape: Shape, _context: object) -> ShapeType:
    return ShapeType(shape)


@unbox(ShapeType)
def _unbox_shape(_ty: ShapeType, _obj: Any, context: Any) -> NativeValue:
    return NativeValue(context.context.get_constant_null(_ty))


def _type_of(ty: ShapeType, name: str) -> types.Type:
    return types.boolean if isinstance(getattr(ty.shape, name), bool) else types.int64


@infer_getattr
class _Constants(AttributeTemplate):  # type: ignore[misc]
    key = ShapeType

    def generic_resolve(self, ty: ShapeType, name: str) -> types.Type | None:  # type: ignore[override]
        return _type_of(ty, name) if name in ShapeType.names else None


@lower_getattr_generic(ShapeType)  # type: ignore[untyped-decorator]
def _constant(context: Any, _builder: Any, ty: ShapeType, _value: Any, name: str) -> Any:
    return context.get_constant(_type_of(ty, name), getattr(ty.shape, name))


def _reshaped(change: Callable[[Shape], Shape]) -> Any:
    """Return a function for kernels that gives a changed Shape."""

    @intrinsic
    def other(_typing: Any, shape: Any) -> Any:
        ty = ShapeType(change(shape.shape))
        return ty(shape), lambda context, builder, sig, args: context.get_constant_null(ty)

    return other


tail = _reshaped(lambda shape: replace(shape, n_strip=shape.n_vectors % shape.n_strip))  # what whole strips leave
whole_row = _reshaped(lambda shape: replace(shape, n_strip=shape.n_vectors))
single = _reshaped(lambda shape: replace(shape, n_strip=1))
small_tile = _reshaped(lambda shape: replace(shape, n_tile=shape.n_small_tile, n_strip=shape.n_small_strip))

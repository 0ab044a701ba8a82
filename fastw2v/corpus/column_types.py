"""What the columns of a table may hold: each type is read in one way, or refused with the cure."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.corpus.columns import is_list, is_text, pyarrow_module


def read_as(given: Any, name: str) -> Any:  # noqa: ANN401
    """Return the type to read sentences as: string, or large lists of string or of int64; TypeError for another."""
    arrow, types = pyarrow_module(), pyarrow_module().types
    if is_text(given):
        return arrow.string()
    if is_list(given):
        words = _without_categories(given.value_type)
        if is_text(words) or types.is_null(words):  # null: of empty lists alone
            return arrow.large_list(arrow.string())
        if types.is_integer(words):
            return arrow.large_list(arrow.int64())
    cure = "pass a column of lists of str or of integers, or of text; or group and items of a long table"
    inside = given.value_type if is_list(given) else given
    is_understood = types.is_nested(inside) or types.is_integer(inside)
    raise TypeError(f"column {name!r} holds {given}; {cure}{'' if is_understood else _conversion(inside)}")


def check_items(given: Any, name: str) -> None:  # noqa: ANN401
    """Raise TypeError unless a column holds a word or an id in each row."""
    types, inside = pyarrow_module().types, _without_categories(given)
    if not (is_text(inside) or types.is_integer(inside) or types.is_null(inside)):
        cure = "pass a column of str or of integers"
        if is_list(inside):
            cure += "; a column of lists is passed as column="
        raise TypeError(
            f"column {name!r} holds {given}; {cure}{'' if types.is_nested(inside) else _conversion(inside)}"
        )


def check_sort_key(given: Any, name: str) -> None:  # noqa: ANN401
    """Raise TypeError unless a column holds numbers, text, times or bytes."""
    types = pyarrow_module().types
    inside = _without_categories(given)
    inside = inside.storage_type if isinstance(inside, pyarrow_module().BaseExtensionType) else inside
    is_number = types.is_primitive(inside) or types.is_decimal(inside) or types.is_null(inside)
    has_order = is_number or is_text(inside) or _is_bytes(inside)
    if not has_order or types.is_interval(inside):
        raise TypeError(f"column {name!r} holds {given}, which has no order; pass one of numbers, text or times")


def check_weights(given: Any, name: str) -> None:  # noqa: ANN401
    """Raise TypeError unless a column holds numbers."""
    types, inside = pyarrow_module().types, _without_categories(given)
    is_number = types.is_integer(inside) or types.is_floating(inside) or types.is_decimal(inside)
    if not (is_number or types.is_null(inside)):
        cure = f"expected numbers as weights: frame[{name!r}].astype(float)"
        raise TypeError(f"column {name!r} holds {given}; {cure}")


def numbers_of(column: Any) -> np.ndarray:  # noqa: ANN401
    """Return the numbers of a column that `check_weights` let through, without missing values."""
    types = pyarrow_module().types
    if types.is_decimal(column.type) or types.is_null(column.type):
        column = column.cast(pyarrow_module().float64())
    return np.asarray(column.to_numpy(zero_copy_only=False))


def sortable_column(column: Any) -> Any:  # noqa: ANN401
    """Return a column in types that Arrow sorts and takes values of."""
    arrow = pyarrow_module()
    column = column.dictionary_decode() if arrow.types.is_dictionary(column.type) else column
    column = column.storage if isinstance(column, arrow.ExtensionArray) else column
    for is_kind, target in (
        (is_text, arrow.large_string()),
        (arrow.types.is_binary_view, arrow.large_binary()),
        (arrow.types.is_float16, arrow.float32()),
    ):
        if is_kind(column.type):
            return column.cast(target)
    return column


def refuse_missing(column: Any, name: str, first_row: int = 0) -> None:  # noqa: ANN401
    """Raise ValueError if values are missing; NaN is one.

    Parameters
    ----------
    column : pyarrow.Array
    name : str
    first_row : int
        The row of the table that the column begins with, for the message.
    """
    missing = pyarrow_module().compute.is_null(column, nan_is_null=True).to_numpy(zero_copy_only=False)
    if missing.any():
        row, cure = int(np.flatnonzero(missing)[0]) + first_row, "drop such rows before, or fill them in"
        lacks = f"lacks {missing.sum()} values in rows {first_row} to {first_row + len(missing) - 1}"
        raise ValueError(f"column {name!r} {lacks}, the first in row {row}; {cure}")


def _without_categories(given: Any) -> Any:  # noqa: ANN401
    return given.value_type if pyarrow_module().types.is_dictionary(given) else given


def _conversion(given: Any) -> str:  # noqa: ANN401
    """Return how to make words or ids of another type."""
    types = pyarrow_module().types
    if types.is_floating(given):
        return '; convert the items by astype("int64")'
    return "; decode the bytes" if _is_bytes(given) else "; convert the items by astype(str)"


def _is_bytes(given: Any) -> bool:  # noqa: ANN401
    types = pyarrow_module().types
    has_any_size = types.is_binary(given) or types.is_large_binary(given) or types.is_binary_view(given)
    return bool(has_any_size or types.is_fixed_size_binary(given))

"""Columns of Arrow in fewer types, for what reads them: without views, runs and extensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from fastw2v.runtime.packages import optional_module


def pyarrow_module() -> Any:  # noqa: ANN401 - a module that the type checker may not have
    """Return pyarrow with its functions; ImportError with the cure if it is not installed."""
    optional_module("pyarrow.compute", package="pyarrow", purpose="tables")
    return optional_module("pyarrow", package="pyarrow", purpose="tables")


def is_text(given: Any) -> bool:  # noqa: ANN401
    """Whether this is one of Arrow's types of text."""
    types = pyarrow_module().types
    return bool(types.is_string(given) or types.is_large_string(given) or types.is_string_view(given))


def is_list_view(given: Any) -> bool:  # noqa: ANN401
    """Whether this is a type of lists that may lie anywhere among the items."""
    types = pyarrow_module().types
    return bool(types.is_list_view(given) or types.is_large_list_view(given))


def is_list(given: Any) -> bool:  # noqa: ANN401
    """Whether this is one of Arrow's types of lists; a map is none."""
    types = pyarrow_module().types
    is_plain = types.is_list(given) or types.is_large_list(given) or types.is_fixed_size_list(given)
    return bool(is_plain or is_list_view(given))


def plain_batch(batch: Any) -> Any:  # noqa: ANN401
    """Return a record batch whose columns are those of `plain_column`."""
    columns = [plain_column(column) for column in batch.columns]
    return pyarrow_module().record_batch(columns, names=batch.schema.names)


def plain_column(column: Any) -> Any:  # noqa: ANN401
    """Return a column in types that Arrow computes on; the column itself if it is in one.

    Extensions of text become text, runs become categories, categories that are lists become list views, and text in
    categories and list views is no view.
    """
    arrow, types = pyarrow_module(), pyarrow_module().types
    kind = column.type
    if isinstance(column, arrow.ExtensionArray):
        return plain_column(column.storage) if is_text(kind.storage_type) else column
    if types.is_run_end_encoded(kind):
        return plain_column(_categories_of_runs(column))
    if types.is_dictionary(kind):
        return _plain_categories(column)
    return _plain_lists(column) if is_list(kind) else column


def lists_of_views(rows: Any) -> Any:  # noqa: ANN401
    """Return list views as large lists of the same rows. pyarrow's own cast mixes them up.

    Raises
    ------
    pyarrow.ArrowIndexError
        A list leads outside the items.
    """
    is_missing = rows.is_null().to_numpy(zero_copy_only=False)
    sizes = np.where(is_missing, 0, rows.sizes.to_numpy(zero_copy_only=False)).astype(np.int64)
    starts = np.concatenate([[0], np.cumsum(sizes)])
    moves = rows.offsets.to_numpy(zero_copy_only=False).astype(np.int64) - starts[:-1]
    items = rows.values.take(pyarrow_module().array(np.arange(starts[-1]) + np.repeat(moves, sizes)))
    return pyarrow_module().LargeListArray.from_arrays(starts, items, mask=pyarrow_module().array(is_missing))


def _categories_of_runs(column: Any) -> Any:  # noqa: ANN401
    """Return a column of runs as categories: the number of its run for each row."""
    rows = np.arange(column.offset, column.offset + len(column))
    runs = np.searchsorted(column.run_ends.to_numpy(), rows, side="right")
    return pyarrow_module().DictionaryArray.from_arrays(runs, column.values)


def _plain_categories(column: Any) -> Any:  # noqa: ANN401
    arrow = pyarrow_module()
    given = column.dictionary
    values = _no_text_view(plain_column(given))
    if arrow.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if is_list(values.type):
        return _views_of_categories(column.indices, values)
    return column if values is given else arrow.DictionaryArray.from_arrays(column.indices, values)


def _views_of_categories(indices: Any, lists: Any) -> Any:  # noqa: ANN401
    """Return rows that are some of few lists as list views, so that no list is copied for each row."""
    arrow, compute = pyarrow_module(), pyarrow_module().compute
    if len(lists) == 0:
        return arrow.nulls(len(indices), lists.type)
    lists = lists_of_views(lists) if is_list_view(lists.type) else lists.cast(arrow.large_list(lists.type.value_type))
    is_missing = compute.invert(lists.is_valid().take(indices).fill_null(False))
    rows, sizes = indices.fill_null(0), compute.list_value_length(lists).fill_null(0)
    shape = lists.offsets[:-1].take(rows), sizes.take(rows), lists.values
    return plain_column(arrow.LargeListViewArray.from_arrays(*shape, mask=is_missing))


def _plain_lists(column: Any) -> Any:  # noqa: ANN401
    """Return lists whose items are a plain column; lists in lists, which nothing reads, as they are."""
    arrow, types, kind = pyarrow_module(), pyarrow_module().types, column.type
    given = column.values
    if types.is_nested(given.type) and not types.is_run_end_encoded(given.type):
        return column
    items = plain_column(given)
    items = _no_text_view(items) if is_list_view(kind) else items
    if items is given:
        return column
    if types.is_fixed_size_list(kind):
        first, size = column.offset * kind.list_size, len(column) * kind.list_size
        return arrow.FixedSizeListArray.from_arrays(items[first : first + size], kind.list_size, mask=column.is_null())
    if is_list_view(kind):
        shape = (arrow.array(numbers.to_numpy(zero_copy_only=False)) for numbers in (column.offsets, column.sizes))
        return type(column).from_arrays(*shape, items, mask=column.is_null())
    kind = (arrow.list_ if types.is_list(kind) else arrow.large_list)(items.type)
    return arrow.Array.from_buffers(kind, len(column), column.buffers()[:2], offset=column.offset, children=[items])


def _no_text_view(column: Any) -> Any:  # noqa: ANN401
    """Return text that Arrow takes values of."""
    is_view = pyarrow_module().types.is_string_view(column.type)
    return column.cast(pyarrow_module().large_string()) if is_view else column

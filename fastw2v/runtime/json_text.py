"""JSON that every reader takes: numbers that are not finite, which JSON does not have, become null."""

from __future__ import annotations

import json
import math
from typing import Any


def json_text(content: Any, *, indent: int | None = None) -> str:  # noqa: ANN401
    """Return `content` (dicts, lists, tuples, strings, numbers) as JSON.

    Examples
    --------
    >>> json_text({"loss": [2.5, float("nan")]})
    '{"loss": [2.5, null]}'
    """
    return json.dumps(_finite(content), indent=indent, allow_nan=False)


def _finite(content: Any) -> Any:  # noqa: ANN401
    if isinstance(content, dict):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content

"""The rules under names."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeAlias

from fastw2v.distributed import (
    merged_by_contraction,
    merged_by_directions,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
    merged_in_turn,
)
from fastw2v.distributed.updates import Curvature
from fastw2v.runtime.arrays import Array, FloatArray


class Steps(NamedTuple):
    """What is known of the steps of a round: learning rate times updates for each row, float64[n_rows]; curvature."""

    rates: Array
    curvature: Curvature | None


Merge: TypeAlias = Callable[[FloatArray, FloatArray, Steps], FloatArray]
"""``merge(base, replicas, steps)``"""

FIXED = {
    "sum": merged_by_sum,
    "mean": merged_by_mean,
    "mean of touched": merged_by_mean_of_touched,
    "projection": merged_by_projection,
}
CONTRACTION, DIRECTIONS, IN_TURN = "contraction", "directions", "in turn"
BY_CURVATURE = {DIRECTIONS: merged_by_directions, IN_TURN: merged_in_turn}  # of the round


def rule_of(name: str) -> tuple[Merge, Merge]:
    """Return the rule of input and of output rows.

    "contraction 0.1 0.3" has the curvatures of both behind it; "directions" and "in turn" may have two factors, by
    which the curvatures that are found are multiplied.
    """
    kind = next((known for known in (CONTRACTION, *BY_CURVATURE) if name.startswith(known)), name)
    numbers = name.removeprefix(kind).split()
    if (kind == CONTRACTION and len(numbers) == 2) or (kind in BY_CURVATURE and len(numbers) in (0, 2)):
        first, second = map(float, numbers or (1, 1))
        made = _contraction if kind == CONTRACTION else partial(_by_curvature, BY_CURVATURE[kind])
        return made(first), made(second)
    if name not in FIXED:
        known = ", ".join((*FIXED, *BY_CURVATURE))
        expected = f'{known}, or "{CONTRACTION}" and the curvatures of input and output rows'
        raise ValueError(f"the rule is {name!r}; expected {expected}")
    return (lambda base, replicas, steps: FIXED[name](base, replicas),) * 2


def _contraction(known: float) -> Merge:
    return lambda base, replicas, steps: merged_by_contraction(base, replicas, known * steps.rates)


def _by_curvature(rule: Callable[..., FloatArray], factor: float) -> Merge:
    def merge(base: FloatArray, replicas: FloatArray, steps: Steps) -> FloatArray:
        if steps.curvature is None:
            raise ValueError("the curvature is None; expected that of the round")
        curvatures, directions = steps.curvature
        return rule(base, replicas, factor * steps.rates, curvatures=curvatures, directions=directions)

    return merge

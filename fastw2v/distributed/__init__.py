"""Training on several machines: rules that merge the weights of replicas trained apart."""

from fastw2v.distributed.merging import (
    merged_by_contraction,
    merged_by_directions,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
    principal_curvatures,
    summing_factor,
)

__all__ = [
    "merged_by_contraction",
    "merged_by_directions",
    "merged_by_mean",
    "merged_by_mean_of_touched",
    "merged_by_projection",
    "merged_by_sum",
    "principal_curvatures",
    "summing_factor",
]

"""Training on several machines, on Ray, and the rules that merge the weights of replicas trained apart.

Importing this imports no Ray.
"""

from fastw2v.cluster import Cluster
from fastw2v.distributed.driver import ClusterReport
from fastw2v.distributed.merging import (
    merged_by_contraction,
    merged_by_directions,
    merged_by_mean,
    merged_by_mean_of_touched,
    merged_by_projection,
    merged_by_sum,
    merged_in_turn,
    principal_curvatures,
    summing_factor,
)
from fastw2v.distributed.shards import ClusterCorpus, cluster_corpus
from fastw2v.distributed.training import Trained, as_cluster, train
from fastw2v.distributed.transport import NoWorkerLeftError

__all__ = [
    "Cluster",
    "ClusterCorpus",
    "ClusterReport",
    "NoWorkerLeftError",
    "Trained",
    "as_cluster",
    "cluster_corpus",
    "merged_by_contraction",
    "merged_by_directions",
    "merged_by_mean",
    "merged_by_mean_of_touched",
    "merged_by_projection",
    "merged_by_sum",
    "merged_in_turn",
    "principal_curvatures",
    "summing_factor",
    "train",
]

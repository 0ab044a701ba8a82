"""Vectors of a graph's nodes (node2vec): predict edges that were left out, and the groups of nodes from a few labels.

The first graph is Zachary's karate club (1977), which split in two: around the instructor (0) and around the president
(33). The second is made here, of any size: groups of 50 nodes, most edges inside them. ``main(200_000)`` makes it as
large as the graphs that node2vec is used for.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v import KeyedVectors
from fastw2v.evaluation import link_prediction
from fastw2v.graph import Node2Vec

Ints = npt.NDArray[np.int64]
GROUP_SIZE = 50
# For each member the friends with a higher number; and those who stayed with the instructor.
FRIENDS = """1 2 3 4 5 6 7 8 10 11 12 13 17 19 21 31,2 3 7 13 17 19 21 30,3 7 8 9 13 27 28 32,7 12 13,6 10,6 10 16,16,,
30 32 33,33,,,,33,32 33,32 33,,,32 33,33,32 33,,32 33,25 27 29 32 33,25 27 31,31,29 33,33,31 33,32 33,32 33,32 33,33"""
WITH_INSTRUCTOR = [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 16, 17, 19, 21]


def karate_club() -> Ints:
    """Return the edges, integer[78, 2]."""
    return np.array([(a, int(b)) for a, friends in enumerate(FRIENDS.split(",")) for b in friends.split()])


def some_graph(n_nodes: int, rng: np.random.Generator) -> Ints:
    """Return edges of groups, integer[n_edges, 2]: six for each node, four of five of them inside its group."""
    source = np.repeat(np.arange(n_nodes), 6)
    inside = source // GROUP_SIZE * GROUP_SIZE + rng.integers(GROUP_SIZE, size=len(source))
    target = np.where(rng.random(len(source)) < 0.8, inside, rng.integers(n_nodes, size=len(source)))
    edges = np.sort(np.stack([source, target], axis=1), axis=1)
    return np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0)


def split_club() -> float:
    """Give each member of the club to the nearer of the two leaders; return the share that went to this one."""
    wv = Node2Vec(karate_club(), dimensions=16, walk_length=20, num_walks=50).fit().wv
    instructor, president = wv.distances(0), wv.distances(33)
    stays = np.isin(wv.index_to_key, WITH_INSTRUCTOR)
    return float(np.mean((instructor < president) == stays))


def main(n_nodes: int = 5_000) -> None:
    """Train on both graphs."""
    print(f"members of the club on the right side: {split_club():.2f}")

    rng = np.random.default_rng(1)
    edges = some_graph(n_nodes, rng)
    is_held_out = rng.random(len(edges)) < 0.1
    wv = Node2Vec(edges[~is_held_out], dimensions=64, walk_length=40, num_walks=10).fit(window=5, epochs=1).wv
    found = link_prediction(wv, edges[is_held_out], known_edges=edges[~is_held_out])
    print(f"AUC of {found.n_positive} edges left out: {found.auc:.2f}")

    group, units = np.array(wv.index_to_key) // GROUP_SIZE, wv.get_normed_vectors()
    is_labelled = rng.random(len(group)) < 0.2
    centres = np.zeros((group.max() + 1, wv.vector_size), np.float32)
    np.add.at(centres, group[is_labelled], units[is_labelled])
    nearest = KeyedVectors(range(len(centres)), centres).most_similar_batch(units[~is_labelled], topn=1)
    right = [found[0][0] == truth for found, truth in zip(nearest, group[~is_labelled])]
    print(f"groups of the nodes without a label: {np.mean(right):.2f}")


if __name__ == "__main__":
    main()

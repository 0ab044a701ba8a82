"""Walks and node vectors of a generated graph, beside PecanPy with gensim and the node2vec package.

`python -m benchmarks.studies.node2vec --peers PYTHON` needs an interpreter with `pip install pecanpy node2vec`. The
graph has communities and popular nodes. A twentieth of its edges is held out; the vectors are scored by the area under
the ROC curve of the cosine between the ends of these edges, against as many random pairs that are no edges.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

COMMUNITY = 200  # nodes
INSIDE = 0.8  # share of edges within a community
HELD_OUT = 0.05
SIZES = {"large": (200_000, 1_200_000), "small": (10_000, 60_000)}

COMMON = """
import json, resource, sys, time
import numpy as np
path, out, p, q, num_walks, epochs, workers = sys.argv[1:]
p, q, num_walks, epochs, workers = float(p), float(q), int(num_walks), int(epochs), int(workers)
data = np.load(path)
edges, n_nodes = data["train"], int(data["n_nodes"])
OPTIONS = {"window": 10, "sg": 1, "negative": 5, "min_count": 1, "epochs": epochs, "workers": workers, "seed": 1}
seconds, cpu = {}, {}
class timed:
    def __init__(self, name): self.name = name
    def __enter__(self): self.began = time.perf_counter(), time.process_time()
    def __exit__(self, *_):
        seconds[self.name] = time.perf_counter() - self.began[0]
        cpu[self.name] = time.process_time() - self.began[1]
def finish(vectors=None, n_steps=0):
    if vectors is not None: np.save(out, vectors)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak, "steps": n_steps}))
"""

FASTW2V = """
from fastw2v.graph import Graph, Node2Vec
def made(edges, num_walks=num_walks):
    nodes = np.arange(n_nodes)
    weights = np.append(np.ones(len(edges)), 0 * nodes)  # so nodes without an edge are there too
    graph = Graph.from_edges(np.append(edges[:, 0], nodes), np.append(edges[:, 1], nodes), weights)
    return Node2Vec(graph, dimensions=128, walk_length=80, num_walks=num_walks, p=p, q=q, workers=workers)
small = made(edges[:500], 1)
"""
FASTW2V_WALKS = (
    FASTW2V
    + """
small.walks()
node2vec = made(edges)
with timed("walks"): ids, starts = node2vec.walks()
finish(n_steps=len(ids))
"""
)
FASTW2V_WHOLE = (
    FASTW2V
    + """
small.fit(**OPTIONS)
with timed("graph"): node2vec = made(edges)
with timed("fit"): model = node2vec.fit(**OPTIONS)
finish(model.wv.vectors, model.report.raw_words)
"""
)

PECANPY = """
from pecanpy import pecanpy
def made(edges, n_nodes):
    both = np.concatenate([edges, edges[:, ::-1]])
    both = both[np.lexsort((both[:, 1], both[:, 0]))]
    graph = pecanpy.SparseOTF(p=p, q=q, workers=workers, verbose=False)
    graph.set_node_ids([str(node) for node in range(n_nodes)])
    graph.indptr = np.append(0, np.cumsum(np.bincount(both[:, 0], minlength=n_nodes))).astype(np.uint32)
    graph.indices, graph.data = both[:, 1].astype(np.uint32), np.ones(len(both), np.float32)
    graph.preprocess_transition_probs()
    return graph
made(edges[:500] % 100, 100).simulate_walks(1, 80)
"""
PECANPY_WALKS = (
    PECANPY
    + """
graph = made(edges, n_nodes)
with timed("walks"): walks = graph.simulate_walks(num_walks, 80)
finish(n_steps=sum(map(len, walks)))
"""
)
PECANPY_WHOLE = (
    PECANPY
    + """
from gensim.models import Word2Vec
with timed("graph"): graph = made(edges, n_nodes)
with timed("walks"): walks = graph.simulate_walks(num_walks, 80)
with timed("fit"): model = Word2Vec(walks, vector_size=128, **OPTIONS)
finish(model.wv[[str(node) for node in range(n_nodes)]], sum(map(len, walks)))
"""
)
NODE2VEC_WHOLE = """
import networkx
from node2vec import Node2Vec
with timed("graph"):
    graph = networkx.Graph()
    graph.add_nodes_from(range(n_nodes))
    graph.add_edges_from(edges.tolist())
options = {"num_walks": num_walks, "p": p, "q": q, "workers": workers, "quiet": True}
with timed("walks"): node2vec = Node2Vec(graph, dimensions=128, walk_length=80, **options)
with timed("fit"): model = node2vec.fit(**OPTIONS)
finish(model.wv[[str(node) for node in range(n_nodes)]])
"""
PROGRAMS = {
    ("fastw2v", "walks"): FASTW2V_WALKS,
    ("PecanPy", "walks"): PECANPY_WALKS,
    ("fastw2v", "whole"): FASTW2V_WHOLE,
    ("PecanPy", "whole"): PECANPY_WHOLE,
    ("node2vec", "whole"): NODE2VEC_WHOLE,
}


def community_graph(n_nodes: int, n_edges: int, seed: int = 0) -> np.ndarray:
    """Return distinct edges, int64[n_edges, 2], mostly within communities, with ends drawn by Pareto's law."""
    rng = np.random.default_rng(seed)
    total = np.cumsum(rng.pareto(2.0, n_nodes) + 0.3)
    n_drawn = int(n_edges * 1.3)
    source = np.searchsorted(total, rng.random(n_drawn) * total[-1])
    first = source // COMMUNITY * COMMUNITY
    low = np.where(first > 0, total[first - 1], 0.0)
    high = np.where(rng.random(n_drawn) < INSIDE, total[np.minimum(first + COMMUNITY, n_nodes) - 1], total[-1])
    low = np.where(high == total[-1], 0.0, low)
    target = np.minimum(np.searchsorted(total, low + rng.random(n_drawn) * (high - low)), n_nodes - 1)
    edges = np.unique(np.sort(np.stack([source, target], axis=1), axis=1), axis=0)
    edges = rng.permutation(edges[edges[:, 0] != edges[:, 1]])[:n_edges]
    return rng.permutation(n_nodes)[edges]  # numbers tell nothing of communities


def split(edges: np.ndarray, n_nodes: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return edges to train on, edges held out, and as many pairs that are no edges."""
    rng = np.random.default_rng(seed)
    n_out = int(len(edges) * HELD_OUT)
    known = np.sort(edges.min(axis=1) * n_nodes + edges.max(axis=1))
    pairs = np.sort(rng.integers(0, n_nodes, (2 * n_out, 2)), axis=1)
    places = pairs[:, 0] * n_nodes + pairs[:, 1]
    is_edge = known[np.minimum(np.searchsorted(known, places), len(known) - 1)] == places
    return edges[n_out:], edges[:n_out], pairs[~is_edge & (pairs[:, 0] != pairs[:, 1])][:n_out]


def auc(vectors: np.ndarray, edges: np.ndarray, others: np.ndarray) -> float:
    """Return the probability that an edge has a larger cosine than another pair."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    scores = np.concatenate([(unit[pairs[:, 0]] * unit[pairs[:, 1]]).sum(axis=1) for pairs in (edges, others)])
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    n = len(edges)
    return float((ranks[:n].sum() - n * (n + 1) / 2) / (n * len(others)))


def run(python: str, program: str, *arguments: object) -> dict[str, dict[str, float]]:
    """Run a program on its own, and return what it measured."""
    command = [python, "-W", "ignore", "-c", COMMON + program, *map(str, arguments)]
    return dict(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", metavar="PYTHON", help="interpreter with pecanpy and node2vec")
    parser.add_argument("--what", default="walks", choices=["walks", "whole"])
    parser.add_argument("--size", default="large", choices=SIZES)
    parser.add_argument("--programs", nargs="+", default=["fastw2v", "PecanPy"])
    parser.add_argument("--p", type=float, default=1.0)
    parser.add_argument("--q", type=float, default=0.5)
    parser.add_argument("--num-walks", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=1)
    chosen = parser.parse_args()
    n_nodes, n_edges = SIZES[chosen.size]
    with tempfile.TemporaryDirectory() as folder:
        graph, vectors = Path(folder) / "graph.npz", Path(folder) / "vectors.npy"
        train, held_out, others = split(community_graph(n_nodes, n_edges), n_nodes)
        np.savez(graph, train=train, n_nodes=n_nodes)
        for _ in range(chosen.rounds):
            for workers in chosen.workers:
                for name in chosen.programs:
                    python = sys.executable if name == "fastw2v" else chosen.peers
                    options = chosen.p, chosen.q, chosen.num_walks, chosen.epochs, workers
                    found = run(python, PROGRAMS[name, chosen.what], graph, vectors, *options)
                    score = f", AUC {auc(np.load(vectors), held_out, others):.4f}" if chosen.what == "whole" else ""
                    seconds, cpu = (sum(found[key].values()) for key in ("seconds", "cpu"))
                    phases = ", ".join(f"{phase} {took:.1f} s" for phase, took in found["seconds"].items())
                    print(
                        f"{name}, {workers} threads: {seconds:.1f} s ({phases}), {cpu:.1f} s of CPU, "
                        f"{found['peak'] / 1e6:.0f} MB, {found['steps']} steps{score}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()

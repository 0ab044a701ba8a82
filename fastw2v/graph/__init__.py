"""Graphs: vectors of nodes from random walks, under the names of the node2vec package."""

from fastw2v.graph.csr import Graph
from fastw2v.graph.edge_files import read_edges
from fastw2v.graph.inputs import as_graph
from fastw2v.graph.node2vec import Node2Vec

__all__ = ["Graph", "Node2Vec", "as_graph", "read_edges"]

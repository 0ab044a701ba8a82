"""Node2Vec: vectors of a graph's nodes, under the names of the node2vec package."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable
from os import PathLike
from typing import Any, Unpack

import numpy as np

from fastw2v.callbacks import Callbacks
from fastw2v.config import number
from fastw2v.encode import Tokens
from fastw2v.graph.inputs import as_graph
from fastw2v.graph.walks import Walks, WalkTokens
from fastw2v.model import Word2Vec
from fastw2v.options import TrainOptions, drawn_seed, spell_out_options
from fastw2v.runtime.devices import is_cuda
from fastw2v.runtime.progress import Progress
from fastw2v.vocab import Vocab
from fastw2v_kernels.shared.threads import available_cores

logger = logging.getLogger("fastw2v")
_OF_WORDS = ("max_vocab_size", "max_final_vocab", "sorted_vocab", "null_word")
_FIRST_ROWS = 2.0  # as large as gensim's, for rows that are trained few times; kernels/README.md has the figures


class Node2Vec:
    """Random walks on a graph, and skip-gram on them (Grover and Leskovec 2016, "node2vec").

    The parameters up to `seed` are those of the node2vec package, in its order and with its defaults; only `workers`
    and `seed` differ.

    Parameters
    ----------
    graph
        A graph of networkx, a matrix of scipy.sparse, arrays or a list of edges, the path of a file of edges, or a
        `Graph`; see `as_graph`.
    dimensions : int >= 1
        Dimension of the vectors.
    walk_length : int >= 1
        Nodes of a walk. It ends early at a node without a way out; from a node without neighbours it has that node
        alone, whose vector is not trained.
    num_walks : int >= 1
        Walks that begin at each node.
    p, q : float > 0
        A large p seldom returns to the node before; a large q stays near it, and a small one goes away from it. With
        p = q = 1, steps depend on the weights of edges alone, and are fastest.
    weight_key : str or None
        The attribute that has the weight of an edge of networkx; None ignores all weights.
    workers : int, optional
        CPU threads; default: one for each core.
    sampling_strategy : dict
        Not supported: other values for single nodes raise ValueError.
    quiet : bool
        True shows no bars.
    temp_folder
        Without effect: no walks are stored.
    seed : int or None
        Seed of all random numbers. None draws one.
    directed : bool, optional
        Whether walks follow edges of arrays or of a file in their direction alone; see `as_graph`.

    Attributes
    ----------
    graph : Graph

    Raises
    ------
    TypeError, ValueError
        The graph or an argument is of a wrong kind, or out of its range.

    Examples
    --------
    >>> from fastw2v.graph import Node2Vec
    >>> node2vec = Node2Vec((["a", "b", "c"], ["b", "c", "d"]), dimensions=16, walk_length=10, workers=1)
    >>> model = node2vec.fit(window=2, min_count=1)
    >>> model.wv.index_to_key, model.wv["d"].shape
    (['a', 'b', 'c', 'd'], (16,))
    """

    def __init__(
        self,
        graph: Any,  # noqa: ANN401 - whatever `as_graph` takes
        dimensions: int = 128,
        walk_length: int = 80,
        num_walks: int = 10,
        p: float = 1.0,
        q: float = 1.0,
        weight_key: str | None = "weight",
        workers: int | None = None,
        sampling_strategy: dict[Any, Any] | None = None,
        quiet: bool = False,
        temp_folder: str | PathLike[str] | None = None,
        seed: int | None = 1,
        *,
        directed: bool | None = None,
    ) -> None:
        if sampling_strategy:
            raise ValueError("sampling_strategy is not supported; give p, q, num_walks and walk_length for all nodes")
        self._dimensions = number("dimensions", dimensions, int, least=1, most=1 << 20)
        sizes = {"length": ("walk_length", walk_length), "num_walks": ("num_walks", num_walks)}
        numbers = {name: number(*given, int, least=1, most=1 << 30) for name, given in sizes.items()}
        biases = {name: number(name, x, float, least=1e-12, most=1e12) for name, x in {"p": p, "q": q}.items()}
        self._workers = None if workers is None else number("workers", workers, int, least=1, most=1 << 10)
        self._seed = drawn_seed() if seed is None else number("seed", seed, int, least=0, most=2**64 - 1)
        self._progress = False if quiet else None
        self.graph = as_graph(graph, weight_key=weight_key, directed=directed)
        self._walks = Walks(self.graph, **numbers, **biases, seed=self._seed)

    def walks(self) -> tuple[np.ndarray, np.ndarray]:
        """Make all walks: those that `fit` trains on.

        Returns
        -------
        ids : int32[n]
            Numbers of nodes, in the order of the graph: ``graph.nodes.keys[number]`` is the key.
        starts : int64[n_walks + 1]
            Walk w is ``ids[starts[w]:starts[w + 1]]``. `Word2Vec` takes the pair as sentences.

        Examples
        --------
        >>> from fastw2v.graph import Node2Vec
        >>> ids, starts = Node2Vec(([0, 1], [1, 2]), walk_length=3, num_walks=2).walks()
        >>> len(ids), starts.tolist()
        (18, [0, 3, 6, 9, 12, 15, 18])
        """
        tokens = self._walks.stored(self._workers or available_cores())
        return tokens.ids, tokens.starts

    @spell_out_options
    def fit(
        self,
        *,
        batch_words: int = 10_000,
        callbacks: Iterable[object] = (),
        progress: Progress | bool | None = None,
        **options: Unpack[TrainOptions],
    ) -> Word2Vec:
        """Train vectors on the walks.

        On the CPU no walk is stored: each thread makes the walks of a piece when it trains it, in each epoch the same
        ones. A first pass counts how often each node is visited; the counts of the vocabulary are these, and negatives
        are drawn by them. Each visit is trained, where `Word2Vec` leaves out many of those of frequent words.

        Parameters
        ----------
        callbacks, progress
            As in `Word2Vec`.
        batch_words
            Without effect, as in `Word2Vec`.
        **options
            Other options of `Word2Vec`. Other defaults: window=10, min_count=1, sample=0, and sg=1, which is skip-gram;
            `vector_size`, `workers` and `seed` are those of `Node2Vec`. As every node has a vector, `min_count` may be
            at most `num_walks`.

        Returns
        -------
        Word2Vec
            The rows of its vectors are in the order of the graph's nodes.

        Raises
        ------
        TypeError, ValueError
            An option is of a wrong kind or out of its range, or does not apply to nodes.
        """
        refused = [name for name in _OF_WORDS if options.get(name)]
        if refused:
            raise ValueError(
                f"{refused[0]} is not for nodes: each has a vector, in the order of the graph; leave it out"
            )
        chosen: dict[str, Any] = {"vector_size": self._dimensions, "workers": self._workers, "seed": self._seed}
        chosen |= {"window": 10, "min_count": 1, "sample": 0, "sg": 1, **options, "sorted_vocab": 0}
        progress = self._progress if progress is None else progress
        model = Word2Vec(batch_words=batch_words, progress=progress, **chosen)
        if model.min_count > self._walks.num_walks:
            most = f"num_walks={self._walks.num_walks}, for each node has a vector"
            raise ValueError(f"min_count is {model.min_count}; expected at most {most}")
        began = time.perf_counter()
        vocab, tokens = self._tokens(model)
        took = time.perf_counter() - began
        with tokens:
            model._train_new(vocab, tokens, Callbacks(callbacks), first_rows=_FIRST_ROWS)
        model.seconds["encode"] += took
        return model

    def _tokens(self, model: Word2Vec) -> tuple[Vocab, Tokens]:
        """Return the nodes with their counts, and the walks; those for a GPU are stored."""
        workers = model.config.n_workers
        if is_cuda(model.device):
            tokens = self._walks.stored(workers)
            visits = np.bincount(tokens.ids, minlength=self.graph.n_nodes)
        else:
            made = WalkTokens(self._walks, workers)
            tokens, visits = made, made.visits
        logger.info("%d walks visit %d nodes %d times", self._walks.n_walks, self.graph.n_nodes, tokens.n_tokens)
        nodes = self.graph.nodes
        return Vocab(visits, nodes.letters, nodes.word_starts, ids=nodes.ids), tokens

"""The computations of the subword kernels in NumPy: a gradient step, and sums of rows carried along a window."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Int32, Int64
from fastw2v_kernels.shared.rng import WINDOW_DRAW
from fastw2v_kernels.shared.span.inputs import Sampler, TokenSource
from fastw2v_kernels.shared.span.paths import Paths
from fastw2v_kernels.shared.span.reference import (
    FloatMatrix,
    draw,
    draw_targets,
    kept_positions,
    path_gradients,
    weight_of,
)
from fastw2v_kernels.shared.span.subwords import Subwords


def gradients(
    hidden: FloatMatrix, w_out: FloatMatrix, targets: tuple[Int32, list[int]], *, lr: float, share: float = 1.0
) -> tuple[FloatMatrix, FloatMatrix, float]:
    """Return the move of the hidden vector, those of the rows of all targets, and the loss, for one gradient step.

    `targets` are positives and negatives. The loss is the sum over the positives of -log sigmoid(s_positive) - the sum
    of log sigmoid(-s) over the negatives that are not this positive, with scores s = w_out hidden. So a negative counts
    once for each positive that it differs from, times `share`.
    """
    positives, negatives = targets
    is_positive = np.array([1.0] * len(positives) + [0.0] * len(negatives), hidden.dtype)
    n_terms = [1.0] * len(positives) + [share * np.sum(np.asarray(positives) != row) for row in negatives]
    factor = np.array(n_terms, hidden.dtype)
    rows = w_out[[*positives, *negatives]]
    scores = rows @ hidden
    error_coef = (is_positive - factor / (1 + np.exp(-scores))) * hidden.dtype.type(lr)
    loss = float(np.sum(factor * np.logaddexp(0, scores) - is_positive * scores, dtype=np.float64))
    return error_coef @ rows, error_coef[:, None] * hidden, loss


def paths_gradients(
    hidden: FloatMatrix, w_node: FloatMatrix, paths: Paths, words: Int32, *, lr: float
) -> tuple[FloatMatrix, FloatMatrix, Int32, float]:
    """Return the move of the hidden vector, those of the nodes on the paths to some words, these nodes, and the loss.

    It is one gradient step. A node is listed once for each path that it is on.
    """
    found = [path_gradients(hidden[None], w_node, paths, word, lr=lr) for word in words]
    moves, node_moves, nodes, losses = zip(*found)
    return np.sum(moves, axis=(0, 1)), np.concatenate(node_moves), np.concatenate(nodes), sum(losses)


def negatives_of(sampler: Sampler, token_pos: int, *, ordinal: int, n_sets: int) -> list[int]:
    """Return the negatives of some sets for the `ordinal`-th example at `token_pos`."""
    sets = [draw_targets(sampler, 0, token_pos, ordinal=ordinal + k)[1:] for k in range(n_sets)]
    return [row for drawn in sets for row in drawn]


def groups(centres: Iterator[tuple[int, Int32]], size: int) -> Iterator[tuple[int, list[tuple[int, Int32]]]]:
    """Yield groups of centres whose positions have the same quotient by `size`, and the first position of each."""
    for number, group in groupby(centres, lambda centre: centre[0] // size):
        yield int(number) * size, list(group)


class Centre(NamedTuple):
    """A centre, by token positions: its own, its contexts, all that the window reaches, and which it leaves next.

    `last` is None at the begin of the corpus.
    """

    token_pos: int
    contexts: Int64
    near: Int64
    last: int | None


def centres(tokens: TokenSource, begin: int, end: int) -> Iterator[Centre]:
    """Yield the centres from begin to end; the window also reaches other sentences, where there are no contexts."""
    sentences = kept_positions(tokens)
    all_kept, window = np.concatenate([np.empty(0, np.int64), *sentences]), int(tokens.window)
    sentence_of = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
    for i in np.flatnonzero((all_kept >= begin) & (all_kept < end)).tolist():
        reach = window
        if tokens.shrink_windows:
            reach = 1 + int(draw(tokens.key, all_kept[i], WINDOW_DRAW) * window)
        near = np.arange(max(i - window, 0), min(i + window + 1, len(all_kept)))
        is_context = (np.abs(near - i) <= reach) & (near != i) & (sentence_of[near] == sentence_of[i])
        is_context &= weight_of(tokens, all_kept[i]) > 0
        last = int(all_kept[i - window]) if i >= window else None
        yield Centre(int(all_kept[i]), all_kept[near[is_context]], all_kept[near], last)


class CarriedSums:
    """The sums of the rows of the tokens that the window reaches, and the moves that their rows will make."""

    def __init__(self, w_in: FloatMatrix, subwords: Subwords, ids: Int32) -> None:
        self._w_in, self._subwords, self._ids = w_in, subwords, ids
        self.sums: dict[int, FloatMatrix] = {}
        self._moves: dict[int, FloatMatrix] = {}

    def _rows(self, token_pos: int) -> Int32:
        word = self._ids[token_pos]
        return self._subwords.row_ids[self._subwords.row_starts[word] : self._subwords.row_starts[word + 1]]

    def n_rows(self, token_pos: int) -> int:
        """Return the number of rows of a token."""
        return len(self._rows(token_pos))

    def reach(self, positions: Int64) -> None:
        """Sum the rows of tokens that the window had not reached before."""
        for pos in positions:
            if pos not in self.sums:
                self.sums[pos] = self._w_in[self._rows(pos)].sum(axis=0)
                self._moves[pos] = np.zeros_like(self.sums[pos])

    def move(self, positions: Int64, move: FloatMatrix) -> None:
        """Note that each row of some tokens moves."""
        for pos in positions:
            self.sums[pos] = self.sums[pos] + self.n_rows(pos) * move
            self._moves[pos] = self._moves[pos] + move

    def leave(self, token_pos: int | None) -> None:
        """Move the rows of a token that the window leaves."""
        if token_pos in self._moves:
            np.add.at(self._w_in, self._rows(token_pos), self._moves.pop(token_pos))
            del self.sums[token_pos]

    def leave_all(self) -> None:
        """Move the rows of all tokens."""
        for token_pos in sorted(self._moves):
            self.leave(token_pos)

"""Workloads: for each operation a call of realistic size, and the work that it does.

A function here has the name of its operation. An operation without a function is timed on its test case, made large.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import cycle

import numpy as np

from fastw2v.profile import clock, traffic
from fastw2v.profile.case import Case as Shapes
from fastw2v.runtime.arrays import Array
from fastw2v_kernels.registry import Case, Op
from fastw2v_kernels.shared.span.cases import alias_table, span_case

DIM, BATCH, K, WINDOW = 100, 100, 5, 5
N_WORDS = 10_000  # of the Penn Treebank
QUERIES = ("you", "year", "car", "toyota")  # whose neighbours the book shows
N_BATCHES = 200  # that differ, since the rows of one batch stay in the processor's cache
# Work of the layers of CBOW for a batch, by stage.
STAGES = traffic.costs(Shapes("cbow", N_WORDS, DIM, WINDOW, BATCH, K), "cpu", None)


@dataclass(frozen=True)
class Work:
    """Work of one call by its formulas: float operations, bytes read and written, words; 0: not counted."""

    flops: float = 0
    n_bytes: float = 0
    words: float = 0

    @classmethod
    def of(cls, cost: traffic.Cost, words: float = 0) -> Work:
        """The work that the profile counts."""
        return cls(cost.flops, cost.n_bytes, words)


@dataclass
class Workload:
    """A call, by its keyword arguments, and what it does.

    Parameters
    ----------
    case : dict
        The arguments of a call.
    work : callable
        `work(case)`, asked after a call.
    sizes : dict
        Notes of sizes: V words, D dimensions, K negatives, batch.
    batches : list of dict
        Arguments that differ from round to round.
    """

    case: Case
    work: Callable[[Case], Work] = lambda case: Work()
    sizes: dict[str, int] = field(default_factory=dict)
    batches: list[Case] = field(default_factory=lambda: [{}])

    def rounds(
        self, call: Callable[..., object], move: Callable[[Case], Case] = lambda case: case
    ) -> Callable[[], None]:
        """Return a function that prepares a round: it takes the next batch and restores the arrays that a call changes.

        Parameters
        ----------
        call : callable
            The operation on arrays in this machine's memory: called once, to see what it changes.
        move : callable
            Brings the arrays of a case to where the timed calls expect them.
        """
        first = {name: value.copy() for name, value in self.case.items() if isinstance(value, np.ndarray)}
        call(**self.case)
        changed = move({name: old for name, old in first.items() if not np.array_equal(old, self.case[name])})
        self.case, order = move(self.case), cycle([move(batch) for batch in self.batches])

        def prepare() -> None:
            self.case |= next(order)
            for name, old in changed.items():
                self.case[name][...] = old

        return prepare


def workload(op: Op, *, quick: bool) -> Workload:
    """The call of an operation that is timed."""
    rng, make = np.random.default_rng(0), WORKLOADS.get(op.name)
    return Workload(op.make_case(rng, 1000)) if make is None else make(rng, quick)


def zipf_ids(rng: np.random.Generator, shape: int | tuple[int, ...], n_words: int) -> Array:
    """int64 ids below `n_words` by Zipf's law: id i about in proportion to 1 / (i + 1)."""
    return (n_words ** rng.random(shape)).astype(np.int64) - 1


def encode(rng: np.random.Generator, quick: bool) -> Workload:
    from fastw2v_kernels.encode import OP

    n_tokens = 20_000 if quick else 200_000
    case = OP.make_case(rng, n_tokens)
    return Workload(case, lambda case: Work(n_bytes=case["n_bytes"], words=n_tokens), {"V": len(case["counts"])})


def uniform_rows(rng: np.random.Generator, quick: bool) -> Workload:
    n_rows = 1000 if quick else N_WORDS
    rows = np.zeros((n_rows, -(-DIM // 16) * 16), np.float32)
    case = {"rows": rows, "dim": DIM, "row_keys": rng.integers(2**64, size=n_rows, dtype=np.uint64), "seed": 1}
    return Workload(case, lambda case: Work(n_bytes=rows.nbytes, words=n_rows), {"V": n_rows, "D": DIM})


def skipgram_ns(rng: np.random.Generator, quick: bool) -> Workload:
    def work(case: Case) -> Work:
        _, n_pairs, n_kept = case["tally"].tolist()
        n_flops = 6 * DIM * (K + 1) * n_pairs  # a product for the score, and one for each gradient
        return Work(n_flops, 8 * DIM * (n_pairs + (K + 1) * n_kept), case["end"] - case["begin"])

    return _span(rng, quick, work, share_negatives=True)


def cbow_ns(rng: np.random.Generator, quick: bool) -> Workload:
    def work(case: Case) -> Work:
        n_kept = float(case["tally"][2])
        n_contexts = WINDOW + 1  # in the mean: the window shrinks
        n_flops = n_kept * DIM * (6 * (K + 1) + 2 * n_contexts)
        return Work(n_flops, 8 * DIM * n_kept * (K + 1 + n_contexts), case["end"] - case["begin"])

    return _span(rng, quick, work, mean_context=True, mean_gradient=False)


def _span(rng: np.random.Generator, quick: bool, work: Callable[[Case], Work], **mode: bool) -> Workload:
    """A trainer's call on a corpus by Zipf's law, subsampled at 1e-3."""
    n_tokens, n_words = (2_000, N_WORDS) if quick else (50_000, 4 * N_WORDS)
    case = span_case(rng, n_tokens, dim=DIM, negative=K, window=WINDOW, n_vocab=n_words) | mode
    ids = zipf_ids(rng, n_tokens, n_words)
    frequency = 1 / np.arange(1, n_words + 1) / np.log(n_words)
    keep = np.minimum(1, np.sqrt(1e-3 / frequency) + 1e-3 / frequency).astype(np.float32)
    prob, alias = alias_table(frequency**0.75)
    case |= {"ids": ids.astype(np.int32), "keep": keep, "alias_prob": prob, "alias_id": alias, "begin": 0}
    return Workload(case | {"end": n_tokens}, work, {"V": n_words, "D": DIM, "K": K})


def embedding(rng: np.random.Generator, quick: bool) -> Workload:
    n = 2 * WINDOW
    case = {"w": _normal(rng, N_WORDS), "ids": _ids(rng, n)[0], "scale": 1 / n, "out": _normal(rng, BATCH)}
    return _layer(case, clock.fused(clock.GATHER, clock.HIDDEN), [{"ids": ids} for ids in _ids(rng, n)])


def embedding_backward(rng: np.random.Generator, quick: bool) -> Workload:
    n = 2 * WINDOW
    ids = _ids(rng, n)
    batches = [{"ids": new, "stale_ids": np.unique(old)} for new, old in zip(ids, [ids[-1], *ids])]
    case = {"dw": np.zeros((N_WORDS, DIM), np.float32), **batches[0], "scale": 1 / n, "dout": _normal(rng, BATCH)}
    return _layer(case, clock.BACKWARD_IN, batches)


def dot_sigmoid_loss(rng: np.random.Generator, quick: bool) -> Workload:
    targets = _ids(rng, K + 1)
    case = {
        "w": _normal(rng, N_WORDS),
        "h": _normal(rng, BATCH),
        "targets": targets[0],
        "labels": np.array([1.0] + [0.0] * K, np.float32),
        "probability": np.zeros((BATCH, K + 1), np.float32),
        "loss": np.zeros(1),
    }
    return _layer(case, clock.fused(clock.SCORE, clock.LOSS), [{"targets": ids} for ids in targets])


def dot_sigmoid_loss_backward(rng: np.random.Generator, quick: bool) -> Workload:
    forward = dot_sigmoid_loss(rng, quick)
    case = {name: forward.case[name] for name in ("w", "h", "targets", "labels")}
    probability = rng.random((BATCH, K + 1), dtype=np.float32)
    stale = [np.unique(batch["targets"]) for batch in forward.batches]
    case |= {"probability": probability, "dout": 1.0, "stale_ids": stale[-1], "dh": np.zeros((BATCH, DIM), np.float32)}
    case["dw"] = np.zeros((N_WORDS, DIM), np.float32)
    batches = [batch | {"stale_ids": old} for batch, old in zip(forward.batches, [stale[-1], *stale])]
    return _layer(case, clock.BACKWARD_OUT, batches)


def unigram_sampler(rng: np.random.Generator, quick: bool) -> Workload:
    prob, alias = alias_table(np.arange(1, N_WORDS + 1) ** -0.75)
    targets = [ids[:, 0] for ids in _ids(rng, 1)]
    case = {"alias_prob": prob, "alias_id": alias, "targets": targets[0], "seed": 1, "first_draw": 0, "distinct": True}
    case["out"] = np.zeros((BATCH, K), np.int32)
    batches = [{"targets": ids, "first_draw": n * BATCH} for n, ids in enumerate(targets)]
    return _layer(case, clock.SAMPLER, batches)


def unique_rows(rng: np.random.Generator, quick: bool) -> Workload:
    ids = _ids(rng, 2 * WINDOW)
    marks, rows = np.zeros(N_WORDS, np.uint8), np.zeros(ids[0].size, np.int64)
    case = {"ids": ids[0], "marks": marks, "rows": rows, "n_unique": np.zeros(1, np.int64)}
    sizes = {"V": N_WORDS, "batch": BATCH}
    return Workload(case, lambda case: Work(n_bytes=2 * rows.nbytes, words=BATCH), sizes, [{"ids": i} for i in ids])


def adam(rng: np.random.Generator, quick: bool) -> Workload:
    param, grad, m = (_normal(rng, N_WORDS) for _ in range(3))
    case = {"param": param, "grad": grad, "m": m, "v": m * m, "lr_t": 1e-3, "beta1": 0.9, "beta2": 0.999}
    return Workload(case, lambda case: Work.of(traffic.adam(m.size)), {"V": N_WORDS, "D": DIM})


def sparse_adam(rng: np.random.Generator, quick: bool) -> Workload:
    rows = [np.unique(ids) for ids in _ids(rng, 2 * WINDOW)]
    case = adam(rng, quick).case | {"rows": rows[0]}

    def work(case: Case) -> Work:
        return Work.of(traffic.adam(DIM * len(case["rows"])))

    return Workload(case, work, {"V": N_WORDS, "D": DIM, "batch": BATCH}, [{"rows": ids} for ids in rows])


def _layer(case: Case, stage: str, batches: list[Case]) -> Workload:
    """A call of one of the book's layers, which is this stage of an iteration of CBOW."""
    return Workload(
        case, lambda case: Work.of(STAGES[stage], BATCH), {"V": N_WORDS, "D": DIM, "K": K, "batch": BATCH}, batches
    )


def _normal(rng: np.random.Generator, n_rows: int) -> Array:
    return rng.normal(0, 0.1, (n_rows, DIM)).astype(np.float32)


def _ids(rng: np.random.Generator, n: int) -> list[Array]:
    """Batches of ids by Zipf's law, int64[BATCH, n] each."""
    return list(zipf_ids(rng, (N_BATCHES, BATCH, n), N_WORDS))


WORKLOADS = {
    make.__name__: make
    for make in (
        encode,
        uniform_rows,
        skipgram_ns,
        cbow_ns,
        embedding,
        embedding_backward,
        dot_sigmoid_loss,
        dot_sigmoid_loss_backward,
        unigram_sampler,
        unique_rows,
        adam,
        sparse_adam,
    )
}

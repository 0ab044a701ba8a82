"""Sizes that a span kernel is compiled for on the GPU, and the registers and memory that follow from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace

from fastw2v_kernels._jit import cuda as gpu
from fastw2v_kernels._jit.cuda import WARP
from fastw2v_kernels.shared.span.contexts import PAIRS_PER_STEP, SCORED_TOGETHER, contexts_per_step
from fastw2v_kernels.shared.span.paths import MOST_STEPS

DOTS = 8  # scores that a warp sums at a time
SHARED_BYTES = 48 << 10  # shared memory of a block without special requests
MOVE_REGISTERS = 32  # of a lane, for the moves of target rows while they are added up


def compute_capability() -> int:
    """Return the compute capability of the current GPU: 90 stands for 9.0."""
    return 90 if gpu.IS_SIMULATED else int(gpu.array_module().cuda.Device().compute_capability)


def registers_for_rows() -> int:
    """Return how many of a lane's registers are for target rows: before Hopper the compiler needs more for others."""
    return 64 if compute_capability() >= 90 else 40


@dataclass(frozen=True)
class SpanShape:
    """Compile-time sizes.

    Parameters
    ----------
    stride : int
        Floats in a row of the weight matrices.
    n_targets : int
        The positive and its negatives.
    window : int
        Greatest distance of a context.
    n_inputs : int
        Most rows that are scored before any of them moves.
    n_extra : int
        Rows on chip in addition to those of the words in the window.
    row_registers : int
        Of a lane's 255 registers, those for target rows.
    with_weights : bool
        Whether each token has a factor for the learning rate at which it is trained as a centre.
    with_path : bool
        Whether there is hierarchical softmax; then `n_targets` may be 1, which stands for no negatives.
    """

    stride: int
    n_targets: int
    window: int
    n_inputs: int
    n_extra: int = 0
    row_registers: int = 64
    with_weights: bool = False
    with_path: bool = False

    @classmethod
    def of(cls, stride: int, negative: int, window: int, *, n_inputs: int, n_extra: int = 0) -> SpanShape:
        """Return the shape for the current GPU."""
        return cls(stride, negative + 1, window, n_inputs, n_extra, registers_for_rows())

    @property
    def n_cols(self) -> int:
        """Columns of a row that each lane has, every 32nd."""
        return -(-self.stride // WARP)

    @property
    def n_tiles(self) -> int:
        """Tiles of target rows, scored one after the other; the rows of a tile are in registers as a whole."""
        most = max(1, min(DOTS, self.row_registers // self.n_cols))
        return -(-self.n_targets // most)

    @property
    def n_tile(self) -> int:
        """Target rows in a tile."""
        return -(-self.n_targets // self.n_tiles)

    @property
    def n_coef(self) -> int:
        """Places for the scores of an input row; the last tile writes DOTS of them like the others."""
        return (self.n_tiles - 1) * self.n_tile + DOTS

    @property
    def n_strips(self) -> int:
        """Strips of columns, updated one after the other; a strip has the columns of all target rows in registers."""
        most = max(1, MOVE_REGISTERS // self.n_targets)
        return -(-self.n_cols // most)

    @property
    def n_strip(self) -> int:
        """Columns of each lane in a strip."""
        return -(-self.n_cols // self.n_strips)

    @property
    def is_whole(self) -> bool:
        """Whether target rows are read once, and stay in registers from score to update."""
        return self.n_tiles == 1

    @property
    def n_path_inputs(self) -> int:
        """Most rows that one gradient step moves against a path; 1 without paths."""
        return min(self.n_inputs, contexts_per_step(self.window)) if self.with_path else 1

    @property
    def n_nodes(self) -> int:
        """Nodes of a path in a tile; their rows are in registers as a whole."""
        return max(1, min(DOTS, self.row_registers // self.n_cols))

    @property
    def n_node_strip(self) -> int:
        """Columns of each lane in a strip of the nodes of a tile, for which there are rows and moves in registers."""
        return min(self.n_cols, max(1, MOVE_REGISTERS // self.n_nodes))

    @property
    def path_sizes(self) -> tuple[int, int, int]:
        """Lengths of the lists on chip for a path: nodes, coefficients for each input row, moves for each."""
        return (MOST_STEPS + DOTS, MOST_STEPS + DOTS, WARP * self.n_node_strip) if self.with_path else (1, 1, 1)

    @property
    def n_slots(self) -> int:
        """Words that a window can hold at once, the centre's among them."""
        return 2 * self.window + 1

    @property
    def n_slot_groups(self) -> int:
        """Slots whose words each lane holds."""
        return -(-self.n_slots // WARP)

    @property
    def n_tokens(self) -> int:
        """Kept tokens in a warp's buffer, a power of two: a window, and 32 that are read at a time."""
        return 1 << (self.n_slots + WARP - 1).bit_length()

    @property
    def n_row(self) -> int:
        """Floats of a row on chip."""
        return self.n_cols * WARP

    @property
    def n_ring(self) -> int:
        """Floats of all rows on chip."""
        return (self.n_slots + self.n_extra) * self.n_row

    @property
    def list_bytes(self) -> int:
        """Bytes on chip of tokens, slots, targets and scores, with their alignment."""
        lists = self.n_inputs * self.n_coef + 2 * self.n_targets + 2 * self.n_slots + 3 * self.n_tokens
        n_nodes, n_coef, n_moves = self.path_sizes
        return 4 * (lists + n_nodes + self.n_path_inputs * (n_coef + n_moves)) + 64

    @property
    def is_shared(self) -> bool:
        """Whether the ring fits into shared memory. If not, it lies in the GPU's main memory, behind its caches."""
        return 8 * self.n_ring + self.list_bytes <= SHARED_BYTES


def skipgram_shape(stride: int, negative: int, window: int, *, share_negatives: bool, hs: int = 0) -> SpanShape:
    """Return the shape of a skip-gram kernel.

    Parameters
    ----------
    stride, negative, window : int
        Floats in a row, negatives of an example, greatest distance of a context.
    share_negatives : bool
        Whether all contexts of a centre have the same negatives.
    hs : 0 or 1
        1 for a kernel with hierarchical softmax, with which `negative` may be 0.

    Raises
    ------
    ValueError
        The window is too large for the memory on chip.
    """

    def shape_of(w: int) -> SpanShape:
        n_inputs = min(2 * w, SCORED_TOGETHER if share_negatives else PAIRS_PER_STEP)
        if hs and not share_negatives:
            n_inputs = max(n_inputs, contexts_per_step(w))
        return replace(SpanShape.of(stride, negative, w, n_inputs=n_inputs), with_path=bool(hs))

    return _fitting(shape_of, window)


def cbow_shape(stride: int, negative: int, window: int, *, hs: int = 0) -> SpanShape:
    """Return the shape of a CBOW kernel.

    Parameters
    ----------
    stride, negative, window : int
        Floats in a row, negatives of an example, greatest distance of a context.
    hs : 0 or 1
        As in `skipgram_shape`.

    Raises
    ------
    ValueError
        The window is too large for the memory on chip.
    """

    def shape_of(w: int) -> SpanShape:
        return replace(SpanShape.of(stride, negative, w, n_inputs=1, n_extra=1), with_path=bool(hs))

    return _fitting(shape_of, window)


def _fitting(shape_of: Callable[[int], SpanShape], window: int) -> SpanShape:
    """Return the shape for a window. Its lists must fit on chip, its rows need not."""
    shape = shape_of(window)
    if shape.list_bytes <= SHARED_BYTES:
        return shape
    most = bisect_right(range(1, window), SHARED_BYTES, key=lambda w: shape_of(w).list_bytes)  # growing
    raise ValueError(
        f"window is {window}; expected at most {most} on a GPU, with {shape.n_targets - 1} negatives: the lists of a "
        f"warp would be {shape.list_bytes:,} bytes, and {SHARED_BYTES:,} are on chip; take a smaller window, or "
        'device="cpu"'
    )

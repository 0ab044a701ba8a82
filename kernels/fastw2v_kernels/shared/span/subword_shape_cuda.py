"""Sizes that the subword kernels are compiled for on the GPU, and the registers and memory that follow from them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass

from fastw2v_kernels._jit.cuda import WARP
from fastw2v_kernels.shared.span.contexts import CONTEXTS_PER_STEP, contexts_per_step
from fastw2v_kernels.shared.span.paths import MOST_STEPS
from fastw2v_kernels.shared.span.shape_cuda import DOTS, MOVE_REGISTERS, SHARED_BYTES, registers_for_rows
from fastw2v_kernels.shared.span.subwords import NEGATIVE_SETS, POSITIONS_PER_GROUP, is_one_step


@dataclass(frozen=True)
class SubwordShape:
    """Compile-time sizes.

    Parameters
    ----------
    stride : int
        Floats in a row of the weight matrices.
    window : int
        Greatest distance of a context.
    n_negatives : int
        Negatives that are drawn for one step; 0 for none.
    share : float
        How much each of them counts.
    n_positives : int
        Most contexts of a centre that are positives of one step with negatives.
    n_paths : int
        Most words whose paths are in one step of hierarchical softmax; 0 for none.
    n_group : int
        Neighbouring positions whose centres make one step.
    is_carried : bool
        Whether the sums of the tokens' rows are carried along the window, as in CBOW.
    row_registers : int
        Of a lane's 255 registers, those for output rows.
    with_weights : bool
        Whether each token has a factor for the learning rate at which it is trained as a centre.
    """

    stride: int
    window: int
    n_negatives: int
    share: float
    n_positives: int
    n_paths: int
    n_group: int = 1
    is_carried: bool = False
    row_registers: int = 64
    with_weights: bool = False

    @property
    def n_cols(self) -> int:
        """Columns of a row that each lane has, every 32nd."""
        return -(-self.stride // WARP)

    @property
    def n_row(self) -> int:
        """Floats of a vector on chip."""
        return self.n_cols * WARP

    @property
    def n_tile(self) -> int:
        """Rows in a tile, which are in registers as a whole."""
        return max(1, min(DOTS, self.row_registers // self.n_cols))

    @property
    def n_strips(self) -> int:
        """Strips of columns, moved one after the other; the moves of a tile's rows are in registers for a strip."""
        return -(-self.n_cols // max(1, MOVE_REGISTERS // self.n_tile))

    @property
    def n_strip(self) -> int:
        """Columns of each lane in a strip."""
        return -(-self.n_cols // self.n_strips)

    @property
    def n_slots(self) -> int:
        """Tokens that a window reaches, the centre among them."""
        return 2 * self.window + 1

    @property
    def n_tokens(self) -> int:
        """Kept tokens in a warp's buffer, a power of two: the windows of a group, and 32 that are read at a time."""
        return 1 << (self.n_slots + self.n_group - 1 + WARP - 1).bit_length()

    @property
    def n_vectors(self) -> int:
        """Vectors on chip: what is carried and a hidden vector, those of a group, or one now and as it was at first."""
        return self.n_slots + 1 if self.is_carried else max(2, self.n_group)

    @property
    def n_vector_floats(self) -> int:
        """Floats of all vectors on chip."""
        return self.n_vectors * self.n_row

    @property
    def n_drawn(self) -> int:
        """Tokens and negatives that one step looks at: the tokens are those of all windows, centres among them."""
        n_tokens = self.n_slots + self.n_group - 1 if self.n_group > 1 else self.n_positives + 1
        return n_tokens + self.n_negatives

    @property
    def n_nodes(self) -> int:
        """Nodes that the paths of one step may have, and a tile that fills the last one; 1 without paths."""
        return self.n_paths * MOST_STEPS + DOTS if self.n_paths else 1

    @property
    def n_targets(self) -> int:
        """Different rows of one step, and a tile that fills the last one."""
        return max(self.n_drawn + DOTS, self.n_nodes)

    @property
    def list_bytes(self) -> int:
        """Bytes on chip of tokens, centres, targets and scores, with their alignment."""
        lists = self.n_drawn + 2 * self.n_targets + self.n_nodes + self.n_group * (DOTS + 6) + 8 * self.n_tokens
        return 4 * lists + 128

    @property
    def is_shared(self) -> bool:
        """Whether the vectors fit into shared memory. If not, they lie in the GPU's main memory, behind its caches."""
        return 8 * self.n_vector_floats + self.list_bytes <= SHARED_BYTES


def skipgram_subword_shape(
    stride: int, negative: int, window: int, *, share_negatives: bool, in_groups: bool = False, hs: int = 0
) -> SubwordShape:
    """Return the shape of a skip-gram kernel.

    Parameters
    ----------
    stride, negative, window : int
        Floats in a row, negatives of a pair, greatest distance of a context.
    share_negatives, in_groups : bool
        As in `skipgram_subword_ns_reference`; with hierarchical softmax there are no groups.
    hs : 0 or 1
        1 for a kernel with hierarchical softmax, with which `negative` may be 0.

    Raises
    ------
    ValueError
        The window is too large for the memory on chip.
    """

    def shape_of(w: int) -> SubwordShape:
        is_group, n_sets = share_negatives and is_one_step(w, in_groups) and not hs, 1
        n_positives = contexts_per_step(w) if hs else CONTEXTS_PER_STEP
        if share_negatives:
            n_sets = NEGATIVE_SETS
        return SubwordShape(
            stride,
            w,
            n_sets * negative,
            1 / n_sets,
            (2 * w if is_group else n_positives) if share_negatives else 1,
            n_paths=contexts_per_step(w) * hs,
            n_group=POSITIONS_PER_GROUP if is_group else 1,
            row_registers=registers_for_rows(),
        )

    return _fitting(shape_of, window, negative)


def cbow_subword_shape(stride: int, negative: int, window: int, *, hs: int = 0) -> SubwordShape:
    """Return the shape of a CBOW kernel; the parameters and errors are those of `skipgram_subword_shape`."""

    def shape_of(w: int) -> SubwordShape:
        registers = registers_for_rows()
        return SubwordShape(stride, w, negative, 1.0, 1, n_paths=hs, is_carried=True, row_registers=registers)

    return _fitting(shape_of, window, negative)


def _fitting(shape_of: Callable[[int], SubwordShape], window: int, negative: int) -> SubwordShape:
    """Return the shape for a window. Its lists must fit on chip, its vectors need not."""
    shape = shape_of(window)
    if shape.list_bytes <= SHARED_BYTES:
        return shape
    most = bisect_right(range(1, window), SHARED_BYTES, key=lambda w: shape_of(w).list_bytes)  # growing
    raise ValueError(
        f"window is {window}; expected at most {most} on a GPU, with {negative} negatives: the lists of a warp would "
        f"be {shape.list_bytes:,} bytes, and {SHARED_BYTES:,} are on chip; take a smaller window or fewer negatives, "
        'or device="cpu"'
    )

"""What is trained, on either device: the corpus as a kernel sees it, and the part of it that one call walks over."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from fastw2v_kernels.shared.array_types import Float32, Int32, Int64


class Corpus(NamedTuple):
    """Tokens, sentences, and how tokens are drawn; arrays as in `skipgram_ns_reference`.

    key : uint64, the epoch's random stream
    """

    ids: Int32
    starts: Int64
    keep: Float32
    key: np.uint64
    window: int
    shrink_windows: bool


class Span(NamedTuple):
    """Tokens begin to end; at position p the learning rate is lr_first + lr_step * p."""

    begin: int
    end: int
    lr_first: float
    lr_step: float

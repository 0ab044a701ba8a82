"""What is measured on: shapes, a corpus, and batches of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from fastw2v.runtime.arrays import Array

MODELS = {"cbow": "CBOW", "skipgram": "SkipGram"}
OPTIMIZERS = ("SparseAdam", "Adam")
_LEAST_TOKENS = 200_000


@dataclass(frozen=True)
class Case:
    """Shapes of one measurement.

    Attributes
    ----------
    model : str
        "cbow" or "skipgram".
    vocab_size, hidden_size, window_size, batch_size, sample_size : int
        V, H, w, B and K: words, length of a vector, context words on each side, examples in a batch, negatives.
    optimizer : str
        Of the compiled variant: "SparseAdam" or "Adam". The others have the book's Adam.
    """

    model: str
    vocab_size: int
    hidden_size: int = 100
    window_size: int = 5
    batch_size: int = 100
    sample_size: int = 5
    optimizer: str = "SparseAdam"

    def __post_init__(self) -> None:
        if self.model not in MODELS:
            raise ValueError(f"model is {self.model!r}; expected one of {', '.join(MODELS)}")
        if self.optimizer not in OPTIMIZERS:
            raise ValueError(f"optimizer is {self.optimizer!r}; expected one of {', '.join(OPTIMIZERS)}")
        for field in fields(self):
            value = getattr(self, field.name)
            if field.type == "int" and not (isinstance(value, int) and value >= 1):
                raise ValueError(f"{field.name} is {value!r}; expected a whole number of at least 1")
        if self.vocab_size <= self.sample_size:
            raise ValueError(
                f"vocab_size is {self.vocab_size} and sample_size {self.sample_size}; different negatives, none "
                "of them the target, need more words than that: raise vocab_size"
            )

    @property
    def n_contexts(self) -> int:
        """Context words of an example, 2 w."""
        return 2 * self.window_size

    @property
    def n_inputs(self) -> int:
        """Input words of an example: the contexts of CBOW, the one word of skip-gram."""
        return self.n_contexts if self.model == "cbow" else 1

    @property
    def n_outputs(self) -> int:
        """Predicted words of an example: the one word of CBOW, the contexts of skip-gram."""
        return 1 if self.model == "cbow" else self.n_contexts


def zipf_corpus(n_words: int, seed: int) -> Array:
    """Return ids by Zipf's law in random order, each of n_words at least once: int64[max(200,000, 4 n_words)]."""
    rng = np.random.default_rng(seed)
    drawn = n_words ** rng.random(max(_LEAST_TOKENS, 4 * n_words) - n_words) - 1
    return rng.permutation(np.concatenate([np.arange(n_words), drawn.astype(np.int64)]))


def batches(corpus: Array, case: Case, seed: int) -> Iterator[tuple[Array, Array]]:
    """Yield contexts int64[B, 2 w] and target int64[B] of random places of a corpus, the same for the same seed."""
    w, rng = case.window_size, np.random.default_rng(seed)
    if len(corpus) <= 2 * w:
        raise ValueError(f"the corpus has {len(corpus)} tokens; a window of {w} on each side needs {2 * w + 1} or more")
    offsets = np.concatenate([np.arange(-w, 0), np.arange(1, w + 1)])
    while True:
        places = rng.integers(w, len(corpus) - w, case.batch_size)
        yield corpus[places[:, None] + offsets], corpus[places]

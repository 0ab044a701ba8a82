"""The models of the book's chapter 4: CBOW and skip-gram with negative sampling."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from fastw2v.nn import checks
from fastw2v.nn.arrays import to_gpu
from fastw2v.nn.dispatch import resolve
from fastw2v.nn.embedding import Embedding, EmbeddingMean
from fastw2v.nn.negative_sampling import NegativeSamplingLoss
from fastw2v.nn.sampler import Sampler
from fastw2v.nn.seeds import Seed, generator, small_normal
from fastw2v.nn.simple_models import BookModel
from fastw2v.runtime.arrays import Ids
from fastw2v_kernels._jit.cuda import require_memory


class _NegativeSamplingModel(BookModel):
    """Initial weights and options of CBOW and SkipGram."""

    def __init__(self, vocab_size: int, hidden_size: int, window_size: int, *, device: str, seed: Seed) -> None:
        self.device, self._rng = resolve(device), generator(seed)
        self._n_contexts = 2 * checks.window_size(window_size)
        sizes = checks.matrix_sizes(vocab_size, hidden_size)
        self._W_in, self._W_out = small_normal(self._rng, *sizes), small_normal(self._rng, *sizes)
        if self.device == "cuda":
            require_memory(4 * self._W_in.nbytes, "a model of two matrices and their gradients")
            self._W_in, self._W_out = to_gpu(self._W_in), to_gpu(self._W_out)

    def _batch(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> tuple[Ids, Ids]:
        return checks.contexts_and_target(contexts, target, self._n_contexts, n_rows=len(self.word_vecs))

    def _loss_layer(self, corpus: npt.ArrayLike, sampler: Sampler | None) -> NegativeSamplingLoss:
        size = 5 if sampler is None else checks.sampler(sampler).sample_size
        options: dict[str, Any] = {"device": self.device, "seed": self._rng, "sampler": sampler}
        return NegativeSamplingLoss(self._W_out, corpus, power=0.75, sample_size=size, **options)


class CBOW(_NegativeSamplingModel):
    """Predict a word from the mean of its 2 window_size context words, with 5 negatives (the book, section 4.3).

    Parameters
    ----------
    vocab_size, hidden_size, window_size : int
        Number of words, length of a word vector, context words on each side.
    corpus : int[n_tokens]
        Word ids below vocab_size. Negatives are drawn by their counts to the power 0.75.
    device : str
        - "cpu": compiled kernels. "auto" means the same unless `config.GPU` is True.
        - "cuda": kernels on the GPU; parameters and gradients are CuPy arrays.
        - "reference": the book's layers in NumPy, one for each context word.
    seed : int, RandomState, Generator, optional
        Source of the initial weights and of the negatives; default NumPy's global generator, as in the book. A seed
        gives the same weights on every device.
    sampler : Sampler, optional
        Draws the negatives instead, ``sampler.sample_size`` for each word.

    Attributes
    ----------
    params, grads : list of ndarray
        [W_in, W_out] and their gradients. On "reference" the book's lists: a shared matrix occurs several times, and
        `remove_duplicate` adds up its gradients.
    word_vecs : float32[vocab_size, hidden_size]
        W_in itself, which training changes.
    in_layers : list
        Layers for the context words: one for all of them, or on "reference" one for each.
    ns_loss : NegativeSamplingLoss

    Raises
    ------
    ValueError, TypeError
        A size, the device, the seed or the sampler is wrong; the corpus has too few different words.
    IndexError
        The corpus has an id that is negative, or not below vocab_size.
    CudaUnavailableError, MemoryError
        The device is "cuda", and there is no usable GPU or not enough memory on it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import CBOW, create_contexts_target
    >>> corpus = np.arange(1000) % 10
    >>> contexts, target = create_contexts_target(corpus, window_size=2)
    >>> model = CBOW(10, 8, 2, corpus, seed=0)
    >>> round(model.forward(contexts[:32], target[:32]), 2)  # 6 log 2: the first weights are small
    4.16
    >>> model.backward()
    >>> model.word_vecs.shape, len(model.grads)
    ((10, 8), 2)
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int,
        window_size: int,
        corpus: npt.ArrayLike,
        *,
        device: str = "auto",
        seed: Seed = None,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(vocab_size, hidden_size, window_size, device=device, seed=seed)
        self.in_layers: list[Any] = [EmbeddingMean(self._W_in, self.device)]
        if self.device == "reference":
            self.in_layers = [Embedding(self._W_in, device="reference") for _ in range(self._n_contexts)]
        self.ns_loss = self._loss_layer(corpus, sampler)
        self._collect([*self.in_layers, self.ns_loss], self._W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Draw negatives and return the loss of a batch.

        Parameters
        ----------
        contexts : int[batch, 2 * window_size]
        target : int[batch]

        Returns
        -------
        float
            Mean over the batch.

        Raises
        ------
        ValueError, TypeError, IndexError
            The batch is empty, its shapes do not match, or an id is not a row; or the loss is NaN or infinite.
        """
        contexts, target = self._batch(contexts, target)
        if self.device != "reference":
            return self.ns_loss.loss_of(self.in_layers[0].forward(contexts), target)
        h: Any = 0
        for i, layer in enumerate(self.in_layers):
            h += layer.forward(contexts[:, i])
        h *= 1 / len(self.in_layers)
        return self.ns_loss.forward(h, target)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients of the last forward call, times `dout`."""
        dh = self.ns_loss.backward(dout)
        if self.device == "reference":
            dh *= 1 / len(self.in_layers)
        for layer in self.in_layers:
            layer.backward(dh)


class SkipGram(_NegativeSamplingModel):
    """Predict the 2 window_size context words of a word, each with its own 5 negatives (the book, section 3.5).

    Parameters, exceptions and batches are those of `CBOW`.

    Attributes
    ----------
    params, grads, word_vecs
        As in `CBOW`.
    in_layer : Embedding
    loss_layers : list of NegativeSamplingLoss
        With compiled kernels one layer for all context words. It draws for all of them at once: a sampler that you
        give is called with int[batch * 2 * window_size], row by row. On "reference" there is one layer for each
        context word, as in the book.

    Examples
    --------
    >>> import numpy as np
    >>> from fastw2v.nn import SkipGram, create_contexts_target
    >>> corpus = np.arange(1000) % 10
    >>> contexts, target = create_contexts_target(corpus, window_size=2)
    >>> round(SkipGram(10, 8, 2, corpus, seed=0).forward(contexts[:32], target[:32]), 2)  # 4 times CBOW's loss
    16.64
    """

    def __init__(
        self,
        vocab_size: int,
        hidden_size: int,
        window_size: int,
        corpus: npt.ArrayLike,
        *,
        device: str = "auto",
        seed: Seed = None,
        sampler: Sampler | None = None,
    ) -> None:
        super().__init__(vocab_size, hidden_size, window_size, device=device, seed=seed)
        self.in_layer = Embedding(self._W_in, device=self.device)
        n_layers = self._n_contexts if self.device == "reference" else 1
        self.loss_layers = [self._loss_layer(corpus, sampler) for _ in range(n_layers)]
        self._collect([self.in_layer, *self.loss_layers], self._W_in)

    def forward(self, contexts: npt.ArrayLike, target: npt.ArrayLike) -> float:
        """Draw negatives and return the loss of a batch: the sum over the context words, as in the book.

        Parameters and exceptions are those of `CBOW.forward`.
        """
        contexts, target = self._batch(contexts, target)
        h = self.in_layer.rows(target)
        if self.device != "reference":
            return self.loss_layers[0].loss_of(h, contexts)
        return sum((layer.forward(h, contexts[:, i]) for i, layer in enumerate(self.loss_layers)), start=0.0)

    def backward(self, dout: float = 1) -> None:
        """Write the gradients of the last forward call, times `dout`."""
        dh: Any = 0
        for layer in self.loss_layers:
            dh = dh + layer.backward(dout)
        self.in_layer.backward(dh)

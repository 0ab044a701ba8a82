"""A step of box.py: arrays on the GPU go into the trainer, and vectors out of it, without a copy."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.gpu.jobs import Sizes
from benchmarks.gpu.quality import to_host, zipf_corpus
from benchmarks.gpu.steps import Clock, Row, colour, row
from fastw2v import Word2Vec
from fastw2v.backends.cuda import CudaBackend
from fastw2v.corpus import as_corpus
from fastw2v.encode import encode_corpus
from fastw2v.nn.arrays import address
from fastw2v_kernels._jit import cuda as gpu

CupyArray = Any  # CuPy has no types


class NotHereError(Exception):
    """The simulator's arrays lack what a check is about."""


class ByDlpack:
    """An array that another library can read by DLPack only."""

    def __init__(self, array: CupyArray) -> None:
        self._array = array

    def __dlpack_device__(self) -> tuple[int, int]:
        """Kind and number of the device."""
        return self._array.__dlpack_device__()  # type: ignore[no-any-return]

    def __dlpack__(self, **options: Any) -> Any:  # noqa: ANN401
        """The array's memory, described."""
        return self._array.__dlpack__(**options)


class ByInterface:
    """An array that another library can read by ``__cuda_array_interface__`` only."""

    def __init__(self, array: CupyArray) -> None:
        self._array = array

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The array's memory, described."""
        return self._array.__cuda_array_interface__  # type: ignore[no-any-return]


def of_numba(array: CupyArray) -> Any:  # noqa: ANN401
    """Numba's own array over the same memory."""
    return gpu._numba_cuda().as_cuda_array(array)


def arrays(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Check that arrays are exchanged without a copy; a failed check does not stop the others."""
    for what, check in CHECKS.items():
        begun = time.perf_counter()
        try:
            check(sizes)
        except NotHereError as error:
            yield row("arrays", what, "LEFT OUT", note=str(error))
        except Exception as error:
            yield row(
                "arrays", what, colour(False), note=f"{type(error).__name__} {' '.join(str(error).split())[:160]}"
            )
        else:
            yield row("arrays", what, colour(True), note=f"{time.perf_counter() - begun:.1f} s")


def corpus_of(sizes: Sizes) -> tuple[CupyArray, CupyArray]:
    """Words by Zipf's law, on the GPU."""
    return zipf_corpus(20, 60, length=6) if sizes.toy else zipf_corpus(50_000, 5_000_000)


def trained(corpus: Any, sizes: Sizes) -> tuple[Word2Vec, CudaBackend]:  # noqa: ANN401
    """A model trained for an epoch, and what trained it."""
    backend = CudaBackend()
    options = {"min_count": 1, "sg": 1, "epochs": 1, "vector_size": sizes.dim, "window": sizes.window, "sample": 0}
    with mock.patch("fastw2v.session.get_backend", return_value=backend):
        return Word2Vec(corpus, device="cuda", **options), backend


def require(is_right: bool, otherwise: str) -> None:
    """Raise unless something holds."""
    if not is_right:
        raise AssertionError(otherwise)


def walks_by(make: Callable[[CupyArray], Any]) -> Callable[[Sizes], None]:
    """Check that walks of another library are read in place, and give the same as the host's."""

    def check(sizes: Sizes) -> None:
        if gpu.IS_SIMULATED and make is not ByDlpack:
            raise NotHereError("NumPy's arrays have no such interface")
        ids, starts = corpus_of(sizes)
        corpus = as_corpus((make(ids), make(starts)))
        require(address(corpus.ids) == address(ids), "the ids were copied")
        vocab, tokens = encode_corpus(corpus, min_count=1)
        host_vocab, host_tokens = encode_corpus((to_host(ids), to_host(starts)), min_count=1)
        require(vocab.keys == host_vocab.keys, "other keys than of the host's corpus")
        np.testing.assert_array_equal(vocab.counts, host_vocab.counts)
        np.testing.assert_array_equal(to_host(tokens.ids), host_tokens.ids)
        np.testing.assert_array_equal(to_host(tokens.starts), host_tokens.starts)
        model, _ = trained(corpus, sizes)
        require(model.report.raw_words == ids.size, f"{model.report.raw_words} of {ids.size} words were trained")

    return check


def vectors(sizes: Sizes) -> None:
    """Device vectors are the memory that was trained, also by DLPack; a further training does not change them."""
    corpus = corpus_of(sizes)
    model, backend = trained(corpus, sizes)
    there = model.device_vectors()
    require(address(there) == address(backend._w_in), "not the memory that was trained")
    require(there.shape == model.wv.vectors.shape, f"the shape is {there.shape}")
    np.testing.assert_array_equal(to_host(there), model.wv.vectors)
    require(address(gpu.array_module().from_dlpack(there)) == address(there), "DLPack has copied them")
    before = to_host(there).copy()
    model.train(corpus, epochs=1)
    np.testing.assert_array_equal(to_host(there), before)
    np.testing.assert_array_equal(to_host(model.device_vectors()), model.wv.vectors)
    require(not np.array_equal(before, model.wv.vectors), "the further training has changed nothing")


def release(sizes: Sizes) -> None:
    """A model keeps only the input rows, and their memory is free after `release_device_vectors`."""
    if gpu.IS_SIMULATED:
        raise NotHereError("the simulator has no device memory")
    pool, corpus = gpu.array_module().get_default_memory_pool(), corpus_of(sizes)
    trained(corpus, sizes)  # what is made once and stays
    gc.collect()
    before = pool.used_bytes()
    model = trained(corpus, sizes)[0]
    gc.collect()
    n_bytes = model._state.weights.on_device.nbytes
    held, slack = pool.used_bytes() - before, 1 << 16
    require(abs(held - n_bytes) <= slack, f"a trained model holds {held} bytes, its padded rows have {n_bytes}")
    model.release_device_vectors()
    left = pool.used_bytes() - before
    require(left <= slack, f"{left} bytes are held after release_device_vectors")


CHECKS: dict[str, Callable[[Sizes], None]] = {
    "walks, DLPack": walks_by(ByDlpack),
    "walks, __cuda_array_interface__": walks_by(ByInterface),
    "walks, Numba's arrays": walks_by(of_numba),
    "device_vectors": vectors,
    "release_device_vectors": release,
}

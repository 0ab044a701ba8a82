"""Corpora that lie on the GPU: encoded there as those of the host are, by a stand-in for CuPy."""

import re

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import as_corpus
from fastw2v.encode import encode_corpus, encode_with
from fastw2v_kernels._jit import cuda as cuda_jit
from tests import fake_cupy


@pytest.fixture
def gpu(monkeypatch):
    """A GPU whose memory is the host's."""
    fake_cupy.install(monkeypatch)


def walks(n_ids=50, n=400):
    rng = np.random.default_rng(3)
    ids = np.concatenate([rng.integers(0, n_ids, n) ** 2, [7, 7, 999, 7]])
    starts = np.array([0, 3, 3, 100, n, n + 2, n + 3, n + 4])
    return ids, starts


def there(corpus):
    return tuple(map(fake_cupy.array, corpus))


@pytest.mark.parametrize(
    "options",
    [{"min_count": 1}, {"min_count": 8}, {"min_count": 0}, {"min_count": 2, "sorted_vocab": False},
     {"min_count": 1, "max_final_vocab": 20}],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint16])
def test_it_is_encoded_as_on_the_host(options, dtype, gpu):
    ids, starts = walks()
    vocab, tokens = encode_corpus((ids.astype(dtype), starts), **options)
    vocab_there, tokens_there = encode_corpus(there((ids.astype(dtype), starts)), **options)
    assert vocab_there.keys == vocab.keys
    assert vocab_there.counts.tolist() == vocab.counts.tolist()
    assert vocab_there.n_raw_tokens == vocab.n_raw_tokens
    np.testing.assert_array_equal(tokens_there.ids.get(), tokens.ids)
    np.testing.assert_array_equal(tokens_there.starts.get(), tokens.starts)
    assert (tokens_there.ids.dtype, tokens_there.starts.dtype) == (np.int32, np.int64)
    assert tokens_there.n_raw == tokens.n_raw


def test_rows_of_a_given_vocabulary(gpu):
    ids, starts = walks()
    vocab, _ = encode_corpus((ids[:200], np.array([0, 200])), min_count=3)
    on_host, on_gpu = encode_with((ids, starts), vocab), encode_with(there((ids, starts)), vocab)
    np.testing.assert_array_equal(on_gpu.ids.get(), on_host.ids)
    np.testing.assert_array_equal(on_gpu.starts.get(), on_host.starts)


@pytest.mark.parametrize("foreign", [fake_cupy.ByInterface, fake_cupy.ByDlpack, fake_cupy.ByBoth])
@pytest.mark.parametrize("starts_there", [True, False])
def test_an_array_of_another_library_is_taken_without_a_copy(foreign, starts_there, gpu):
    ids, starts = walks()
    corpus = as_corpus((foreign(ids), foreign(starts) if starts_there else starts))
    assert corpus.ids.data.ptr == ids.ctypes.data
    vocab, tokens = encode_corpus(corpus, min_count=1)
    assert vocab.keys == encode_corpus((ids, starts), min_count=1)[0].keys
    assert isinstance(tokens.ids, fake_cupy.ndarray)
    matrix = np.arange(12).reshape(3, 4)
    assert as_corpus(foreign(matrix)).ids.data.ptr == matrix.ctypes.data


def test_walks_of_another_library_train_where_they_lie(gpu):
    ids, starts = walks()
    options = {"device": "cuda", "min_count": 1, "vector_size": 16, "epochs": 1, "sg": 1}
    foreign, host = (
        Word2Vec((fake_cupy.ByDlpack(ids), fake_cupy.ByDlpack(starts)), **options),
        Word2Vec((ids, starts), **options),
    )
    np.testing.assert_array_equal(foreign.wv.vectors, host.wv.vectors)


@pytest.mark.parametrize("corpus", ["matrix", "ragged", "list of arrays"])
def test_an_array_of_another_library_on_the_host_is_numpys(corpus):
    """As PyTorch's are on the CPU; no CUDA is asked for."""
    ids, starts = walks()
    host = {"matrix": ids.reshape(4, -1), "ragged": (ids, starts), "list of arrays": np.split(ids, starts[1:-1])}[
        corpus
    ]
    pinned, plain = (3, 0), (1, 0)
    foreign = {
        "matrix": lambda: fake_cupy.ByDlpack(host, pinned),
        "ragged": lambda: tuple(fake_cupy.ByDlpack(array, plain) for array in host),
        "list of arrays": lambda: [HostTensor(array) for array in host],
    }[corpus]()
    expected, found = as_corpus(host), as_corpus(foreign)
    np.testing.assert_array_equal(found.ids, expected.ids)
    np.testing.assert_array_equal(found.starts, expected.starts)
    if corpus != "list of arrays":
        assert np.shares_memory(found.ids, ids)


class HostTensor(fake_cupy.ByDlpack):
    def __init__(self, memory):
        super().__init__(memory, (1, 0))

    def __iter__(self):
        return iter(self.memory)

    def tolist(self):
        return self.memory.tolist()


def test_another_device_is_refused():
    with pytest.raises(TypeError, match="a ByDlpack lies on a device of DLPack's kind 8; expected the host or CUDA"):
        as_corpus(fake_cupy.ByDlpack(np.ones((2, 2), int), (8, 0)))


@pytest.mark.parametrize("foreign", [fake_cupy.ByInterface, fake_cupy.ByDlpack])
def test_without_cuda_the_reason_and_the_cure_are_said(foreign, monkeypatch):
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: "cupy cannot be found; pip install it")
    said = f"a {foreign.__name__} lies on a GPU, which cannot be used: cupy cannot be found; pip install it; or copy it"
    with pytest.raises(cuda_jit.CudaUnavailableError, match=said):
        Word2Vec(foreign(np.ones((2, 2), int)), device="cpu")


@pytest.mark.parametrize(
    ("change", "error"),
    [(lambda ids: ids - 8, "is negative"), (lambda ids: ids * 1.0, "expected an integer array"),
     (lambda ids: ids[:-1], r"expected starts\[0\] == 0")],
)  # fmt: skip
def test_what_is_no_corpus_is_refused(change, error, gpu):
    ids, starts = walks()
    with pytest.raises((ValueError, TypeError), match=error):
        encode_corpus(there((change(ids), starts)), min_count=1)


def test_starts_on_the_gpu_want_ids_there(gpu):
    ids, starts = walks()
    with pytest.raises(TypeError, match=r"expected both on the host: starts.get\(\)"):
        as_corpus((ids, fake_cupy.array(starts)))


def test_a_list_of_arrays_on_the_gpu_is_refused(gpu):
    with pytest.raises(TypeError, match="a sentence is an array on the GPU; expected all of them in one array"):
        as_corpus([fake_cupy.array([1, 2]), fake_cupy.array([3])])


def test_too_little_memory_is_said(gpu, monkeypatch):
    vocab, _ = encode_corpus(there(walks()), min_count=1)
    cure = (
        r"GB are free; take a smaller corpus, or copy it to the host \(ids.get\(\) of CuPy, .*\), which then encodes it"
    )
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 60 * 404)  # an id has 8 bytes
    with pytest.raises(MemoryError, match=f"counting 404 ids there needs .* {cure}"):
        encode_corpus(there(walks()), min_count=1)
    encode_with(there(walks()), vocab)
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: 40 * 404)
    with pytest.raises(MemoryError, match=f"looking up 404 ids there needs .* {cure}"):
        encode_with(there(walks()), vocab)


def on_the_second(corpus):
    with fake_cupy.on_device(1):
        return there(corpus)


OPTIONS = {"min_count": 1, "vector_size": 16, "epochs": 1, "sg": 1}


@pytest.mark.parametrize("in_use", [0, 1])
def test_walks_on_the_second_gpu_are_encoded_and_trained_there(in_use, gpu):
    """Whichever GPU CuPy uses; the stand-in lets no array of another one be worked on."""
    corpus = walks()
    host = Word2Vec(corpus, device="cuda", **OPTIONS)
    device = "cuda" if in_use else "cuda:1"
    shared = tuple(fake_cupy.ByDlpack(array, (2, 1)) for array in corpus)
    for found in (on_the_second(corpus), (on_the_second(corpus)[0], corpus[1]), shared):
        with fake_cupy.on_device(in_use):
            model = Word2Vec(found, device=device, **OPTIONS)
            np.testing.assert_array_equal(model.wv.vectors, host.wv.vectors)
            model.train(found, epochs=1)
        assert model._state.weights.on_device.data.device_id == 1
    matrix = on_the_second([np.arange(60).reshape(10, 6) % 20])[0]
    tokens = encode_corpus(matrix, min_count=1)[1]
    assert (tokens.ids.data.device_id, tokens.ids.memory.size) == (1, 60)


def test_the_queue_of_an_encoder_is_done_before_training_begins(gpu, monkeypatch):
    """The trainer's own queue waits for what the GPU in use was given, which need not be the corpus's."""
    waited = []
    monkeypatch.setattr(cuda_jit, "synchronize", lambda: waited.append(fake_cupy.cuda.runtime.getDevice()))
    corpus = on_the_second(walks())
    vocab, _ = encode_corpus(corpus, min_count=1)
    encode_with(corpus, vocab)
    assert waited == [1, 1]


@pytest.mark.parametrize(
    ("named", "in_use", "meant"),
    [("cuda", 0, '"cuda", which is cuda:0, CuPy\'s current GPU'), ("cuda:0", 0, '"cuda:0"'), ("cuda:0", 1, '"cuda:0"')],
)
def test_another_gpu_than_the_models_is_refused_before_it_is_counted(named, in_use, meant, gpu, monkeypatch):
    monkeypatch.setattr(cuda_jit, "free_memory", lambda: pytest.fail("it was to be encoded"))
    model = Word2Vec(device=named, **OPTIONS)
    said = re.escape(
        f"the corpus lies on cuda:1 and device is {meant}; expected both on one GPU: "
        'pass device="cuda:1", or copy it (with cupy.cuda.Device(0): ids = cupy.asarray(ids))'
    )
    with fake_cupy.on_device(in_use):
        with pytest.raises(ValueError, match=said):
            Word2Vec(on_the_second(walks()), device=named, **OPTIONS)
        model.build_vocab([[1, 2, 7]])
        with pytest.raises(ValueError, match=said):
            model.train(on_the_second(walks()), epochs=1)


def test_ids_and_starts_on_two_gpus_are_refused(gpu):
    ids, starts = walks()
    with pytest.raises(ValueError, match="ids are on cuda:0 and starts on cuda:1; expected starts on the same"):
        as_corpus((fake_cupy.array(ids), on_the_second([starts])[0]))


@pytest.mark.parametrize("device", ["cpu", "auto"])
def test_the_cpu_refuses_it(device, gpu):
    said = r'lies on the GPU and device is ".*"; pass device="cuda", or copy it to the host \(ids.get\(\) of CuPy'
    with pytest.raises(TypeError, match=said):
        Word2Vec(there(walks()), device=device, min_count=1)


def test_a_vocabulary_grows_from_walks_there(gpu):
    on_host, on_gpu = (Word2Vec(device="cuda", min_count=2, vector_size=16) for _ in range(2))
    for seed in range(3):
        ids = np.random.default_rng(seed).integers(10 * seed, 10 * seed + 25, 60)
        corpus = ids, np.array([0, 20, 60])
        on_host.build_vocab(corpus, update=seed > 0)
        on_gpu.build_vocab(there(corpus), update=seed > 0, keep_raw_vocab=True)
        assert on_gpu.wv.index_to_key == on_host.wv.index_to_key
        assert on_gpu.vocab.counts.tolist() == on_host.vocab.counts.tolist()
        assert on_gpu.wv.vectors.tobytes() == on_host.wv.vectors.tobytes()
        assert on_gpu.corpus_count == on_host.corpus_count
        assert sum(on_gpu.raw_vocab.values()) == 60

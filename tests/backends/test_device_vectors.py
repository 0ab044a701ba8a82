"""`Word2Vec.device_vectors`: whose memory they are, how long they last, when they are refused."""

import copy
import importlib.util
import pickle
import weakref
from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v import Word2Vec, trainer
from fastw2v.backends import cuda_plan
from fastw2v.backends.cuda import CudaBackend
from fastw2v.runtime import stopwatch
from fastw2v_kernels._jit import cuda as cuda_jit
from tests import fake_cupy

SENTENCES = [["a", "b", "c", "a"], ["b", "c"], ["d", "a"]] * 5
OPTIONS = {
    "min_count": 1,
    "vector_size": 10,
    "window": 2,
    "sg": 1,
    "epochs": 2,
    "sample": 0,
    "workers": 1,
}


@pytest.fixture
def launches(monkeypatch):
    """A GPU whose memory is the host's and whose kernels are the CPU's; the arguments of each launch."""
    return fake_cupy.install(monkeypatch)


def trained(device="cuda", **options):
    return Word2Vec(SENTENCES, device=device, **(OPTIONS | options))


@pytest.mark.parametrize("sg", [0, 1])
def test_they_are_the_memory_that_was_trained(sg, launches, monkeypatch):
    model = trained(sg=sg)
    monkeypatch.setattr(fake_cupy.ndarray, "get", lambda *_, **__: pytest.fail("something was downloaded"))
    monkeypatch.setattr(fake_cupy, "array", lambda *_: pytest.fail("something was copied"))
    vectors = model.device_vectors()
    assert isinstance(vectors, fake_cupy.ndarray)
    assert vectors.data.ptr == launches[-1]["w_in"].data.ptr == model.device_vectors().data.ptr
    assert (vectors.shape, vectors.dtype) == ((4, 10), np.float32)
    np.testing.assert_array_equal(vectors.memory, model.wv.vectors)
    assert not np.shares_memory(vectors.memory, model.wv.vectors)


def test_output_vectors_are_brought_back(launches):
    model = trained()
    w_out = launches[-1]["w_out"].memory
    assert w_out.any()
    np.testing.assert_array_equal(model.syn1neg, w_out[:, :10])
    assert not np.shares_memory(model.syn1neg, w_out)


def memory_of(launches):
    """What tells whether the matrices of the last launch are still there."""
    matrices = launches[-1]["w_in"].memory, launches[-1]["w_out"].memory
    launches.clear()
    return tuple(map(weakref.ref, matrices))


def test_the_model_keeps_the_input_rows_alone_and_drops_them(launches):
    model = trained()
    w_in, w_out = memory_of(launches)
    assert w_in() is not None
    assert w_out() is None
    vectors = model.device_vectors()
    model.release_device_vectors()
    assert w_in() is not None
    with pytest.raises(RuntimeError, match="no vectors of this model lie on a GPU"):
        model.device_vectors()
    del vectors
    assert w_in() is None
    model.release_device_vectors()


def test_further_training_has_memory_of_its_own(launches):
    model = trained()
    before = model.device_vectors()
    as_trained = before.get()
    model.train(SENTENCES, epochs=1)
    after = model.device_vectors()
    assert after.data.ptr == launches[-1]["w_in"].data.ptr
    np.testing.assert_array_equal(after.memory, model.wv.vectors)
    np.testing.assert_array_equal(before.memory, as_trained)
    assert (after.memory != as_trained).any()


def test_the_old_vectors_are_freed_before_an_upload(launches, monkeypatch):
    model, plan, held = trained(), cuda_plan.plan, []
    w_in, _ = memory_of(launches)
    monkeypatch.setattr(cuda_plan, "plan", lambda *args: held.append(w_in() is not None) or plan(*args))
    model.train(SENTENCES, epochs=1)
    assert held == [False]


def edit_a_row(model):
    model.wv["a"] = np.arange(10)


def put_a_matrix(model):
    model.wv.vectors = np.arange(40).reshape(4, 10) / 40


@pytest.mark.parametrize("edit", [edit_a_row, put_a_matrix])
def test_changes_on_the_host_are_neither_hidden_nor_lost(edit, launches):
    there, here = trained(), trained("cpu")
    for model in (there, here):
        edit(model)
    with pytest.raises(RuntimeError, match=r"wv was changed after .*to_gpu\(model.wv.vectors\) copies them there as"):
        there.device_vectors()
    for model in (there, here):
        model.train(SENTENCES, epochs=1)
    np.testing.assert_array_equal(there.wv.vectors, here.wv.vectors)
    np.testing.assert_array_equal(there.device_vectors().memory, here.wv.vectors)


def test_what_is_written_to_them_is_not_trained_on(launches):
    there, here = trained(), trained("cpu")
    there.device_vectors()[:] = 7
    np.testing.assert_array_equal(there.wv.vectors, here.wv.vectors)
    for model in (there, here):
        model.train(SENTENCES, epochs=1)
    np.testing.assert_array_equal(there.wv.vectors, here.wv.vectors)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_of_the_model_leaves_them_out(copied, launches):
    model = trained()
    twin = copied(model)
    np.testing.assert_array_equal(twin.wv.vectors, model.device_vectors().memory)
    with pytest.raises(RuntimeError, match="but not in a copy"):
        twin.device_vectors()
    twin.train(SENTENCES, epochs=1)
    np.testing.assert_array_equal(twin.device_vectors().memory, twin.wv.vectors)
    assert (twin.wv.vectors != model.device_vectors().memory).any()


def test_a_saved_model_leaves_them_out(launches, tmp_path):
    model = trained()
    model.save(tmp_path / "model.safetensors")
    loaded = Word2Vec.load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.wv.vectors, model.device_vectors().memory)
    with pytest.raises(RuntimeError, match="no vectors of this model lie on a GPU"):
        loaded.device_vectors()


def test_a_model_on_the_cpu_says_how_to_get_them():
    said = r'\(last trained on: cpu\); training with device="cuda" .* fastw2v.nn.to_gpu\(model.wv.vectors\) copies them'
    with pytest.raises(RuntimeError, match=said):
        trained("cpu").device_vectors()
    for model in (Word2Vec(**OPTIONS), Word2Vec(**OPTIONS)):
        model.release_device_vectors()
        with pytest.raises(RuntimeError, match=r"\(last trained on: none\)"):
            model.device_vectors()
        model.build_vocab(SENTENCES)


def test_a_new_vocabulary_or_a_training_on_the_cpu_ends_them(launches):
    for end in (lambda model: model.build_vocab(SENTENCES), train_on_the_cpu):
        model = trained()
        end(model)
        with pytest.raises(RuntimeError, match="no vectors of this model lie on a GPU"):
            model.device_vectors()


def train_on_the_cpu(model):
    model.config = trained("cpu").config
    model.train(SENTENCES, epochs=1)


def test_callbacks_have_them_once_training_has_ended(launches):
    found = []

    class Callback:
        def on_epoch_end(self, model):
            with pytest.raises(RuntimeError, match="leaves them there"):
                model.device_vectors()

        def on_train_end(self, model):
            found.append(model.device_vectors())

    model = trained(callbacks=[Callback()])
    np.testing.assert_array_equal(found[0].memory, model.wv.vectors)


class Checkpoints:
    """What a callback of epochs finds, and a file that it saves, at one of their events."""

    def __init__(self, event, folder):
        setattr(self, f"on_epoch_{event}", self.look)
        self.folder, self.seen, self.losses = folder, [], []

    def look(self, model):
        path = self.folder / f"{model.config.device}-{model.epochs_trained}"
        model.save(path)
        loaded = Word2Vec.load(path)
        self.seen.append((model.wv.vectors.copy(), loaded.wv.vectors, loaded._state.weights.w_out))
        self.losses.append((list(model.report.loss_per_epoch), model.report.pairs, model.report.raw_words))


@pytest.mark.parametrize("event", ["begin", "end"])
def test_callbacks_see_an_epochs_vectors_on_the_host(event, launches, tmp_path):
    here, there = (Checkpoints(event, tmp_path) for _ in range(2))
    for device, callback in (("cpu", here), ("cuda", there)):
        trained(device, epochs=3, compute_loss=True, callbacks=[callback])
    assert len(there.seen) == 3
    for seen, expected in zip(there.seen, here.seen, strict=True):
        for array, right in zip(seen, expected, strict=True):
            np.testing.assert_array_equal(array, right)
    for before, after in pairwise(there.seen):
        assert all((a != b).any() for a, b in zip(before, after, strict=True))
    assert there.losses == here.losses


def test_weights_are_copied_after_each_epoch_only_for_callbacks_of_epochs(launches, monkeypatch):
    now, download = [0.0], CudaBackend.download

    def slow(backend):
        now[0] += 10
        download(backend)

    monkeypatch.setattr(CudaBackend, "download", slow)
    for module in (trainer, stopwatch):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: now[0]))
    end = SimpleNamespace(on_epoch_end=lambda model: None)
    for callbacks, n_copies in (([], 1), ([SimpleNamespace(on_train_end=lambda model: None)], 1), ([end], 4)):
        seconds = trained(epochs=3, callbacks=callbacks).seconds
        assert (seconds["download"], seconds["train"]) == (10 * n_copies, 0)


@pytest.mark.skipif(importlib.util.find_spec("cupy") is None or cuda_jit.IS_SIMULATED, reason="no CuPy")
def test_cupys_own_arrays_over_the_hosts_memory():
    """Views and copies of a model hold without a GPU to work on."""
    cupy, model = cuda_jit.array_module(), trained("cpu")
    host = model._state.weights.w_in
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, device_id=0)
    model._state.weights.on_device = cupy.ndarray(host.shape, np.float32, memptr=cupy.cuda.MemoryPointer(memory, 0))
    vectors = model.device_vectors()
    assert (vectors.data.ptr, vectors.shape, vectors.strides) == (host.ctypes.data, (4, 10), host.strides)
    assert type(vectors) is cupy.ndarray
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).wv.vectors, model.wv.vectors)

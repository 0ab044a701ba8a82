import numpy as np
import pytest

from fastw2v.runtime import devices
from fastw2v.runtime.devices import as_cupy, as_shared_array, gpu_index, gpu_of, is_cuda, is_on_gpu
from fastw2v_kernels._jit import cuda as cuda_jit
from tests import fake_cupy


@pytest.fixture
def gpu(monkeypatch):
    fake_cupy.install(monkeypatch)


@pytest.mark.parametrize("device", ["cuda", "cuda:0", "cuda:x", "cuda:"])
def test_names_of_gpus(device):
    assert is_cuda(device)


@pytest.mark.parametrize("device", ["cpu", "auto", "cudas", "CUDA", None, 0])
def test_names_of_other_devices(device):
    assert not is_cuda(device)


def test_the_number_of_a_gpu():
    assert [gpu_index(device) for device in ("cuda", "cuda:0", "cuda:12")] == [None, 0, 12]
    for device in ("cuda:", "cuda:x", "cuda:-1"):
        with pytest.raises(ValueError, match='expected "cuda", or "cuda:0" and so on'):
            gpu_index(device)


@pytest.mark.usefixtures("gpu")
def test_where_an_array_lies():
    with devices.on_device(1):
        there = fake_cupy.array(np.arange(3))
    assert is_on_gpu(there)
    assert gpu_of(there) == 1
    assert not is_on_gpu(np.arange(3))
    assert not is_on_gpu([1, 2, 3])


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("foreign", [fake_cupy.ByInterface, fake_cupy.ByDlpack, fake_cupy.ByBoth])
def test_arrays_of_other_libraries_share_their_memory(foreign):
    memory = np.arange(5)
    for shared in (as_cupy(foreign(memory)), as_shared_array(foreign(memory))):
        assert isinstance(shared, fake_cupy.ndarray)
        assert shared.data.ptr == memory.ctypes.data


@pytest.mark.usefixtures("gpu")
def test_an_array_in_host_memory_becomes_numpys():
    memory = np.arange(5)
    foreign = fake_cupy.ByDlpack(memory, device=(1, 0))
    assert as_cupy(foreign) is foreign
    assert np.shares_memory(as_shared_array(foreign), memory)


@pytest.mark.parametrize("value", [np.arange(3), [1, 2], "a", None])
def test_anything_else_is_returned_unchanged(value):
    assert as_cupy(value) is value
    assert as_shared_array(value) is value


def test_a_gpu_that_cannot_be_used_is_told_with_the_reason(monkeypatch):
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: "there is no driver")
    for convert in (as_cupy, as_shared_array):
        with pytest.raises(cuda_jit.CudaUnavailableError, match="cannot be used: there is no driver; or copy it"):
            convert(fake_cupy.ByDlpack(np.arange(5)))


def test_another_kind_of_device_is_refused():
    with pytest.raises(TypeError, match="lies on a device of DLPack's kind 7; expected the host or CUDA: copy it to"):
        as_shared_array(fake_cupy.ByDlpack(np.arange(5), device=(7, 0)))

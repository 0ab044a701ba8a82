import pytest

from fastw2v import Word2Vec
from fastw2v.backends import check_device, get_backend
from fastw2v_kernels._jit import cuda as cuda_jit


@pytest.mark.parametrize("device", ["tpu", "", None, 0, "CPU", "cudas"])
def test_unknown_device(device):
    with pytest.raises(ValueError, match=r'expected "auto", "cpu" or "cuda"'):
        get_backend(device)


@pytest.mark.parametrize("device", ["cuda:", "cuda:x", "cuda:-1"])
def test_a_gpu_without_a_number(device):
    with pytest.raises(ValueError, match='expected "cuda", or "cuda:0" and so on'):
        get_backend(device)


@pytest.mark.parametrize(("device", "number"), [("cuda", None), ("cuda:0", 0), ("cuda:3", 3)])
def test_a_gpu_that_cannot_be_used_is_refused_with_the_cure(device, number, monkeypatch):
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: f"no driver for {index}; install it")
    for refuse in (check_device, get_backend, lambda device: Word2Vec([["a", "b"]], device=device, min_count=1)):
        with pytest.raises(
            cuda_jit.CudaUnavailableError,
            match=rf'^device "{device}" cannot be used: no driver for {number}; install it; or use device="cpu"',
        ):
            refuse(device)


def test_auto_device_says_what_it_chose(caplog):
    with caplog.at_level("INFO", "fastw2v"):
        assert get_backend("auto").name == "cpu"
    assert caplog.messages == ['device "auto": training on the CPU; to train on a GPU, pass device="cuda"']

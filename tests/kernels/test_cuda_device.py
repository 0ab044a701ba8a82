"""What is said where a GPU, a package, a compiler or memory is missing; what becomes of arrays."""

import importlib.util
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.nn import checks, dispatch, embedding
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.inputs import Matrices

OPS_BY_NAME = {op.name: op for op in OPS}
GB = 10**9
HAS_CUPY = importlib.util.find_spec("cupy") is not None
on_cuda = pytest.mark.cuda


@pytest.fixture
def fake_cuda(monkeypatch):
    """CuPy and the driver replaced by stand-ins, outside the simulator."""
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", False)
    monkeypatch.setattr(cuda_jit, "cuda_status", cuda_jit.cuda_status.__wrapped__)
    monkeypatch.setattr(cuda_jit.util, "find_spec", lambda name: name)
    compiler = SimpleNamespace(
        get_cuda_paths=lambda: {"libdevice": SimpleNamespace(info="a path")}, load_nvidia_dynamic_lib=lambda name: None
    )
    monkeypatch.setattr(cuda_jit, "import_module", lambda name: compiler)
    monkeypatch.setattr(cuda_jit, "_numba_cuda", lambda: SimpleNamespace(implementation="NVIDIA"))
    pool = FakePool()
    runtime = SimpleNamespace(getDevice=lambda: 0, getDeviceCount=lambda: 2, memGetInfo=lambda: (pool.free, 8 * GB))
    cupy = SimpleNamespace(
        ndarray=FakeCupyArray,
        cuda=SimpleNamespace(
            is_available=lambda: True, runtime=runtime, Device=lambda index: SimpleNamespace(use=lambda: None)
        ),
        get_default_memory_pool=lambda: pool,
        compiler=compiler,
    )
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    return cupy


class FakePool:
    """CuPy's pool on a GPU with 3 GB free: it holds 2 GB, of which it keeps half a GB for arrays of some stream."""

    def __init__(self):
        self.free, self.held, self.kept, self.limit, self.n_given_back = 3 * GB, 2 * GB, GB // 2, 0, 0

    def free_all_blocks(self, stream=None):
        self.free, self.held, self.kept = self.free + self.kept, self.held - self.kept, 0
        self.n_given_back += 1

    def get_limit(self):
        return self.limit

    def total_bytes(self):
        return self.held

    def free_bytes(self):
        return self.kept


class FakeCupyArray:
    dtype, shape, ndim, flags = np.dtype(np.float32), (3, 4), 2, SimpleNamespace(c_contiguous=True)
    strides = (16, 4)

    def __init__(self, device):
        self.data = SimpleNamespace(device_id=device, ptr=0)


def test_a_usable_gpu(fake_cuda):
    assert cuda_jit.cuda_status() is None
    assert cuda_jit.cuda_status(1) is None


def test_the_simulator_by_itself_is_refused(run_python):
    done = run_python("-c", "from fastw2v import Word2Vec; Word2Vec([['a']], device='cuda')", NUMBA_ENABLE_CUDASIM="1")
    assert 'CudaUnavailableError: device "cuda" cannot be used: NUMBA_ENABLE_CUDASIM is set' in done.stderr
    assert "unset it" in done.stderr


@pytest.mark.parametrize("missing", ["numba_cuda", "cupy"])
def test_a_missing_package_is_named(fake_cuda, missing, monkeypatch):
    monkeypatch.setattr(cuda_jit.util, "find_spec", lambda name: None if name == missing else name)
    assert f"{missing} cannot be found; pip install '.[cuda13]'" in cuda_jit.cuda_status()


def test_a_redirect_that_did_not_take(fake_cuda, monkeypatch):
    monkeypatch.setattr(cuda_jit, "_numba_cuda", lambda: SimpleNamespace(implementation="Built-in"))
    assert "before numba.cuda" in cuda_jit.cuda_status()


def test_a_numpy_that_is_too_new(fake_cuda, monkeypatch):
    def fail():
        raise ImportError("Numba needs NumPy 2.5 or less")

    monkeypatch.setattr(cuda_jit, "_numba_cuda", fail)
    assert "Numba needs NumPy 2.5 or less" in cuda_jit.cuda_status()
    assert "pip install 'numpy<2.5'" in cuda_jit.cuda_status()


def test_no_driver(fake_cuda):
    fake_cuda.cuda.is_available = lambda: False
    assert "install the driver" in cuda_jit.cuda_status()
    with pytest.raises(cuda_jit.CudaUnavailableError, match=r'install the driver.*or use device="cpu"'):
        cuda_jit.require_cuda()


def _not_found(name):
    raise RuntimeError(f'Failure finding "lib{name}.so"\n  and where that was looked for')


@pytest.mark.parametrize(
    ("lacking", "found", "said"),
    [
        ("get_cuda_paths", lambda: _not_found("nvvm"), 'Failure finding "libnvvm.so"'),
        ("get_cuda_paths", lambda: {"libdevice": SimpleNamespace(info=None)}, "libdevice is nowhere"),
        ("load_nvidia_dynamic_lib", _not_found, 'Failure finding "libnvJitLink.so"'),
    ],
)
def test_a_missing_compiler_is_said_before_a_kernel_needs_it(fake_cuda, lacking, found, said):
    setattr(fake_cuda.compiler, lacking, found)
    reason = cuda_jit.cuda_status()
    assert f"CUDA's compiler cannot be found ({said}); pip install '.[cuda13]'" in reason
    assert "let CUDA_HOME name a whole toolkit" in reason


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="no numba-cuda")
@pytest.mark.skipif(cuda_jit.IS_SIMULATED, reason="the simulator has no compiler")
def test_the_compiler_that_is_installed_is_found():
    cuda_jit._numba_cuda()
    assert cuda_jit._no_compiler() is None


@pytest.mark.parametrize("index", [2, 7])
def test_a_gpu_that_does_not_exist(fake_cuda, index):
    assert f"no device cuda:{index}; expected cuda:0 to cuda:1 (2 on" in cuda_jit.cuda_status(index)


def test_too_little_memory_is_said_before_any_is_taken(fake_cuda):
    cuda_jit.require_memory(3_500_000_000, "a model")
    with pytest.raises(MemoryError, match=r"a model needs 3\.60 GB on the GPU and 3\.50 GB are free; take a smaller"):
        cuda_jit.require_memory(3_600_000_000, "a model")


def test_what_the_pool_keeps_is_given_back_where_it_is_needed(fake_cuda):
    """It serves arrays of one stream alone; while there is enough it stays, so that arrays come and go at no cost."""
    pool = fake_cuda.get_default_memory_pool()
    cuda_jit.require_memory(3 * GB, "an array")
    assert (pool.kept, pool.n_given_back) == (GB // 2, 0)
    cuda_jit.require_memory(3 * GB + 1, "an array")
    assert (pool.kept, pool.n_given_back) == (0, 1)
    assert cuda_jit.free_memory() == pool.free == 3_500_000_000


@pytest.mark.parametrize(("limit", "free_bytes"), [(0, 3.5 * GB), (9 * GB, 3.5 * GB), (2 * GB, GB // 2), (GB, 0)])
def test_the_limit_of_the_pool_is_kept_to(fake_cuda, limit, free_bytes):
    """1.5 GB of it are in use."""
    fake_cuda.get_default_memory_pool().limit = limit
    assert cuda_jit.free_memory() == free_bytes
    cuda_jit.require_memory(free_bytes, "an array")
    with pytest.raises(MemoryError, match=f"and {free_bytes / GB:.2f} GB are free"):
        cuda_jit.require_memory(free_bytes + 1, "an array")


@pytest.mark.skipif(not HAS_CUPY, reason="no CuPy: pip install '.[cuda13]'")
def test_cupys_pool_has_what_is_asked_of_it():
    import cupy

    documented = cupy.cuda.MemoryPool.free_all_blocks.__doc__
    assert documented.startswith("MemoryPool.free_all_blocks(self, stream=None)")
    assert type(cupy.get_default_memory_pool()) is cupy.cuda.MemoryPool
    assert set(dir(cupy.cuda.MemoryPool)) >= {name for name in vars(FakePool) if not name.startswith("_")}
    assert callable(cupy.cuda.runtime.memGetInfo)


def test_arrays_of_two_places_are_refused(fake_cuda):
    assert cuda_jit._common_device((FakeCupyArray(1), 3, FakeCupyArray(1))) == 1
    with pytest.raises(ValueError, match="lie on cuda:0 and cuda:1; expected all on one GPU"):
        cuda_jit._common_device((FakeCupyArray(1), FakeCupyArray(0)))
    with pytest.raises(TypeError, match=r"of shape \(3,\), is NumPy's; move it: to_gpu"):
        cuda_jit._common_device((FakeCupyArray(1), np.zeros(3)))


def test_arrays_in_a_named_tuple_are_arguments_like_others(fake_cuda, monkeypatch):
    here, elsewhere = Matrices(FakeCupyArray(0), FakeCupyArray(0)), Matrices(FakeCupyArray(0), FakeCupyArray(1))
    assert cuda_jit._common_device((here, 3)) == 0
    with pytest.raises(ValueError, match="lie on cuda:0 and cuda:1"):
        cuda_jit._common_device((elsewhere,))
    with pytest.raises(TypeError, match="is NumPy's"):
        cuda_jit._common_device((here._replace(w_in=np.zeros(3)),))
    monkeypatch.setattr(cuda_jit, "is_device_array", lambda array: isinstance(array, FakeCupyArray))
    monkeypatch.setattr(cuda_jit, "_device_view", lambda place: place[-1])
    assert cuda_jit._argument(elsewhere) == Matrices(0, 1)
    assert type(cuda_jit._argument(elsewhere)) is Matrices
    assert cuda_jit._argument((np.float32(1), 2)) == (1, 2)


def test_an_array_of_another_gpu_is_refused_where_it_comes_in(fake_cuda):
    here, elsewhere = FakeCupyArray(0), FakeCupyArray(1)
    said = "lies on cuda:1 and CuPy uses cuda:0; expected all arrays of a model on one GPU: copy it with to_gpu"
    for device in ("auto", "cuda", "cuda:0"):
        with pytest.raises(ValueError, match=f"an array {said}"):
            dispatch.resolve(device, elsewhere)
    with pytest.raises(ValueError, match=f"idx {said}"):
        checks.row_ids(elsewhere, 5, "idx")
    with pytest.raises(ValueError, match=f"h {said}"):
        checks.numbers(elsewhere, "h")
    with pytest.raises(ValueError, match=f"W {said}"):
        embedding.gather_rows(elsewhere, np.zeros((1, 1), np.int64), (1,), device="cuda")
    with pytest.raises(ValueError, match=f"a gradient {said}"):
        nn.SGD().update([here], [elsewhere])


@pytest.mark.skipif(not HAS_CUPY or cuda_jit.IS_SIMULATED, reason="no CuPy: pip install '.[cuda13]'")
def test_cupy_arrays_keep_their_memory_and_gradients_their_rows():
    """A CuPy array over the host's memory: enough to look at it, without a GPU."""
    import cupy

    from fastw2v.nn import arrays, row_gradient_gpu
    from fastw2v.runtime import devices

    host = np.arange(12, dtype=np.float32)
    memory = cupy.cuda.UnownedMemory(host.ctypes.data, host.nbytes, host, device_id=0)
    array = cupy.ndarray((3, 4), np.float32, memptr=cupy.cuda.MemoryPointer(memory, 0))
    assert cuda_jit._common_device((array, 3)) == 0
    assert devices.is_on_gpu(array)
    assert arrays.as_array(array) is array
    gradient = array.view(type=row_gradient_gpu._gpu_class())
    assert type(arrays.plain(gradient)) is cupy.ndarray
    assert arrays.plain(gradient).data.ptr == host.ctypes.data
    for write in (lambda: gradient.fill(0), lambda: gradient.__setitem__(0, 1), lambda: gradient.__imul__(2)):
        gradient.touch(np.arange(2))
        with pytest.raises(cupy.cuda.runtime.CUDARuntimeError):
            write()  # which gets as far as the driver
        assert gradient.rows is None

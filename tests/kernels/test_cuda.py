"""What is particular to CUDA: conflicting rows, ids that are no rows, the door's refusals, CuPy's arrays."""

import importlib.util
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from fastw2v import nn
from fastw2v.nn import checks, dispatch, layers
from fastw2v_kernels._jit import cuda as cuda_jit
from fastw2v_kernels.ops import OPS
from fastw2v_kernels.shared.span.cases import alias_table
from tests.kernels.harness import copy, results, to_device, to_host

OPS_BY_NAME = {op.name: op for op in OPS}
GB = 10**9
HAS_CUPY = importlib.util.find_spec("cupy") is not None
on_cuda = pytest.mark.cuda


def case_of(name, size=5, **changes):
    return OPS_BY_NAME[name].make_case(np.random.default_rng(1), size) | changes


def run(name, case, device="cuda"):
    return results(OPS_BY_NAME[name], device, case)


@on_cuda
def test_repeated_rows_add_up_over_warps_and_blocks():
    ids = np.random.default_rng(0).integers(0, 2, (30, 4))
    case = case_of("embedding_backward", scale=1.0, ids=ids, stale_ids=np.arange(2), dout=np.ones((30, 5), np.float32))
    dw = run("embedding_backward", case)["dw"]
    np.testing.assert_array_equal(dw[:2], np.bincount(ids.ravel())[:, None] * np.ones(5))


@on_cuda
def test_repeated_targets_add_up():
    targets = np.zeros((30, 6), np.int64)
    ones = {
        "h": np.ones((30, 5), np.float32),
        "probability": np.ones((30, 6), np.float32),
        "dh": np.zeros((30, 5), "f"),
    }
    case = case_of("dot_sigmoid_loss_backward", targets=targets, labels=np.zeros(6, np.float32), dout=30.0, **ones)
    case["stale_ids"][0] = 0
    assert (run("dot_sigmoid_loss_backward", case)["dw"][0] == 180).all()


@on_cuda
@pytest.mark.skipif(not cuda_jit.IS_SIMULATED, reason="counts the simulator's atomics")
def test_a_block_adds_to_the_loss_once(monkeypatch):
    from numba.cuda.simulator.kernelapi import FakeCUDAAtomic

    n_added, add = [], FakeCUDAAtomic.add
    monkeypatch.setattr(FakeCUDAAtomic, "add", lambda *args: n_added.append(1) or add(*args))
    monkeypatch.setattr(cuda_jit, "WARPS_PER_BLOCK", 3)
    case = case_of("dot_sigmoid_loss")
    expected = run("dot_sigmoid_loss", copy(case), "reference")["loss"]
    np.testing.assert_allclose(run("dot_sigmoid_loss", case)["loss"], expected, rtol=1e-6)
    assert len(n_added) == cuda_jit._MAX_BLOCKS


@pytest.mark.parametrize(("n_rows", "n_cols"), [(1, 1), (100, 100), (10_000, 100), (10**6, 100), (3, 5000), (10**6, 5)])
def test_a_launch_has_a_thread_for_each_column_and_few_more(monkeypatch, n_rows, n_cols):
    launched = []
    monkeypatch.setattr(cuda_jit, "_launch", lambda kernel, grid, block, args: launched.append((grid, block)))
    monkeypatch.setattr(cuda_jit, "_THREADS_PER_BLOCK", 512)
    monkeypatch.setattr(cuda_jit, "_ENOUGH_BLOCKS", 128)
    monkeypatch.setattr(cuda_jit, "_MAX_BLOCKS", 1 << 14)
    cuda_jit.launch_elements(None, n_rows, n_cols)
    (((n_parts, n_blocks), (width, height)),) = launched
    assert n_cols <= n_parts * width < n_cols + n_parts
    assert 1 <= n_blocks <= 1 << 14
    assert n_blocks * height >= n_rows or n_blocks == 1 << 14
    lanes = -(-width * height // 32) * 32
    assert lanes <= 512
    if n_rows >= 10_000:
        assert width * height / lanes > 0.97
    else:
        assert n_blocks >= min(n_rows, 100)


BAD_IDS = [-1, 37, 2**40, -(2**62)]


@on_cuda
@pytest.mark.parametrize("bad", BAD_IDS)
def test_an_id_that_is_no_row_reads_nan(bad):
    case = case_of("embedding")
    case["ids"][3, 2] = bad
    assert np.isnan(run("embedding", case)["out"]).all(axis=1).tolist() == [False, False, False, True, False]
    case = case_of("dot_sigmoid_loss")
    case["targets"][3, 2] = bad
    after = run("dot_sigmoid_loss", case)
    assert np.isnan(after["loss"][0])
    assert np.argwhere(np.isnan(after["probability"])).tolist() == [[3, 2]]


@on_cuda
@pytest.mark.parametrize("bad", BAD_IDS)
@pytest.mark.parametrize(
    ("name", "ids"),
    [("embedding_backward", "ids"), ("embedding_backward", "stale_ids"), ("dot_sigmoid_loss_backward", "targets"),
     ("dot_sigmoid_loss_backward", "stale_ids"), ("sparse_adam", "rows")],
)  # fmt: skip
def test_an_id_that_is_no_row_writes_nothing(name, ids, bad):
    case, expected = case_of(name), case_of(name)
    case[ids].flat[-1] = bad
    expected[ids] = expected[ids].flatten()[:-1] if expected[ids].ndim == 1 else expected[ids]
    if expected[ids].ndim == 2:  # the example's other ids alone
        expected[ids][-1, -1] = case[ids].flat[0]
        touched = {case[ids].flat[0], case_of(name)[ids].flat[-1]}
    else:
        touched = set()
    others = np.setdiff1d(np.arange(37), list(touched))
    after, right = run(name, case), run(name, expected, "reference")
    for array in OPS_BY_NAME[name].updates:
        np.testing.assert_allclose(after[array][others], right[array][others], rtol=1e-5, atol=1e-6)


@on_cuda
@pytest.mark.parametrize("dtype", [np.int32, np.uint16])
@pytest.mark.parametrize("name", ["embedding", "dot_sigmoid_loss", "unigram_sampler", "sparse_adam", "unique_rows"])
def test_ids_of_any_integer_type(name, dtype):
    case, wide = case_of(name), case_of(name)
    for array in {"ids", "targets", "rows"} & set(case) - ({"rows"} if name == "unique_rows" else set()):
        case[array] = case[array].astype(dtype)
    expected = run(name, wide)
    for array, value in run(name, case).items():
        np.testing.assert_array_equal(value, expected[array])


@on_cuda
@pytest.mark.parametrize("name", ["embedding", "embedding_backward", "dot_sigmoid_loss", "dot_sigmoid_loss_backward",
                                  "unigram_sampler", "unique_rows", "sparse_adam", "topk"])  # fmt: skip
def test_an_empty_batch(name):
    case = case_of(name)
    per_example = "ids out dout h targets probability dh rows scores best_scores best_rows".split()
    case |= {array: case[array][:0] for array in per_example if isinstance(case.get(array), np.ndarray)}
    expected = run(name, copy(case), "reference")
    for array, value in run(name, case).items():
        np.testing.assert_array_equal(value, expected[array])


@on_cuda
@pytest.mark.parametrize("distinct", [False, True])
@pytest.mark.parametrize("weights", [np.arange(1, 41) ** -0.75, np.r_[1e12, np.ones(9)], np.ones(7)], ids=len)
def test_the_sampler_draws_what_the_reference_draws(weights, distinct):
    """The mass on one word makes it scan the table, which few draws in a corpus do."""
    alias_prob, alias_id = alias_table(np.array(weights, float))
    case = {
        "alias_prob": alias_prob,
        "alias_id": alias_id,
        "targets": np.arange(9) % len(weights),
        "distinct": distinct,
    }
    case |= {"seed": 2**64 - 1, "first_draw": 2**40, "out": np.zeros((9, 6), np.int32)}
    expected = run("unigram_sampler", {**case, "out": np.zeros((9, 6), np.int32)}, "reference")["out"]
    np.testing.assert_array_equal(run("unigram_sampler", case)["out"], expected)


@on_cuda
def test_too_few_words_leave_no_negative():
    alias_prob, alias_id = alias_table(np.ones(4))
    case = {"alias_prob": alias_prob, "alias_id": alias_id, "targets": np.array([2]), "seed": 1, "first_draw": 0}
    out = run("unigram_sampler", case | {"distinct": True, "out": np.zeros((1, 5), np.int32)})["out"]
    assert sorted(out[0]) == [-1, -1, 0, 1, 3]


@on_cuda
@pytest.mark.parametrize("ids", [[5], [5, 2, 5], [36, 0, 36, 0, 7] * 20], ids=len)
def test_unique_rows_come_in_the_order_of_first_occurrence(ids):
    case = case_of("unique_rows", ids=np.array(ids, np.int64), rows=np.zeros(len(ids), np.int64))
    found, expected = run("unique_rows", case), list(dict.fromkeys(ids))
    assert found["n_unique"] == len(expected)
    np.testing.assert_array_equal(found["rows"], expected + [-1] * (len(ids) - len(expected)))


@pytest.mark.parametrize("device", ["reference", "cpu", "cuda"])
def test_blocks_of_scores_leave_the_best_of_all(device):
    rng = np.random.default_rng(4)
    scores = rng.integers(0, 40, (3, 500)).astype(np.float32)  # many are equal
    scores[0, ::3], scores[1, 5:] = np.nan, -np.inf
    there = to_device if device == "cuda" else dict
    best = there({"best_scores": np.full((3, 9), -np.inf, np.float32), "best_rows": np.full((3, 9), -1, np.int64)})
    for first in range(0, 500, 137):
        block = there({"scores": np.ascontiguousarray(scores[:, first : first + 137])})
        OPS_BY_NAME["topk"].implementation(device)(**block, first_row=first, **best)
    for q, line in enumerate(scores):
        good = [row for row in range(500) if line[row] > -np.inf]
        expected = (sorted(good, key=lambda row: (-line[row], row)) + [-1] * 9)[:9]
        assert to_host(best["best_rows"])[q].tolist() == expected
        expected_scores = [line[row] if row >= 0 else -np.inf for row in expected]
        np.testing.assert_array_equal(to_host(best["best_scores"])[q], expected_scores)


@on_cuda
@pytest.mark.parametrize("name", [op.name for op in OPS if "cuda" in op.devices])
def test_arrays_that_do_not_fit_are_refused(name):
    op, case = OPS_BY_NAME[name], case_of(name)
    for array, fit in case.items():
        if isinstance(fit, np.ndarray) and (name, array) != ("unique_rows", "ids"):  # which may have any shape
            for unfit in (fit.astype(np.complex64), fit[None]):
                with pytest.raises((TypeError, ValueError), match="expected"):
                    op.implementation("cuda")(**to_device(case | {array: unfit}))


@pytest.mark.skipif(cuda_jit.cuda_status() is None, reason="there is a GPU, or the simulator")
@pytest.mark.parametrize(("option", "outcome"), [((), "1 skipped"), (("--require-cuda",), "1 error")])
def test_a_missing_gpu_is_a_skip_or_where_it_is_required_a_failure(option, outcome):
    test = f"{__file__}::test_too_few_words_leave_no_negative"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *option, test]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert outcome in done.stdout.splitlines()[-1]


# What follows needs no GPU: the door's answers, with the world around it arranged.


@pytest.fixture
def door(monkeypatch):
    """The door as it is outside the simulator, asked anew."""
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

    def __init__(self, device):
        self.data = SimpleNamespace(device_id=device)


def test_a_usable_gpu(door):
    assert cuda_jit.cuda_status() is None
    assert cuda_jit.cuda_status(1) is None


def test_the_simulator_by_itself_is_refused(run_python):
    done = run_python("-c", "from fastw2v import Word2Vec; Word2Vec([['a']], device='cuda')", NUMBA_ENABLE_CUDASIM="1")
    assert 'CudaUnavailableError: device "cuda" cannot be used: NUMBA_ENABLE_CUDASIM is set' in done.stderr
    assert "unset it" in done.stderr


@pytest.mark.parametrize("missing", ["numba_cuda", "cupy"])
def test_a_missing_package_is_named(door, missing, monkeypatch):
    monkeypatch.setattr(cuda_jit.util, "find_spec", lambda name: None if name == missing else name)
    assert f"{missing} cannot be found; pip install 'fastw2v[cuda13]'" in cuda_jit.cuda_status()


def test_a_redirect_that_did_not_take(door, monkeypatch):
    monkeypatch.setattr(cuda_jit, "_numba_cuda", lambda: SimpleNamespace(implementation="Built-in"))
    assert "before numba.cuda" in cuda_jit.cuda_status()


def test_a_numpy_that_is_too_new(door, monkeypatch):
    def fail():
        raise ImportError("Numba needs NumPy 2.5 or less")

    monkeypatch.setattr(cuda_jit, "_numba_cuda", fail)
    assert "Numba needs NumPy 2.5 or less" in cuda_jit.cuda_status()
    assert "pip install 'numpy<2.5'" in cuda_jit.cuda_status()


def test_no_driver(door):
    door.cuda.is_available = lambda: False
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
def test_a_missing_compiler_is_said_before_a_kernel_needs_it(door, lacking, found, said):
    setattr(door.compiler, lacking, found)
    reason = cuda_jit.cuda_status()
    assert f"CUDA's compiler cannot be found ({said}); pip install 'fastw2v[cuda13]'" in reason
    assert "let CUDA_HOME name a whole toolkit" in reason


@pytest.mark.skipif(importlib.util.find_spec("numba_cuda") is None, reason="no numba-cuda")
@pytest.mark.skipif(cuda_jit.IS_SIMULATED, reason="the simulator has no compiler")
def test_the_compiler_that_is_installed_is_found():
    cuda_jit._numba_cuda()
    assert cuda_jit._no_compiler() is None


@pytest.mark.parametrize("index", [2, 7])
def test_a_gpu_that_does_not_exist(door, index):
    assert f"no device cuda:{index}; expected cuda:0 to cuda:1 (2 on" in cuda_jit.cuda_status(index)


def test_too_little_memory_is_said_before_any_is_taken(door):
    cuda_jit.require_memory(3_500_000_000, "a model")
    with pytest.raises(MemoryError, match=r"a model needs 3\.60 GB on the GPU and 3\.50 GB are free; take a smaller"):
        cuda_jit.require_memory(3_600_000_000, "a model")


def test_what_the_pool_keeps_is_given_back_where_it_is_needed(door):
    """It serves arrays of one stream alone; while there is enough it stays, so that arrays come and go at no cost."""
    pool = door.get_default_memory_pool()
    cuda_jit.require_memory(3 * GB, "an array")
    assert (pool.kept, pool.n_given_back) == (GB // 2, 0)
    cuda_jit.require_memory(3 * GB + 1, "an array")
    assert (pool.kept, pool.n_given_back) == (0, 1)
    assert cuda_jit.free_memory() == pool.free == 3_500_000_000


@pytest.mark.parametrize(("limit", "free_bytes"), [(0, 3.5 * GB), (9 * GB, 3.5 * GB), (2 * GB, GB // 2), (GB, 0)])
def test_the_limit_of_the_pool_is_kept_to(door, limit, free_bytes):
    """1.5 GB of it are in use."""
    door.get_default_memory_pool().limit = limit
    assert cuda_jit.free_memory() == free_bytes
    cuda_jit.require_memory(free_bytes, "an array")
    with pytest.raises(MemoryError, match=f"and {free_bytes / GB:.2f} GB are free"):
        cuda_jit.require_memory(free_bytes + 1, "an array")


@pytest.mark.skipif(not HAS_CUPY, reason="no CuPy: pip install 'fastw2v[cuda13]'")
def test_cupys_pool_has_what_is_asked_of_it():
    import cupy

    documented = cupy.cuda.MemoryPool.free_all_blocks.__doc__
    assert documented.startswith("MemoryPool.free_all_blocks(self, stream=None)")
    assert type(cupy.get_default_memory_pool()) is cupy.cuda.MemoryPool
    assert set(dir(cupy.cuda.MemoryPool)) >= {name for name in vars(FakePool) if not name.startswith("_")}
    assert callable(cupy.cuda.runtime.memGetInfo)


def test_arrays_of_two_places_are_refused(door):
    assert cuda_jit._common_device((FakeCupyArray(1), 3, FakeCupyArray(1))) == 1
    with pytest.raises(ValueError, match="lie on cuda:0 and cuda:1; expected all on one GPU"):
        cuda_jit._common_device((FakeCupyArray(1), FakeCupyArray(0)))
    with pytest.raises(TypeError, match=r"of shape \(3,\), is NumPy's; move it: to_gpu"):
        cuda_jit._common_device((FakeCupyArray(1), np.zeros(3)))


def test_an_array_of_another_gpu_is_refused_where_it_comes_in(door):
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
        layers.gather_rows(elsewhere, np.zeros((1, 1), np.int64), (1,), "cuda")
    with pytest.raises(ValueError, match=f"a gradient {said}"):
        nn.SGD().update([here], [elsewhere])


@pytest.mark.skipif(not HAS_CUPY or cuda_jit.IS_SIMULATED, reason="no CuPy: pip install 'fastw2v[cuda13]'")
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

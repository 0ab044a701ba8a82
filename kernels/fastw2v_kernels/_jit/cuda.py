"""CUDA: compiler, arrays, launches, and whether a GPU can be used. No other module imports CUDA packages.

Importing this module imports neither numba.cuda nor cupy. They are imported with the first kernel, or when a function
here needs the device. Kernels use only what every successor of numba-cuda offers: cuda.jit, shuffles, atomics.
With NUMBA_ENABLE_CUDASIM=1, Numba's simulator runs the kernels on NumPy arrays.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import cache, lru_cache
from importlib import import_module, util
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from fastw2v_kernels._jit import gpu_memory

F = TypeVar("F", bound=Callable[..., Any])

IS_SIMULATED = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")
WARP = 32  # lanes
WARPS_PER_BLOCK = 1 if IS_SIMULATED else 4
MAX_WARPS_PER_BLOCK = 32
_THREADS_PER_BLOCK = 32 if IS_SIMULATED else 512
_ENOUGH_BLOCKS = 1 if IS_SIMULATED else 128  # so that every processor of a GPU gets one, even for a small batch
# Each thread strides over the remaining work, so more blocks than a GPU runs at once gain nothing.
_MAX_BLOCKS = 3 if IS_SIMULATED else 1 << 14
_EXTRAS = "pip install '.[cuda13]' in the checkout (cuda12 for a driver older than 580)"


class CudaUnavailableError(RuntimeError):
    """CUDA cannot be used; the message says why, and the cure."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - numba.cuda has no public types
    """Module attribute `cuda`: numba.cuda, imported when a kernel's file asks for it."""
    if name == "cuda":
        return _numba_cuda()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _numba_cuda() -> ModuleType:
    """Import numba.cuda: NVIDIA's package if it is installed, else Numba's."""
    if not hasattr(np, "row_stack"):  # gone from NumPy 2.5; numba-cuda 0.30 registers an overload of it
        setattr(np, "row_stack", np.vstack)  # noqa: B010 - newer NumPy stubs refuse the plain assignment
    if util.find_spec("_numba_cuda_redirector"):
        import_module("_numba_cuda_redirector")  # a .pth file starts it, but not from a folder on PYTHONPATH
    numba, cuda = import_module("numba"), import_module("numba.cuda")
    numba.config.CUDA_LOW_OCCUPANCY_WARNINGS = 0  # a small batch makes a small grid
    return cuda


@cache
def cuda_status(index: int | None = None) -> str | None:
    """Why a GPU cannot be used, with the cure; None when it can.

    Parameters
    ----------
    index : int, optional
        Number of the GPU, from 0; default: the one that CuPy uses.
    """
    if IS_SIMULATED:
        if not hasattr(import_module("numba.cuda.simulator.kernelapi").FakeCUDAModule, "ballot_sync"):
            return "NUMBA_ENABLE_CUDASIM is set; Numba's simulator lacks what tests/simulator.py adds; unset it"
        return _no_such_device(index, 1)
    missing = [name for name in ("numba_cuda", "cupy") if util.find_spec(name) is None]
    if missing:
        return f"{' and '.join(missing)} cannot be found; {_EXTRAS}"
    try:
        if getattr(_numba_cuda(), "implementation", "") != "NVIDIA":
            return (
                "numba.cuda is Numba's own, not numba-cuda's: it was imported before the redirect could take; import "
                "fastw2v, or _numba_cuda_redirector, before numba.cuda"
            )
        import_module("numba.cuda.np.arrayobj")
        cupy = array_module()
    except (ImportError, AttributeError) as error:
        return (
            f"with NumPy {np.__version__}, CUDA's packages fail ({error}); pip install 'numpy<2.5', or newer {_EXTRAS}"
        )
    if not cupy.cuda.is_available():
        return "no NVIDIA driver, or no GPU, is visible; install the driver, see that nvidia-smi lists a GPU"
    return _no_such_device(index, cupy.cuda.runtime.getDeviceCount()) or _no_compiler()


def _no_compiler() -> str | None:
    """Why numba-cuda cannot compile, found out before the first launch fails on it; None when it can."""
    try:
        paths = import_module("numba.cuda.cuda_paths").get_cuda_paths()  # NVVM and libdevice
        import_module("cuda.pathfinder").load_nvidia_dynamic_lib("nvJitLink")
        lacking = "" if paths["libdevice"].info else "libdevice is nowhere"
    except RuntimeError as error:
        lacking = str(error).partition("\n")[0]
    if not lacking:
        return None
    return f"CUDA's compiler cannot be found ({lacking}); {_EXTRAS}, or let CUDA_HOME name a whole toolkit"


def _no_such_device(index: int | None, n_devices: int) -> str | None:
    if index is None or 0 <= index < n_devices:
        return None
    return f"there is no device cuda:{index}; expected cuda:0 to cuda:{n_devices - 1} ({n_devices} on this machine)"


def require_cuda(index: int | None = None) -> None:
    """Raise CudaUnavailableError unless the GPU can be used."""
    reason = cuda_status(index)
    if reason is not None:
        name = "cuda" if index is None else f"cuda:{index}"
        raise CudaUnavailableError(f'device "{name}" cannot be used: {reason}; or use device="cpu"')


@cache
def array_module() -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
    """Return CuPy, or NumPy in the simulator: the module of the arrays that `<op>_cuda` takes."""
    return np if IS_SIMULATED else import_module("cupy")


def is_device_array(array: object) -> bool:
    """Whether this is an array that `<op>_cuda` takes. The question does not import CuPy."""
    if isinstance(array, np.ndarray):
        return IS_SIMULATED
    cupy = sys.modules.get("cupy")
    return cupy is not None and isinstance(array, cupy.ndarray)


def free_memory() -> int:
    """Return the bytes that can be allocated on the current device, after CuPy's pool has returned unused memory."""
    if IS_SIMULATED:
        return 1 << 40
    gpu_memory.give_back(array_module())
    return gpu_memory.unreserved_bytes(array_module())


def require_memory(n_bytes: int, what: str, cure: str = "take a smaller vocabulary, dimension or batch") -> None:
    """Raise MemoryError, before anything is allocated, if the device has less than `n_bytes` free."""
    if not IS_SIMULATED and n_bytes <= gpu_memory.unreserved_bytes(array_module()):
        return  # the pool keeps its memory while there is enough: that makes the next arrays cheap
    free = free_memory()
    if n_bytes > free:
        raise MemoryError(
            f"{what} needs {n_bytes / 1e9:.2f} GB on the GPU and {free / 1e9:.2f} GB are free; {cure}, "
            'free what other programs hold, or use device="cpu"'
        )


def use_device(index: int) -> None:
    """Select the GPU on which this thread makes new arrays."""
    if not IS_SIMULATED:
        array_module().cuda.Device(index).use()


def synchronize() -> None:
    """Wait until the current device has finished all work that was queued."""
    if not IS_SIMULATED:
        array_module().cuda.get_current_stream().synchronize()


def jit_cuda(function: F) -> F:
    """Compile `function` as a kernel, at its first launch, for the types it is launched with; IEEE arithmetic."""
    return _numba_cuda().jit(function)  # type: ignore[no-any-return]


def inline_cuda(function: F) -> F:
    """Compile `function` into the kernels that call it."""
    return _numba_cuda().jit(function, device=True, forceinline=True)  # type: ignore[no-any-return]


def launch_elements(kernel: Callable[..., None], n_rows: int, n_cols: int, *args: Any) -> None:  # noqa: ANN401
    """Launch over a matrix with a thread for each element; a thread goes on down its column.

    `cuda.grid(2)` is (column, first row), and the column may be beyond the last. A block takes as many rows as it has
    threads for: at 100 columns 500 of its 512 threads work. A warp for each 32 columns would leave 28 of 128 idle. A
    warp may therefore begin anywhere in a row, and such kernels cannot use shuffles.
    """
    if n_rows and n_cols:
        n_blocks_per_row = -(-n_cols // _THREADS_PER_BLOCK)
        width = -(-n_cols // n_blocks_per_row)
        height = max(1, min(_THREADS_PER_BLOCK // width, n_rows // _ENOUGH_BLOCKS))
        _launch(kernel, (n_blocks_per_row, min(-(-n_rows // height), _MAX_BLOCKS)), (width, height), args=args)


def launch_rows(kernel: Callable[..., None], n_rows: int, *args: Any) -> None:  # noqa: ANN401
    """Launch a warp for each row; a warp goes on to further rows. `cuda.grid(2)` is (lane, first row)."""
    if n_rows:
        grid = (1, min(-(-n_rows // WARPS_PER_BLOCK), _MAX_BLOCKS))
        _launch(kernel, grid, (WARP, WARPS_PER_BLOCK), args=args)


def launch_flat(kernel: Callable[..., None], n: int, *args: Any) -> None:  # noqa: ANN401
    """Launch over `n` elements; a thread begins at `cuda.grid(1)` and goes on in steps of `cuda.gridsize(1)`."""
    if n:
        n_threads = WARP * WARPS_PER_BLOCK
        _launch(kernel, (min(-(-n // n_threads), _MAX_BLOCKS),), (n_threads,), args=args)


def launch_warps(kernel: Callable[..., None], n_warps: int, *args: Any) -> None:  # noqa: ANN401
    """Launch `n_warps` blocks of one warp each."""
    _launch(kernel, (n_warps,), (WARP,), args=args)


def _launch(kernel: Any, grid: tuple[int, ...], block: tuple[int, ...], *, args: tuple[Any, ...]) -> None:  # noqa: ANN401
    if IS_SIMULATED:
        kernel[grid, block](*args)
        return
    device, cupy = _common_device(args), array_module()
    with cupy.cuda.Device(device):  # Numba works in the context that it finds active
        stream = _stream(cupy.cuda.get_current_stream().ptr, device)
        kernel[grid, block, stream](*map(_argument, args))


def _common_device(args: tuple[Any, ...]) -> int:
    """Return the number of the GPU that holds all arrays; raise if one lies in host memory or on another GPU."""
    arrays = [value for arg in args for value in (arg if isinstance(arg, tuple) else (arg,))]
    for array in arrays:
        if isinstance(array, np.ndarray):
            raise TypeError(f"an array of a CUDA operation, of shape {array.shape}, is NumPy's; move it: to_gpu(array)")
    devices = sorted({array.data.device_id for array in arrays if is_device_array(array)})
    if len(devices) != 1:
        places = " and ".join(f"cuda:{device}" for device in devices)
        raise ValueError(f"the arrays of one call lie on {places}; expected all on one GPU")
    return int(devices[0])


@lru_cache(maxsize=16)
def _stream(pointer: int, _device: int) -> Any:  # noqa: ANN401
    """Return CuPy's current stream for Numba, so that kernels run in CuPy's order; 0 is the default stream of both."""
    return _numba_cuda().external_stream(pointer) if pointer else 0


def _argument(arg: Any) -> Any:  # noqa: ANN401
    """Return Numba's view of a CuPy array, also inside a tuple; return anything else unchanged."""
    if isinstance(arg, tuple):
        make = getattr(arg, "_make", tuple)  # a named tuple stays one
        return make(map(_argument, arg))
    if not is_device_array(arg):
        return arg
    return _device_view((arg.data.ptr, arg.shape, arg.strides, arg.dtype.str, arg.data.device_id))


@lru_cache(maxsize=1024)
def _device_view(place: tuple[int, tuple[int, ...], tuple[int, ...], str, int]) -> Any:  # noqa: ANN401
    """Return Numba's view of device memory. It owns nothing, so one view serves every array at the same place.

    Numba would make a view at each launch, through DLPack or the array interface, at about the cost of the launch; and
    CuPy warns of DLPack's stream 0, which Numba asks for.
    """
    pointer, shape, strides, dtype, _device = place
    interface = {"shape": shape, "strides": strides, "typestr": dtype, "data": (pointer, False), "version": 2}
    return _numba_cuda().from_cuda_array_interface(interface, sync=False)

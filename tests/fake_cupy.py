"""A replacement for CuPy where there is no GPU. Its arrays are not NumPy arrays, and never become such by themselves.

The module itself replaces `cupy`: a name that it does not define is NumPy's function, for these arrays alone.
`install` puts it in the place of CuPy, and the CPU kernels in the place of the GPU kernels.
"""

import sys
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from fastw2v.backends import cuda as backend
from fastw2v.backends.cpu import span_kernel
from fastw2v.corpus import integers
from fastw2v.encode import on_gpu
from fastw2v.nn import dispatch, row_gradient_gpu
from fastw2v.runtime import devices
from fastw2v_kernels._jit import cuda as cuda_jit


class ndarray(NDArrayOperatorsMixin):  # noqa: N801 - CuPy's name
    """An array on the "GPU": `memory` is a NumPy array that only kernels and copies may read."""

    def __init__(self, memory):
        self.memory = memory
        self.data = SimpleNamespace(ptr=memory.ctypes.data, device_id=_current[0])

    def __getattr__(self, name):
        if name.startswith("__") or name == "memory":
            raise AttributeError(name)
        value = getattr(self.memory, name)
        return _on_device(getattr(_memory_of(self), name)) if callable(value) else _on_device(value)

    def __array__(self, *_, **__):
        raise TypeError("Implicit conversion to a NumPy array is not allowed")

    def __reduce__(self):
        raise TypeError("an array of the GPU was pickled or copied")

    def __array_ufunc__(self, ufunc, method, *args, **kwargs):
        return _on_device(getattr(ufunc, method))(*args, **kwargs)

    def __array_function__(self, function, types, args, kwargs):
        return _on_device(function)(*args, **kwargs)

    def __len__(self):
        return len(self.memory)

    def __getitem__(self, place):
        return _on_device(_memory_of(self)[_memory_of(place)])

    def __setitem__(self, place, value):
        self.memory[_memory_of(place)] = value.memory if isinstance(value, ndarray) else value

    def __bool__(self):
        return bool(self.memory)

    def __int__(self):
        return int(self.memory)

    def __float__(self):
        return float(self.memory)

    def view(self, dtype=None, type=None):
        """Give the same memory as another type, or as an array of another class."""
        new = object.__new__(type or ndarray)
        ndarray.__init__(new, self.memory if dtype is None else self.memory.view(dtype))
        return new

    def get(self, out=None):
        """Copy to the host."""
        _memory_of(self)
        if out is None:
            return self.memory.copy()
        out[...] = self.memory
        return out


_current = [0]  # the GPU that this library uses
cuda = SimpleNamespace(runtime=SimpleNamespace(getDevice=lambda: _current[0]))


@contextmanager
def on_device(index):
    """Use another GPU."""
    before, _current[0] = _current[0], index
    try:
        yield
    finally:
        _current[0] = before


def _on_device(value):
    """NumPy's results and functions as CuPy's."""
    if isinstance(value, np.ndarray | np.generic):
        return ndarray(np.asarray(value))
    if isinstance(value, tuple) and any(isinstance(item, np.ndarray) for item in value):
        return tuple(map(_on_device, value))
    if callable(value) and not isinstance(value, type):
        return lambda *args, **kwargs: _on_device(
            value(*map(_memory_of, args), **{name: _memory_of(value) for name, value in kwargs.items()})
        )
    return value


def _memory_of(value):
    """Arguments for NumPy's functions; host arrays, and arrays of a GPU that is not in use, are refused."""
    if isinstance(value, np.ndarray):
        raise TypeError("Unsupported type <class 'numpy.ndarray'>")
    if isinstance(value, list | tuple):
        return type(value)(map(_memory_of, value))
    if isinstance(value, ndarray) and value.data.device_id != _current[0]:
        raise AssertionError(f"an array of cuda:{value.data.device_id} is worked on while cuda:{_current[0]} is in use")
    return value.memory if isinstance(value, ndarray) else value


def __getattr__(name):
    return _on_device(getattr(np, name))


def array(values, dtype=None, order="K"):
    """Copy an array of the host, or of the GPU, to the GPU."""
    return ndarray(np.array(values.memory if isinstance(values, ndarray) else values, dtype, order=order))


def asarray(values, dtype=None, order=None):
    """Return a GPU array itself if it has that dtype and order; copy a host array to the GPU."""
    if isinstance(values, ndarray):
        memory = np.asarray(values.memory, dtype, order=order)
        is_here = values.data.device_id == _current[0]
        return values if is_here and memory is values.memory else ndarray(memory if is_here else memory.copy())
    if hasattr(values, "__cuda_array_interface__"):
        return ndarray(np.asarray(SimpleNamespace(__array_interface__=values.__cuda_array_interface__)))
    return array(values, dtype, order or "K")


def from_dlpack(values):
    """Share the memory of another library's array on the GPU."""
    with on_device(values.__dlpack_device__()[1]):
        return ndarray(np.from_dlpack(_OnHost(values)))


class _OnHost:
    """An array of another library that says it is not on a GPU."""

    def __init__(self, values):
        self.values = values

    def __dlpack_device__(self):
        return 1, 0

    def __dlpack__(self, **options):
        return self.values.__dlpack__(**options)


class ByInterface:
    """An array on the GPU of another library with ``__cuda_array_interface__``, such as Numba."""

    def __init__(self, memory):
        self.memory, self.__cuda_array_interface__ = memory, memory.__array_interface__


class ByDlpack:
    """An array of another library with DLPack alone; device (2, 0) is the first GPU, (1, 0) the host."""

    def __init__(self, memory, device=(2, 0)):
        self.memory, self.device = memory, device

    def __dlpack_device__(self):
        return self.device

    def __dlpack__(self, **options):
        return self.memory.__dlpack__(**options)


class ByBoth(ByDlpack):
    """An array of another library with both, such as PyTorch, whose array interface names no stream to wait for."""

    @property
    def __cuda_array_interface__(self):
        raise AssertionError("the interface was read, though DLPack orders the streams")


def install(monkeypatch):
    """Replace CuPy by this module; return a list to which each launch of a kernel adds its arguments."""
    calls = []

    def kernel_of(config, *, with_subwords):
        on_device = _on_device(span_kernel(config, with_subwords=with_subwords))

        def run(*, chunk_tokens, max_warps, rate_in, rate_out=None, rate_node=None, **arguments):
            calls.append(arguments)
            on_device(**arguments)

        return run

    cupy = sys.modules[__name__]
    monkeypatch.setitem(sys.modules, "cupy", cupy)
    monkeypatch.setattr(cuda_jit, "IS_SIMULATED", True)
    monkeypatch.setattr(cuda_jit, "array_module", lambda: cupy)
    monkeypatch.setattr(cuda_jit, "cuda_status", lambda index=None: None)
    monkeypatch.setattr(backend, "span_kernel", kernel_of)
    for module in (backend, devices, integers, on_gpu):
        for name, stand_in in (("on_device", on_device), ("current_device", cuda.runtime.getDevice)):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, stand_in)
    return calls


def install_layers(monkeypatch):
    """Replace CuPy for `fastw2v.nn` too; the caller calls `forget_layers` at the end."""
    install(monkeypatch)
    monkeypatch.setattr(dispatch, "import_module", _imported)
    monkeypatch.setattr(row_gradient_gpu, "IS_SIMULATED", False)
    monkeypatch.setattr(row_gradient_gpu, "array_module", cuda_jit.array_module)
    forget_layers()


def forget_layers():
    """Clear the caches of `fastw2v.nn` that depend on the device."""
    dispatch.operation.cache_clear()
    row_gradient_gpu._gpu_class.cache_clear()


def _imported(path):
    """Import a module; for a GPU kernel, return the CPU kernel for arrays of this module."""
    package, _, device = path.rpartition(".")
    if device != "cuda":
        return import_module(path)
    name = package.rpartition(".")[2]
    return SimpleNamespace(**{f"{name}_cuda": _on_device(getattr(import_module(f"{package}.cpu"), f"{name}_cpu"))})

import platform
import sys

import numpy as np
import pytest

from fastw2v import _memory
from fastw2v._memory import give_back_freed


def resident_bytes():
    with open("/proc/self/statm") as statm:
        return 4096 * int(statm.read().split()[1])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries have no way to ask for it")
def test_freed_memory_goes_back_to_the_system():
    arrays = [np.ones(100_000, np.uint8) for _ in range(400)]  # each too small for pages of its own
    pin = arrays.pop()  # what lies last keeps the rest from being given back by itself
    arrays.clear()
    before = resident_bytes()
    give_back_freed()
    assert resident_bytes() < before - 20_000_000
    assert pin.all()


def test_no_c_library_that_can_is_no_error(monkeypatch):
    monkeypatch.setattr("ctypes.CDLL", lambda name: object())
    give_back_freed()


def test_memory_is_told_by_whatever_the_system_has(monkeypatch):
    by_kernel = _memory.peak_rss_bytes()
    assert by_kernel > 10 << 20
    monkeypatch.setattr(_memory.Path, "read_text", lambda self: "no such line")
    assert _memory.peak_rss_bytes() > 10 << 20
    monkeypatch.setitem(sys.modules, "resource", None)
    assert _memory.peak_rss_bytes() is None

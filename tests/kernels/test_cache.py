"""The kernel cache: whatever happens to its files or its disk, kernels are compiled and the program goes on."""

import errno
import logging
import pickle
import shutil
import subprocess
import sys

import numba
import pytest

from fastw2v_kernels._jit import cache, cpu
from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd.instruction_set import INSTRUCTIONS


def _half(x):
    return x / 2


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty cache; nothing has been said about it yet."""
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(cache, "_said", [])
    return tmp_path / "cache"


def n_compiled(x=8):
    """Call a kernel as a new process would; return how often it was compiled."""
    kernel = jit_cpu(_half)
    assert kernel(x) == x / 2
    return sum(kernel.stats.cache_misses.values())


def files(folder, ending):
    return list(folder.rglob(f"*.{ending}"))


class _Breaks:
    """Unpickled, it raises what no reader of a cache expects."""

    def __reduce__(self):
        return pytest.fail, ("a damaged file was unpickled",)


def changed_byte(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


DAMAGES = {
    "empty": lambda content: b"",
    "one byte": lambda content: content[:1],
    "truncated": lambda content: content[:-100],
    "checksum alone": lambda content: content[:32],
    "a byte changed": changed_byte,
    "longer": lambda content: content + b"\0",
    "a pickle": lambda content: pickle.dumps(_Breaks()),
    "a pickle behind the checksum": lambda content: content[:32] + pickle.dumps(_Breaks()),
}


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_file_is_replaced(folder, ending, damage):
    assert [n_compiled(), n_compiled()] == [1, 0]
    [file] = files(folder, ending)
    file.write_bytes(damage(file.read_bytes()))
    assert [n_compiled(), n_compiled()] == [1, 0]


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
def test_a_file_that_is_absent_or_a_folder_is_no_error(folder, ending):
    n_compiled()
    [file] = files(folder, ending)
    file.unlink()
    assert [n_compiled(), n_compiled()] == [1, 0]
    file.unlink()
    file.mkdir()
    assert [n_compiled(), n_compiled()] == [1, 1]


def test_code_of_another_signature_is_not_run(folder):
    """As two processes leave it that compile at once: the index of one names the file of the other."""
    n_compiled(8)
    n_compiled(8.0)
    of_int, of_float = sorted(files(folder, "nbc"))
    shutil.copy(of_float, of_int)
    assert [n_compiled(8), n_compiled(8)] == [1, 0]


@pytest.mark.parametrize(
    ("module", "name", "value"),
    [(cache, "INSTRUCTIONS", INSTRUCTIONS._replace(name="another")), (cpu, "COMPILER", "another")],
    ids=["instruction set", "compiler"],
)
def test_each_instruction_set_and_each_compiler_has_its_own_code(module, name, value, monkeypatch):
    assert n_compiled() == 1
    with monkeypatch.context() as patched:
        patched.setattr(module, name, value)
        assert [n_compiled(), n_compiled()] == [1, 0]
    assert n_compiled() == 0


def test_code_that_cannot_be_unpickled_here_is_compiled_anew(monkeypatch, caplog):
    n_compiled()

    def fail(*_):
        raise AttributeError("no such type")

    monkeypatch.setattr(cache._CacheImpl, "rebuild", fail)
    with caplog.at_level(logging.INFO, "fastw2v"):
        assert n_compiled() == 1
    assert "AttributeError: no such type" in caplog.text


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG])
def test_a_full_disk_means_no_cache_and_one_line_in_the_log(monkeypatch, caplog, number):
    def fail(*_):
        raise OSError(number, "cannot write")

    monkeypatch.setattr(cache._CheckedFiles, "_open_for_write", fail)
    with caplog.at_level(logging.INFO, "fastw2v"):
        assert [n_compiled(), n_compiled(8.0)] == [1, 1]
    [line] = caplog.messages
    assert "cannot write" in line
    assert line.endswith("set NUMBA_CACHE_DIR to a folder with room that can be written to")


def test_a_cache_that_may_only_be_read_is_read(folder, monkeypatch):
    n_compiled()

    def fail(*_, **__):
        raise PermissionError(errno.EROFS, "read-only")

    monkeypatch.setattr("tempfile.TemporaryFile", fail)
    assert n_compiled() == 0
    assert [n_compiled(8.0), n_compiled(8.0)] == [1, 0]  # opened for writing, since this folder only seems read-only


@pytest.mark.parametrize("is_file", [True, False])
def test_a_cache_folder_that_is_a_file_or_is_not_there(folder, is_file, tmp_path, monkeypatch):
    if is_file:
        folder.write_text("no folder")
        monkeypatch.setattr(cache._CacheImpl, "_locator_classes", [cache._EnvironmentLocator])  # not the package's own
        assert [n_compiled(), n_compiled()] == [1, 1]
    else:
        monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path / "new" / "folders"))
        assert [n_compiled(), n_compiled()] == [1, 0]


USE = """
import sys
import numpy as np
from fastw2v_kernels._jit.cpu import n_compiled
from fastw2v_kernels.rehash_slots.cpu import rehash_slots_cpu
rehash_slots_cpu(np.ones(1, np.uint64), np.zeros(2, np.uint64))
print(n_compiled())
"""


@pytest.mark.slow
def test_two_processes_at_one_empty_cache(python_env, folder):
    def start():
        environment = python_env | {"NUMBA_CACHE_DIR": str(folder)}
        return subprocess.Popen([sys.executable, "-c", USE], env=environment, stdout=subprocess.PIPE, text=True)

    both = [start(), start()]
    outputs = [process.communicate()[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sum(map(int, outputs)) >= 1
    assert start().communicate()[0] == "0\n"
    assert not files(folder, "tmp.*")

import errno
import io
import os
import tempfile

import numpy as np
import pytest

from fastw2v.runtime.temporary_files import temporary_file, write_all


@pytest.mark.skipif(os.name == "nt", reason="Windows gives every file a name")
def test_a_temporary_file_has_no_name(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with temporary_file() as file:
        file.write(b"abc")
        assert os.listdir(tmp_path) == []
        file.seek(0)
        assert file.read() == b"abc"


def test_too_many_open_files_are_told_with_the_cure(monkeypatch):
    def refuse(**_):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    with pytest.raises(OSError, match="Too many open files") as raised:
        temporary_file()
    assert "pass fewer workers" in raised.value.__notes__[0]


class Slow(io.BytesIO):
    """A file that takes at most five bytes at a time, as an unbuffered one may."""

    def write(self, data):
        return super().write(bytes(data[:5]))


@pytest.mark.parametrize("array", [np.arange(7), np.arange(12)[::2], np.zeros((2, 3), np.float32), np.empty(0)])
def test_all_bytes_are_written(array):
    file = Slow()
    write_all(file, array)
    assert file.getvalue() == array.tobytes()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_full_disk_is_told_with_the_cure():
    with open("/dev/full", "wb", buffering=0) as full, pytest.raises(OSError, match="No space left") as raised:
        write_all(full, np.arange(3))
    assert "Set TMPDIR to a folder with more room" in raised.value.__notes__[0]

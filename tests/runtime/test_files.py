"""Checks of files before the work; how files are written is tested with the formats."""

import os

import pytest

from fastw2v.runtime.files import existing_file, writable_target


def test_a_target_may_exist_or_not(tmp_path):
    target = tmp_path / "v.bin"
    assert writable_target(target) == target.resolve()
    target.write_bytes(b"old")
    assert writable_target(str(target)) == target.resolve()
    assert target.read_bytes() == b"old"


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "v.bin")
    assert writable_target(tmp_path / "link") == (tmp_path / "v.bin").resolve()


def test_targets_that_cannot_be_written_are_refused_with_the_cure(tmp_path, monkeypatch):
    with pytest.raises(FileNotFoundError, match=r"the folder .*no does not exist; make it first"):
        writable_target(tmp_path / "no" / "v.bin")
    with pytest.raises(OSError, match="is not a regular file; give the name of a file"):
        writable_target(tmp_path)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match="cannot be written to; choose another"):
        writable_target(tmp_path / "v.bin")


def test_a_file_to_read_exists_and_holds_something(tmp_path):
    path = tmp_path / "v.bin"
    with pytest.raises(FileNotFoundError, match=r"there is no file .*v\.bin \(looked in .*\); check the name"):
        existing_file(path)
    with pytest.raises(IsADirectoryError, match="is a folder; give the name of a file"):
        existing_file(tmp_path)
    path.touch()
    with pytest.raises(ValueError, match="is empty; save or download it again"):
        existing_file(path)
    path.write_bytes(b"x")
    assert existing_file(str(path)) == path


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_or_a_device_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "pipe", os.devnull):
        with pytest.raises(OSError, match="is a pipe or a device; write its content to a file"):
            existing_file(path)

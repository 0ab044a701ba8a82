"""Atomic writes where it is hard: long names, modes, killed writers, files that cannot be renamed."""

import errno
import os
import stat

import pytest

from fastw2v.runtime.files import atomic_write, check_writable

fcntl = pytest.importorskip("fcntl")
LONG = "\u8a5e" * 80  # 240 bytes


def write(path, content, **options):
    with atomic_write(path, **options) as draft:
        draft.write_bytes(content)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["v.bin", "v" * 100, "v" * 250, LONG, "a[1]*?.bin"])
def test_any_name_that_a_file_can_have(name, tmp_path):
    check_writable(tmp_path / name)
    write(tmp_path / name, b"new")
    write(tmp_path / name, b"newer")
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"newer"


def test_a_name_that_no_file_can_have(tmp_path):
    with pytest.raises(OSError, match="File name too long; choose another name or folder") as caught:
        check_writable(tmp_path / ("v" * 256))
    assert caught.value.errno == errno.ENAMETOOLONG


def test_a_folder_where_no_file_can_be_made_is_found_before_the_work(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(OSError, match=r"Read-only file system; choose another name or folder .*v\.bin"):
        check_writable(tmp_path / "v.bin")


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o444])
def test_a_draft_has_the_mode_of_the_old_file(mode, tmp_path):
    path = tmp_path / "v.bin"
    path.write_bytes(b"old")
    path.chmod(mode)
    with atomic_write(path) as draft:
        assert stat.S_IMODE(draft.stat().st_mode) == mode | stat.S_IWUSR
        draft.write_bytes(b"new")
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_usual_mode(tmp_path):
    before = os.umask(0o027)
    try:
        write(tmp_path / "v.bin", b"new")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "v.bin").stat().st_mode) == 0o640


@pytest.mark.parametrize("name", ["v.bin", LONG])
def test_the_next_write_clears_what_a_killed_one_left(name, tmp_path):
    target = tmp_path / name
    with atomic_write(target) as draft:
        draft.write_bytes(b"new")
        stale = draft.name[:-16] + "0123456789ab.tmp"
    others = [".v.bin.tmp", ".other.bin.0123456789ab.tmp", "v.bin.0123456789ab.tmp", f"{stale}.txt"]
    for each in [stale, f"{stale}.rows", *others]:
        (tmp_path / each).write_bytes(b"half")
    write(target, b"newer")
    assert names(tmp_path) == sorted([name, *others])


def test_a_living_writer_keeps_its_draft(tmp_path):
    target = tmp_path / "v.bin"
    with atomic_write(target) as first:
        first.write_bytes(b"first")
        write(target, b"second")
        check_writable(target)
        assert first.exists()
    assert target.read_bytes() == b"first"
    assert names(tmp_path) == ["v.bin"]


def test_a_folder_or_a_link_of_such_a_name_stays(tmp_path):
    (tmp_path / ".v.bin.0123456789ab.tmp").mkdir()
    (tmp_path / ".v.bin.0123456789ac.tmp").symlink_to("elsewhere")
    write(tmp_path / "v.bin", b"new")
    assert len(names(tmp_path)) == 3


def test_a_file_system_without_locks(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    (tmp_path / ".v.bin.0123456789ab.tmp").write_bytes(b"half")
    write(tmp_path / "v.bin", b"new")
    assert (tmp_path / "v.bin").read_bytes() == b"new"
    assert len(names(tmp_path)) == 2  # it cannot be told whether its writer lives


def test_a_failed_write_leaves_nothing(tmp_path):
    (tmp_path / "v.bin").write_bytes(b"old")
    with pytest.raises(TypeError, match="bytes-like"):
        write(tmp_path / "v.bin", "text")
    assert names(tmp_path) == ["v.bin"]
    assert (tmp_path / "v.bin").read_bytes() == b"old"


# A mount point cannot be renamed


@pytest.fixture
def mount_point(tmp_path, monkeypatch):
    path, replace = tmp_path / "v.bin", os.replace

    def replace_others(source, target):
        if target == path:
            raise OSError(errno.EBUSY, "Device or resource busy")
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace_others)
    path.write_bytes(b"an old file that is longer")
    return path


def test_a_mount_point_is_written_in_place(mount_point):
    inode = mount_point.stat().st_ino
    write(mount_point, b"new")
    assert mount_point.read_bytes() == b"new"
    assert mount_point.stat().st_ino == inode
    assert names(mount_point.parent) == ["v.bin"]


def test_where_the_new_content_is_when_a_mount_point_cannot_be_written(mount_point, monkeypatch):
    def fail(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fastw2v.runtime.drafts.shutil.copyfileobj", fail)
    with pytest.raises(OSError, match="No space left") as caught:
        write(mount_point, b"new")
    (place,) = (path for path in mount_point.parent.iterdir() if path != mount_point)
    assert caught.value.__notes__ == [f"{mount_point} is damaged now, and the whole new content is in {place}"]
    assert place.read_bytes() == b"new"
    write(mount_point.with_name("other"), b"")
    assert place.exists()


# The file before


@pytest.mark.parametrize("has_links", [True, False])
def test_the_old_file_is_kept(has_links, tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    if not has_links:
        monkeypatch.setattr(os, "link", refuse)
    path, previous = tmp_path / "c", tmp_path / "c.previous"
    for content in (b"one", b"two", b"three"):
        write(path, content, previous=previous)
    assert (path.read_bytes(), previous.read_bytes()) == (b"three", b"two")
    assert names(tmp_path) == ["c", "c.previous"]


def test_the_old_file_is_never_missing(tmp_path, monkeypatch):
    path, previous = tmp_path / "c", tmp_path / "c.previous"
    for content in (b"one", b"two"):
        write(path, content, previous=previous)
    seen, replace = [], os.replace

    def look(source, target):
        seen.append((path.read_bytes(), previous.read_bytes()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look)
    write(path, b"three", previous=previous)
    assert seen == [(b"two", b"one"), (b"two", b"two")]

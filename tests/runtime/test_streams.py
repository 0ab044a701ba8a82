import io
import os
import sys

import pytest

from fastw2v.runtime.streams import open_closed_streams, write_line


def test_no_stream_is_no_error():
    write_line("a", None)


def test_bytes_that_are_no_utf8_are_written_as_they_are():
    stream = io.TextIOWrapper(io.BytesIO())
    write_line("r\u00e9sum\u00e9 \udcff", stream)
    assert stream.buffer.getvalue() == b"r\xc3\xa9sum\xc3\xa9 \xff\n"


def test_a_closed_pipe_takes_what_follows():
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stream:
        write_line("a", stream)
        write_line("b", stream)
        stream.write("c")  # flushed by close


def test_a_full_disk_is_an_error():
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    stream = open("/dev/full", "w")
    with pytest.raises(OSError, match="No space left"):
        write_line("a", stream)
    with pytest.raises(OSError, match="No space left"):
        stream.close()


def test_streams_that_are_open_are_left_alone():
    before = sys.stdin, sys.stdout, sys.stderr
    open_closed_streams()
    assert (sys.stdin, sys.stdout, sys.stderr) == before


def test_a_file_does_not_get_the_number_of_a_closed_stream(run_python, tmp_path):
    code = """
import os, sys
from fastw2v.runtime.streams import open_closed_streams
os.close(2); sys.stderr = None
open_closed_streams()
file = open("file", "w")
os.write(2, b"a message of a library")
print("a message of Python", file=sys.stderr)
sys.stdout.write(str(file.fileno() > 2))
"""
    assert run_python("-c", code).stdout == "True"
    assert (tmp_path / "file").read_text() == ""

"""Thrift's compact encoding: every type of value is read or skipped, and damaged values are refused."""

import struct

import pytest

from fastw2v.runtime.thrift import BINARY, INTEGER, LIST, STRUCT, Thrift

SMALL, BOOLS = (
    b"\x15\x06",
    b"\x11\x12",
)  # fields 1 (3), 2 (true) and 3 (false); each field is numbered from the one before
BYTE, TEXT, DOUBLE = b"\x13\x7f", b"\x18\x03abc", b"\x17" + struct.pack("<d", 1.5)  # 4 to 6
LISTS = b"\x19\x25\x02\x04" + b"\x1a\x13\x07" + b"\x19\xf1\x10" + b"\x01" * 16  # 7 to 9
MAPS, INSIDE = b"\x1b\x02\x58\x02\x01a\x04\x01b" + b"\x1b\x00", b"\x1c\x15\x02\x00"  # 10 to 12
FAR = b"\x05\xc8\x01\x0d\x00"  # 100: -7, and the end
DATA = SMALL + BOOLS + BYTE + TEXT + DOUBLE + LISTS + MAPS + INSIDE + FAR


@pytest.mark.parametrize("kind", [bytes, memoryview])
def test_any_type_of_value_is_skipped(kind):
    thrift = Thrift(kind(DATA + b"rest"))
    assert thrift.struct(0, {}) == len(DATA)


def test_what_is_asked_for_is_read():
    thrift, found = Thrift(DATA), []

    def integer(at):
        number, at = thrift.integer(at)
        found.append(number)
        return at

    def text(at):
        data, at = thrift.binary(at)
        found.append(data)
        return at

    readers = {
        1: (INTEGER, integer),
        5: (BINARY, text),
        7: (LIST, lambda at: thrift.items(at, 5, integer)),
        12: (STRUCT, lambda at: thrift.struct(at, {1: (INTEGER, integer)})),
        100: (INTEGER, integer),
    }
    assert thrift.struct(0, readers) == len(DATA)
    assert found == [3, b"abc", 1, 2, 1, -7]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x15" + b"\xff" * 20, "a number does not end"),
        (b"\x1c" * 40, "nested too deeply"),
        (b"\x19" * 40, "nested too deeply"),
        (b"\x19\xf1" + b"\xff" * 9 + b"\x01", "a list is said to have"),
        (b"\x1b" + b"\xff" * 9 + b"\x01", "a map is said to have"),
        (b"\x1d\x00", "the unknown type 13"),
        (b"\x28\x01a\x00", "field 2 of a struct has the type 8; expected 6"),
        (b"\x29\x18\x01a\x00", "a list has values of the type 8; expected 12"),
    ],
)
def test_values_that_cannot_be_are_refused(data, problem):
    thrift = Thrift(data)
    readers = {2: (LIST, lambda at: thrift.items(at, STRUCT, None)) if "list has" in problem else (INTEGER, None)}
    with pytest.raises(ValueError, match=problem):
        thrift.struct(0, readers)


@pytest.mark.parametrize("data", [b"", b"\x15", b"\x18\x70ab", DATA[:-1], b"\x19", b"\x1b\x02"])
def test_values_that_do_not_end_are_an_index_error(data):
    with pytest.raises(IndexError):
        Thrift(data).struct(0, {})

"""Thrift's compact encoding: structs are gone through, and no object is made of what is not asked for.

The encoding: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md. A struct is its fields,
each with a number and a type, until a zero byte.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

INTEGER, BINARY, LIST, STRUCT = 6, 8, 9, 12  # types of fields; INTEGER is any of 16, 32 and 64 bits
_BOOLS, _BYTE, _INTEGERS, _DOUBLE, _SET, _MAP = (1, 2), 3, (4, 5, 6), 7, 10, 11
_MOST_BITS, _MOST_DEPTH = 70, 16
Readers = Mapping[int, tuple[int, Callable[[int], int]]]


class Thrift:
    """Values in Thrift's compact encoding.

    The methods take the position of a value and return the position behind it. They raise ValueError if the value
    cannot be, and IndexError if it does not end.

    Parameters
    ----------
    data : bytes or memoryview of bytes
    """

    def __init__(self, data: bytes | memoryview) -> None:
        self._data = data

    def struct(self, at: int, readers: Readers, depth: int = 0) -> int:
        """Go through a struct.

        Parameters
        ----------
        at : int
        readers : dict of int to (int, callable)
            For numbers of fields: the type, and what reads the value at a position and returns the position behind it.
            Other fields are skipped.
        depth : int
            Of structs and lists around it.
        """
        data, number = self._data, 0
        while head := data[at]:
            at += 1
            if head > 15:
                number += head >> 4
            else:
                number, at = self.integer(at)
            kind = INTEGER if head & 15 in _INTEGERS else head & 15
            if number in readers:
                expected, read = readers[number]
                if kind != expected:
                    raise ValueError(f"field {number} of a struct has the type {kind}; expected {expected}")
                at = read(at)
            elif kind not in _BOOLS:  # the type is the value
                at = self._behind(at, kind, depth)
        return at + 1

    def integer(self, at: int) -> tuple[int, int]:
        """Return an integer, and the position behind it."""
        number, at = self._count(at)
        return (number >> 1) ^ -(number & 1), at

    def binary(self, at: int) -> tuple[bytes, int]:
        """Return bytes, and the position behind them."""
        n_bytes, at = self._count(at)
        return bytes(self._data[at : at + n_bytes]), at + n_bytes

    def items(self, at: int, kind: int, read: Callable[[int], int]) -> int:
        """Go through a list of values of a type; `read` is called with the position of each."""
        found, n_items, at = self._list(at)
        if found != kind and n_items:
            raise ValueError(f"a list has values of the type {found}; expected {kind}")
        for _ in range(n_items):
            at = read(at)
        return at

    def _count(self, at: int) -> tuple[int, int]:
        data, number, shift = self._data, 0, 0
        while shift < _MOST_BITS:
            byte = data[at]
            at += 1
            number |= (byte & 127) << shift
            if byte < 128:
                return number, at
            shift += 7
        raise ValueError("a number does not end")

    def _list(self, at: int) -> tuple[int, int, int]:
        """Return the type of the values of a list, how many there are, and where they begin."""
        head, at = self._data[at], at + 1
        n_items, at = (head >> 4, at) if head < 240 else self._count(at)
        if n_items > len(self._data):  # each takes a byte at least
            raise ValueError(f"a list is said to have {n_items:,} values")
        return head & 15, n_items, at

    def _behind(self, at: int, kind: int, depth: int) -> int:
        """Return the position behind a value that is not needed."""
        if depth > _MOST_DEPTH:
            raise ValueError("values are nested too deeply")
        if kind in _INTEGERS:
            return self._count(at)[1]
        if kind == BINARY:
            n_bytes, at = self._count(at)
            return at + n_bytes
        if kind == STRUCT:
            return self.struct(at, {}, depth + 1)
        if kind in (LIST, _SET):
            kind, n_items, at = self._list(at)
            for _ in range(n_items):
                at = self._behind(at, kind, depth + 1)
            return at
        if kind == _MAP:
            return self._behind_map(at, depth)
        if kind in (*_BOOLS, _BYTE, _DOUBLE):
            return at + (8 if kind == _DOUBLE else 1)
        raise ValueError(f"a value has the unknown type {kind}")

    def _behind_map(self, at: int, depth: int) -> int:
        n_entries, at = self._count(at)
        if n_entries > len(self._data):
            raise ValueError(f"a map is said to have {n_entries:,} entries")
        if n_entries == 0:
            return at
        kinds, at = self._data[at], at + 1
        for _ in range(n_entries):
            at = self._behind(self._behind(at, kinds >> 4, depth + 1), kinds & 15, depth + 1)
        return at

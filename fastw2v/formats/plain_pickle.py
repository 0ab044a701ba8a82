"""A reader of pickles that hold numbers, words, dicts, lists and NumPy arrays, and nothing else.

A pickle is a program for a small machine with a stack. `pickle.load` runs it, so that a hostile file can call any
function, nest objects until Python crashes, or make gigabytes of a few bytes. The machine here knows the instructions
alone that such content needs; what they may make is bounded before it is made.
"""

from __future__ import annotations

import pickle
import pickletools
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from fastw2v.runtime.arrays import Array

_DTYPE = re.compile(r"[fiu][1248]")
_MOST_STACKED = 10_000  # Python writes the entries of a dict by the thousand
_MOST_CONTAINERS = 10_000  # dicts, lists, tuples, arrays and bytes in dicts, lists and tuples
_MOST_INTEGER = 1 << 63
_EMPTY = np.empty(0)
_PLAIN = (str, int, float, bool, type(None))

Stack: TypeAlias = list[Any]


class _Mark:
    """Where the arguments of an instruction begin on the stack."""


class _DType:
    """numpy.dtype of a plain number, such as "f2"."""

    def __init__(self, code: object, *_: object) -> None:
        if not (isinstance(code, str) and _DTYPE.fullmatch(code)):
            raise pickle.UnpicklingError("an array of other things than numbers")
        self._code, self._order = code, "<"

    def fill(self, state: tuple[Any, ...]) -> None:
        """Set the order of the bytes."""
        self._order = ">" if state[1] == ">" else "<"

    def array(self, raw: object, shape: tuple[int, ...], order: str) -> Array:
        """Make an array over the bytes, without a copy."""
        if not isinstance(raw, bytes | bytearray):
            raise pickle.UnpicklingError(f"an array of a {type(raw).__name__} where its bytes belong")
        return np.frombuffer(raw, self._order + self._code).reshape(shape, order="F" if order == "F" else "C")


class PickledArray:
    """numpy.core.multiarray._reconstruct: an empty array, which `fill` fills."""

    def __init__(self, *_: object) -> None:
        self.array = _EMPTY

    def fill(self, state: tuple[Any, ...]) -> None:
        """Set shape, type and content."""
        _, shape, dtype, is_fortran, raw = state
        self.array = dtype.array(raw, shape, "F" if is_fortran else "C")


def _from_buffer(raw: object, dtype: _DType, *shape_and_order: Any) -> PickledArray:  # noqa: ANN401
    """numpy._core.numeric._frombuffer, of pickle protocol 5."""
    made = PickledArray()
    made.array = dtype.array(raw, *shape_and_order)
    return made


def _scalar(dtype: _DType, raw: object) -> Any:  # noqa: ANN401 - a number of Python's
    """numpy.core.multiarray.scalar."""
    return dtype.array(raw, (), "C").item()


def _encoded(text: object, codec: object) -> bytes:
    """_codecs.encode, by which protocol 2 writes bytes."""
    if not (isinstance(text, str) and codec == "latin1"):
        raise pickle.UnpicklingError("bytes by another codec than latin1")
    return text.encode("latin1")


_STAND_INS: dict[str, Callable[..., Any] | str] = {"numpy dtype": _DType, "numpy ndarray": "numpy.ndarray"}
_STAND_INS["_codecs encode"] = _encoded
for _core in ("numpy.core", "numpy._core"):
    _STAND_INS[_core + ".multiarray _reconstruct"] = PickledArray
    _STAND_INS[_core + ".multiarray scalar"] = _scalar
    _STAND_INS[_core + ".numeric _frombuffer"] = _from_buffer


def load_plain(data: bytes) -> Any:  # noqa: ANN401 - whatever the pickle holds
    """Return what a pickle holds: dict, list, str, int, float, bool, None, bytes, and `PickledArray` for arrays.

    Memory is in proportion to the pickle: a Python object for each instruction at most.

    Raises
    ------
    pickle.UnpicklingError
        It calls a function, or holds something else, or nests tuples, or its keys are neither str nor int.
    Exception
        Of any other type for a damaged pickle.

    Examples
    --------
    >>> import pickle
    >>> load_plain(pickle.dumps({"a": [1, 2.5]}))
    {'a': [1, 2.5]}
    """
    return _Machine(len(data)).run(data)


class _Machine:
    """Runs the instructions of one pickle of `n_bytes`."""

    def __init__(self, n_bytes: int) -> None:
        self._stack: Stack = []
        self._memo: list[Any] = []
        self._n_made, self._n_containers, self._n_encodable = 0, 0, n_bytes

    def run(self, data: bytes) -> Any:  # noqa: ANN401
        """Return what is on the stack at the end."""
        stack, push = self._stack, self._stack.append
        for opcode, argument, at in pickletools.genops(data):  # it refuses lengths beyond the end
            name = opcode.name
            self._n_made += name not in _REMEMBERS
            if name in _CONSTANTS:
                push(argument)
            elif name in _INSTRUCTIONS:
                _INSTRUCTIONS[name](self, argument)
            elif name == "STOP":
                return stack.pop()
            elif name not in ("PROTO", "FRAME"):
                raise pickle.UnpicklingError(f"instruction {name} at byte {at}")
            if len(stack) > _MOST_STACKED:
                raise pickle.UnpicklingError(f"{len(stack)} things that belong to nothing at byte {at}")
        raise pickle.UnpicklingError("it has no end")

    def _push(self, value: object) -> None:
        self._stack.append(value)

    def _above_mark(self) -> list[Any]:
        """Take from the stack what is above the last mark, and the mark."""
        at = len(self._stack) - 1
        while self._stack[at] is not _Mark:
            at -= 1
            if at < 0:
                raise pickle.UnpicklingError("a mark is missing")
        values = self._stack[at + 1 :]
        del self._stack[at:]
        return values

    def _integer(self, value: int) -> None:
        if not -_MOST_INTEGER <= value < _MOST_INTEGER:
            raise pickle.UnpicklingError("an integer of more than 64 bits")
        self._push(value)

    def _tuple(self, values: list[Any]) -> None:
        if any(isinstance(value, tuple) and any(isinstance(inner, tuple) for inner in value) for value in values):
            raise pickle.UnpicklingError("tuples in tuples in tuples")
        self._contained(values)
        self._push(tuple(values))

    def _tuple_of(self, n: int) -> None:
        values = self._stack[-n:]
        del self._stack[-n:]
        self._tuple(values)

    def _remember(self, place: int | None) -> None:
        place = len(self._memo) if place is None else place
        if place > len(self._memo):
            raise pickle.UnpicklingError(f"a memo index of {place} after {len(self._memo)}")
        if place >= self._n_made:
            raise pickle.UnpicklingError(f"{place + 1} memos of {self._n_made} things")
        self._memo[place : place + 1] = [self._stack[-1]]

    def _contained(self, values: list[Any]) -> None:
        self._n_containers += sum(not isinstance(value, _PLAIN) for value in values)
        if self._n_containers > _MOST_CONTAINERS:
            raise pickle.UnpicklingError(f"more than {_MOST_CONTAINERS} dicts, lists or arrays in one another")

    def _extend(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise pickle.UnpicklingError(f"elements for a {type(target).__name__}")
        self._contained(values)
        target += values

    def _update(self, items: list[Any]) -> None:
        target, keys, values = self._stack[-1], items[::2], items[1::2]
        if type(target) is not dict or len(keys) != len(values):
            raise pickle.UnpicklingError(f"entries for a {type(target).__name__}")
        if any(type(key) not in (str, int) for key in keys):
            raise pickle.UnpicklingError("a key that is neither a str nor an int")
        self._contained(values)
        target.update(zip(keys, values))

    def _append(self) -> None:
        self._extend([self._stack.pop()])

    def _set_item(self) -> None:
        value, key = self._stack.pop(), self._stack.pop()
        self._update([key, value])

    def _whole_dict(self) -> None:
        items = self._above_mark()
        self._push({})
        self._update(items)

    def _whole_list(self) -> None:
        values = self._above_mark()
        self._push([])
        self._extend(values)

    def _global(self, name: str) -> None:
        if name not in _STAND_INS:
            raise pickle.UnpicklingError(f"it calls {name.replace(' ', '.')}")
        self._push(_STAND_INS[name])

    def _stack_global(self) -> None:
        name, module = self._stack.pop(), self._stack.pop()
        self._global(f"{module} {name}" if isinstance(name, str) and isinstance(module, str) else "no name")

    def _reduce(self) -> None:
        arguments, function = self._stack.pop(), self._stack.pop()
        if not (callable(function) and function in _STAND_INS.values() and isinstance(arguments, tuple)):
            raise pickle.UnpicklingError("a call of what is no function")
        if function is _encoded:  # each call copies, and a str may be given to many
            self._n_encodable -= sum(len(text) for text in arguments if isinstance(text, str))
            if self._n_encodable < 0:
                raise pickle.UnpicklingError("bytes of the same str again and again")
        self._push(function(*arguments))

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack[-1]
        if not (isinstance(target, _DType | PickledArray) and isinstance(state, tuple)):
            raise pickle.UnpicklingError("a state of what has none")
        target.fill(state)


_CONSTANTS = {"BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT", "UNICODE", "BINUNICODE", "SHORT_BINUNICODE"}
_CONSTANTS |= {"BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8"}
_REMEMBERS = {"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"}
_INSTRUCTIONS: dict[str, Callable[[_Machine, Any], None]] = {
    "NONE": lambda machine, _: machine._push(None),
    "NEWTRUE": lambda machine, _: machine._push(True),
    "NEWFALSE": lambda machine, _: machine._push(False),
    "MARK": lambda machine, _: machine._push(_Mark),
    "EMPTY_DICT": lambda machine, _: machine._push({}),
    "EMPTY_LIST": lambda machine, _: machine._push([]),
    "EMPTY_TUPLE": lambda machine, _: machine._push(()),
    "TUPLE": lambda machine, _: machine._tuple(machine._above_mark()),
    "TUPLE1": lambda machine, _: machine._tuple_of(1),
    "TUPLE2": lambda machine, _: machine._tuple_of(2),
    "TUPLE3": lambda machine, _: machine._tuple_of(3),
    "DICT": lambda machine, _: machine._whole_dict(),
    "LIST": lambda machine, _: machine._whole_list(),
    "APPEND": lambda machine, _: machine._append(),
    "APPENDS": lambda machine, _: machine._extend(machine._above_mark()),
    "SETITEM": lambda machine, _: machine._set_item(),
    "SETITEMS": lambda machine, _: machine._update(machine._above_mark()),
    "STACK_GLOBAL": lambda machine, _: machine._stack_global(),
    "REDUCE": lambda machine, _: machine._reduce(),
    "BUILD": lambda machine, _: machine._build(),
    "MEMOIZE": lambda machine, _: machine._remember(None),
    "GLOBAL": _Machine._global,
    **dict.fromkeys(("INT", "LONG", "LONG1", "LONG4"), _Machine._integer),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Machine._remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), lambda machine, place: machine._push(machine._memo[place])),
}

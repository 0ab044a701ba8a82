"""Ways to damage the content of a file, at random and repeatably."""

from __future__ import annotations

import json
import pickletools
import random
from typing import Any

_NUMBERS = [
    0,
    1,
    -1,
    2,
    7,
    127,
    128,
    255,
    2**15,
    2**16,
    2**31 - 1,
    2**31,
    2**32,
    2**53,
    2**62,
    2**63 - 1,
    2**63,
    2**64 - 1,
]
_TEXTS = [
    b"\n",
    b" ",
    b"\t",
    b"\r\n",
    b"\0",
    b"\xff",
    b"nan",
    b"inf",
    b"1e400",
    b"-0",
    b"1_0",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
]
_TEXTS += [b"\x1f\x8b\x08", b"\xe2\x80", b'"', b"{", b"[", b"\x80\x04", b"99999999999999999999 3\n", b"0x1p3"]
_TYPES = ["F64", "F32", "F16", "BF16", "F8_E4M3", "I64", "I32", "U8", "U64", "BOOL", "C64", "F4", "X"]
_OPCODES = [opcode.code.encode("latin-1") for opcode in pickletools.opcodes]


def damaged(content: bytes, rng: random.Random) -> bytes:
    """Return the content with up to eight changes; one time in twenty as it is."""
    if rng.random() < 0.05:
        return content
    if content[8:9] == b"{" and rng.random() < 0.6:
        return _with_another_header(content, rng)
    data = bytearray(content)
    for _ in range(rng.choice([1, 1, 1, 2, 3, 8])):
        _change(data, rng)
    return bytes(data)


def _change(data: bytearray, rng: random.Random) -> None:
    """Change one place."""
    start = rng.randrange(len(data) + 1)
    stop = min(len(data), start + rng.choice([0, 1, 1, 2, 4, 8, 30]))
    kind = rng.randrange(9)
    if kind == 0 and start < len(data):
        data[start] ^= 1 << rng.randrange(8)
    elif kind == 1:
        data[start:stop] = rng.randbytes(stop - start)
    elif kind == 2:
        del data[start:stop]
    elif kind == 3:
        del data[start:]
    elif kind == 4:
        data[start:start] = data[start:stop] * rng.choice([1, 2, 100, 100, 20_000 // max(1, stop - start)])
    elif kind == 5:
        data[start:stop] = rng.choice(_TEXTS)
    elif kind == 6:
        data[start:stop] = str(rng.choice(_NUMBERS)).encode()
    elif kind == 7:
        width = rng.choice([1, 2, 4, 8])
        data[start : start + width] = (rng.choice(_NUMBERS) % 256**width).to_bytes(width, "little")
    else:
        data[start:start] = rng.choice(_OPCODES) * rng.choice([1, 1, 1, 1000])


def _with_another_header(content: bytes, rng: random.Random) -> bytes:
    """Change values in the JSON header of safetensors, so that the file stays one."""
    length = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + length])
    for _ in range(rng.choice([1, 1, 2, 3])):
        name = rng.choice(list(header))
        if name == "__metadata__" and header[name]:
            key = rng.choice(list(header[name]))
            header[name][key] = _changed_text(header[name][key], rng)
        elif name != "__metadata__":
            _change_entry(header[name], rng)
        if name != "__metadata__" and rng.random() < 0.1:
            header[rng.choice(["keys", "vectors", "counts", "x"])] = header.pop(name)
    text = json.dumps(header).encode()
    data = bytearray(content[8 + length :])
    if rng.random() < 0.3:
        _change(data, rng)
    return len(text).to_bytes(8, "little") + text + bytes(data)


def _change_entry(entry: dict[str, Any], rng: random.Random) -> None:
    """Change type, shape or place of an array, so that often the number of bytes stays right."""
    if rng.random() < 0.5:
        entry["dtype"] = rng.choice(_TYPES)
    shape = entry["shape"]
    if rng.random() < 0.5:
        changed = [
            shape[::-1],
            [*shape, 1],
            shape[1:],
            [*shape[:-1], rng.choice(_NUMBERS)],
            [0],
            [abs(n) // 2 for n in shape],
        ]
        entry["shape"] = rng.choice(changed)
    if rng.random() < 0.2:
        entry["data_offsets"] = [rng.choice(_NUMBERS), rng.choice(_NUMBERS)]


def _changed_text(text: str, rng: random.Random) -> str:
    """Change a value of JSON within a string, or the bytes of the string."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not isinstance(value, dict) or not value or rng.random() < 0.3:
        data = bytearray(text.encode())
        _change(data, rng)
        return data.decode(errors="replace")
    other = rng.choice([None, True, [], {}, "x", 1.5, 1e308, *_NUMBERS, 10**400, [[1]], -0.0])
    value[rng.choice(list(value))] = other
    return json.dumps(value)

"""SIMD loads and stores bypass Numba's bounds check; with NUMBA_BOUNDSCHECK=1 they make their own."""

import json

from tests.kernels.harness import run_python

PROGRAM = """
import json
import numpy as np
from fastw2v_kernels._jit.cpu import jit_cpu
from fastw2v_kernels._simd import LANES, Shape, add_rows, copy_ids, load, load_rows, load_strip, rows_of, splat, splats
from fastw2v_kernels._simd import store, store_strip

@jit_cpu
def read(a, row, col, out):
    store(out, 0, 0, load(a, row, col))

@jit_cpu
def write(a, row, col, value):
    store(a, row, col, splat(value))

@jit_cpu
def read_and_add_row(a, ids, r, first, shape):
    rows = rows_of(a, ids, r, first, shape)
    add_rows(rows, 0, load_rows(rows, 0, shape))

@jit_cpu
def add_splats(a, ids, row, col, shape):
    add_rows(rows_of(a, ids, 0, 0, shape), 0, splats(a, row, col, shape))

@jit_cpu
def read_columns(a, ids, col, shape):
    rows = rows_of(a, ids, 0, 0, shape)
    add_rows(rows, 0, load_rows(rows, col, shape))

@jit_cpu
def add_columns(a, ids, col, shape):
    rows = rows_of(a, ids, 0, 0, shape)
    add_rows(rows, col, load_rows(rows, 0, shape))

@jit_cpu
def read_strip(a, row, col, out, shape):
    store_strip(out, 0, 0, load_strip(a, row, col, shape))

@jit_cpu
def write_strip(a, row, col, shape):
    store_strip(a, row, col, load_strip(a, 0, 0, shape))

@jit_cpu
def copy(to, to_slot, ids, slot):
    copy_ids(to, to_slot, ids, slot)

def outcome(function, *args):
    try:
        function(*args)
    except IndexError:
        return "IndexError"
    return "done"

a, out = np.ones((3, 2 * LANES), np.float32), np.zeros((1, LANES), np.float32)
shape = Shape(3, 2, 1, False)

strip = Shape(3, 2, 1, False, n_strip=2)
wide = np.zeros((1, 2 * LANES), np.float32)
ids = np.arange(LANES + 1, dtype=np.int32)

def rows(*ids):
    return np.array([ids], np.int64)

places = [(0, 0), (2, LANES), (-1, 0), (3, 0), (0, -1), (0, LANES + 1)]
report = {
    "load": [outcome(read, a, *place, out) for place in places],
    "store": [outcome(write, a, *place, 1.0) for place in places],
    "rows_of, ids": [outcome(read_and_add_row, a, rows(*ids), 0, 0, shape) for ids in ((0, 2), (0, 3), (-1, 0))],
    "rows_of, first": [outcome(read_and_add_row, a, rows(0, 1, 2), 0, first, shape) for first in (1, 2, -1)],
    "load_rows": [outcome(read_columns, a, rows(0, 1), col, shape) for col in (LANES, LANES + 1, -1)],
    "add_rows": [outcome(add_columns, a, rows(0, 1), col, shape) for col in (LANES, LANES + 1, -1)],
    "splats": [outcome(add_splats, a, rows(0, 1), 2, col, shape) for col in (2 * LANES - 2, 2 * LANES - 1, -1)],
    "load_strip": [outcome(read_strip, a, *place, wide, strip) for place in [(2, 0), (3, 0), (0, 1), (0, -1)]],
    "store_strip": [outcome(write_strip, a, *place, strip) for place in [(2, 0), (3, 0), (0, 1), (0, -1)]],
    "load_rows of strips": [outcome(read_columns, a, rows(0, 1), col, strip) for col in (0, 1, -1)],
    "copy_ids": [outcome(copy, ids.copy(), *place) for place in [(1, ids, 1), (0, ids, 2), (2, ids, 0), (0, ids, -1)]],
    "read": out.tolist()[0][0],
}
print(json.dumps(report))
"""

IN, OUT = "done", "IndexError"


def test_simd_access_outside_an_array_raises():
    report = json.loads(run_python(PROGRAM, NUMBA_BOUNDSCHECK="1"))
    assert report == {
        "load": [IN, IN, OUT, OUT, OUT, OUT],
        "store": [IN, IN, OUT, OUT, OUT, OUT],
        "rows_of, ids": [IN, OUT, OUT],
        "rows_of, first": [IN, OUT, OUT],
        "load_rows": [IN, OUT, OUT],
        "add_rows": [IN, OUT, OUT],
        "splats": [IN, OUT, OUT],
        "load_strip": [IN, OUT, OUT, OUT],
        "store_strip": [IN, OUT, OUT, OUT],
        "load_rows of strips": [IN, OUT, OUT],
        "copy_ids": [IN, OUT, OUT, OUT],
        "read": 1.0,
    }

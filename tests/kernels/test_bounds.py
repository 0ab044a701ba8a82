"""SIMD loads and stores bypass Numba's bounds check; with NUMBA_BOUNDSCHECK=1 they make their own."""

import json

from harness import run_python

PROGRAM = """
import json
import numpy as np
from fastw2v_kernels._jit_cpu import jit_cpu
from fastw2v_kernels._simd import LANES, Shape, add_rows, load, load_rows, rows_of, splat, splats, store, zeros

@jit_cpu
def read(a, row, col, out):
    store(out, 0, 0, load(a, row, col))

@jit_cpu
def write(a, row, col, value):
    store(a, row, col, splat(value))

@jit_cpu
def read_and_add_row(a, ids, r, first, shape):
    rows = rows_of(a, ids, r, first, shape)
    add_rows(rows, 0, load_rows(rows, 0))

@jit_cpu
def add_splats(a, ids, row, col, shape):
    add_rows(rows_of(a, ids, 0, 0, shape), 0, splats(a, row, col, shape))

@jit_cpu
def read_columns(a, ids, col, shape):
    rows = rows_of(a, ids, 0, 0, shape)
    add_rows(rows, 0, load_rows(rows, col))

@jit_cpu
def add_columns(a, ids, col, shape):
    rows = rows_of(a, ids, 0, 0, shape)
    add_rows(rows, col, load_rows(rows, 0))

def outcome(function, *args):
    try:
        function(*args)
    except IndexError:
        return "IndexError"
    return "done"

a, out = np.ones((3, 2 * LANES), np.float32), np.zeros((1, LANES), np.float32)
shape = Shape(2, 2, 1, False)

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
        "read": 1.0,
    }

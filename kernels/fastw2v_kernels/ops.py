"""All operations, one line each: tests and benchmarks read this list."""

from fastw2v_kernels import cbow_ns, encode, skipgram_ns, uniform_rows

OPS = [
    encode.OP,
    uniform_rows.OP,
    skipgram_ns.OP,
    cbow_ns.OP,
]

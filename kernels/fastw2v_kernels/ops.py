"""All operations, one line each: tests and benchmarks read this list."""

from fastw2v_kernels import (
    adam,
    cbow_ns,
    dot_sigmoid_loss,
    dot_sigmoid_loss_backward,
    embedding,
    embedding_backward,
    encode,
    nearest,
    skipgram_ns,
    sparse_adam,
    topk,
    uniform_rows,
    unigram_sampler,
    unique_rows,
)

OPS = [
    encode.OP,
    uniform_rows.OP,
    skipgram_ns.OP,
    cbow_ns.OP,
    embedding.OP,
    embedding_backward.OP,
    dot_sigmoid_loss.OP,
    dot_sigmoid_loss_backward.OP,
    unigram_sampler.OP,
    unique_rows.OP,
    adam.OP,
    sparse_adam.OP,
    topk.OP,
    nearest.OP,
]

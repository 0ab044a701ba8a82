"""The shared scalar functions, compiled for the GPU."""

from fastw2v_kernels._jit_cuda import inline_cuda
from fastw2v_kernels.shared import adam, rng
from fastw2v_kernels.shared import insert as best
from fastw2v_kernels.shared import sigmoid as scalar

random_bits = inline_cuda(rng.random_bits)
uniform = inline_cuda(rng.uniform)
alias_draw = inline_cuda(rng.alias_draw)
likelihoods = inline_cuda(scalar.likelihoods)
adam_step = inline_cuda(adam.adam_step)
insert = inline_cuda(best.insert)

"""The shared scalar functions, compiled for the GPU."""

from fastw2v_kernels._jit.cuda import inline_cuda
from fastw2v_kernels.shared import adam, rng, sentences, topk
from fastw2v_kernels.shared import sigmoid as scalar

random_bits = inline_cuda(rng.random_bits)
uniform = inline_cuda(rng.uniform)
alias_draw = inline_cuda(rng.alias_draw)
likelihoods = inline_cuda(scalar.likelihoods)
adam_step = inline_cuda(adam.adam_step)
insert_topk = inline_cuda(topk.insert_topk)
sentence_of = inline_cuda(sentences.sentence_of)

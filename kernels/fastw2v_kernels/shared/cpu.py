"""The shared scalar functions, compiled for the CPU."""

from fastw2v_kernels._jit.cpu import inline_cpu
from fastw2v_kernels.shared import adam, rng, sentences, topk
from fastw2v_kernels.shared import sigmoid as scalar

random_bits = inline_cpu(rng.random_bits)
uniform = inline_cpu(rng.uniform)
alias_draw = inline_cpu(rng.alias_draw)
tanh_half = inline_cpu(scalar.tanh_half)
softplus = inline_cpu(scalar.softplus)
likelihoods = inline_cpu(scalar.likelihoods)
adam_step = inline_cpu(adam.adam_step)
insert_topk = inline_cpu(topk.insert_topk)
sentence_of = inline_cpu(sentences.sentence_of)

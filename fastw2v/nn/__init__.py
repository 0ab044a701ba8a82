"""The layers, models and helpers of *Deep Learning from Scratch 2*, chapters 3 and 4, on compiled kernels.

A script of the book changes only its imports: ``from fastw2v.nn import CBOW, Adam, Trainer, config, ptb``. Positional
arguments are the book's; new options (`device`, `seed`, `sampler`, `mode`) are keywords. With ``device="cuda"``, or
``config.GPU = True`` as in the book, parameters and gradients are CuPy arrays on the GPU.
"""

from fastw2v.nn import config, ptb
from fastw2v.nn.dispatch import warmup
from fastw2v.nn.embedding import Embedding, EmbeddingDot
from fastw2v.nn.layers import MatMul, SigmoidWithLoss, SoftmaxWithLoss
from fastw2v.nn.models import CBOW, SkipGram
from fastw2v.nn.negative_sampling import NegativeSamplingLoss
from fastw2v.nn.optimizers import SGD, Adam, SparseAdam
from fastw2v.nn.params import load_params, save_params
from fastw2v.nn.row_gradient import RowGradient
from fastw2v.nn.sampler import UnigramSampler
from fastw2v.nn.simple_models import SimpleCBOW, SimpleSkipGram
from fastw2v.nn.trainer import Trainer, clip_grads, remove_duplicate
from fastw2v.nn.utils import (
    analogy,
    convert_one_hot,
    cos_similarity,
    create_contexts_target,
    most_similar,
    preprocess,
    to_cpu,
    to_gpu,
)

__all__ = [
    "CBOW",
    "SGD",
    "Adam",
    "Embedding",
    "EmbeddingDot",
    "MatMul",
    "NegativeSamplingLoss",
    "RowGradient",
    "SigmoidWithLoss",
    "SimpleCBOW",
    "SimpleSkipGram",
    "SkipGram",
    "SoftmaxWithLoss",
    "SparseAdam",
    "Trainer",
    "UnigramSampler",
    "analogy",
    "clip_grads",
    "config",
    "convert_one_hot",
    "cos_similarity",
    "create_contexts_target",
    "load_params",
    "most_similar",
    "preprocess",
    "ptb",
    "remove_duplicate",
    "save_params",
    "to_cpu",
    "to_gpu",
    "warmup",
]

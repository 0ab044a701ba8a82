"""A small case, and profiles with given times."""

import pytest

from fastw2v.profile import Case, Profile, Run, Stage
from fastw2v.profile.case import zipf_corpus

SHAPE = {"hidden_size": 12, "window_size": 2, "batch_size": 8, "sample_size": 3}
MODELS = ("cbow", "skipgram")
CORPUS = zipf_corpus(60, 0)
STAGES_OF = {
    ("softmax", "cbow"): "input gather|hidden|output score|loss|backward in|backward out|optimiser",
    ("softmax", "skipgram"): "input gather|output score|loss|backward in|backward out|optimiser",
    ("reference", "cbow"): "input gather|hidden|output score|loss|sampler|backward in|backward out|optimiser",
    ("reference", "skipgram"): "input gather|output score|loss|sampler|backward in|backward out|optimiser",
    ("cpu", "cbow"): "input gather + hidden|output score + loss|sampler|backward in|backward out|optimiser",
    ("cpu", "skipgram"): "input gather|output score + loss|sampler|backward in|backward out|optimiser",
}

each_model = pytest.mark.parametrize("model", MODELS)


def case_of(model, vocab_size=60, **changes):
    return Case(model, vocab_size, **(SHAPE | changes))


def run_of(variant, vocab_size, ms, *, whole=None, model="cbow", n_rows=None, spread=0, waited=None):
    stages = tuple(Stage(name, time, time, time, 100 * time / sum(ms.values()), 1000) for name, time in ms.items())
    whole = whole or sum(ms.values())
    case = Case(model, vocab_size)
    quartiles = whole / (1 + spread), whole * (1 + spread)
    return Run(variant, case, "Adam", stages, whole, whole, whole, 3, 1.0, n_rows, (), quartiles, waited)


def profile_of(*runs):
    return Profile("made up", {"blas": None, "kernels": 2}, runs, ())

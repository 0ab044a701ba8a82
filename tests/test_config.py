import dataclasses
import json
import math
import os
from decimal import Decimal

import numpy as np
import pytest

from fastw2v.config import OPTIONS, TrainConfig
from fastw2v_kernels.shared.threads import available_cores

OUT_OF_RANGE = [
    ("vector_size", 0, "vector_size is 0; expected a whole number from 1 to 1048576"),
    ("vector_size", 1.5, "vector_size is 1.5; expected a whole number"),
    ("vector_size", math.nan, "vector_size is nan"),
    ("vector_size", math.inf, "vector_size is inf"),
    ("alpha", math.nan, "alpha is nan; expected a number above 0"),
    ("alpha", math.inf, "alpha is inf"),
    ("alpha", 0, "alpha is 0; expected a number above 0"),
    ("alpha", -0.1, "alpha is -0.1"),
    ("alpha", 10**400, "alpha is 1000"),
    ("min_alpha", -1e-9, "min_alpha is -1e-09; expected a number of at least 0"),
    ("min_alpha", math.nan, "min_alpha is nan"),
    ("window", 0, "window is 0; expected a whole number from 1 to 65536"),
    ("min_count", -1, "min_count is -1; expected a whole number of at least 0"),
    ("max_vocab_size", 0, "max_vocab_size is 0"),
    ("max_final_vocab", 0, "max_final_vocab is 0"),
    ("sample", -1e-3, "sample is -0.001; expected a number from 0 to 1"),
    ("sample", 100, "sample is 100; expected a number from 0 to 1"),
    ("sample", math.nan, "sample is nan"),
    ("seed", -1, "seed is -1; expected a whole number from 0 to 18446744073709551615"),
    ("seed", 2**64, "seed is 18446744073709551616"),
    ("workers", 0, "workers is 0; expected a whole number from 1 to 1024"),
    ("workers", -1, "workers is -1"),
    ("sg", 2, "sg is 2; expected a whole number from 0 to 1"),
    ("negative", -1, "negative is -1; expected a whole number from 0 to 1024"),
    ("negative", 0, "hs is 0 and negative is 0, which trains nothing; pass hs=1, or negative=5"),
    ("hs", 2, "hs is 2; expected a whole number from 0 to 1"),
    ("ns_exponent", math.nan, "ns_exponent is nan; expected a number that is finite"),
    ("ns_exponent", math.inf, "ns_exponent is inf"),
    ("cbow_mean", -1, "cbow_mean is -1"),
    ("epochs", 0, "epochs is 0; expected a whole number from 1"),
    ("shrink_windows", 2, "shrink_windows is 2"),
    ("sorted_vocab", 2, "sorted_vocab is 2"),
    ("compute_loss", -1, "compute_loss is -1"),
    ("negative_sharing", "batch", "negative_sharing is 'batch'; expected 'window' or 'pair'"),
    ("negative_sharing", None, "negative_sharing is None"),
    ("cbow_gradient", "max", "cbow_gradient is 'max'; expected 'mean' or 'sum'"),
]


@pytest.mark.parametrize(("name", "value", "message"), OUT_OF_RANGE)
def test_value_out_of_range(name, value, message):
    with pytest.raises(ValueError, match="^" + message.replace(".", r"\.")):
        TrainConfig(**{name: value})


@pytest.mark.parametrize("value", [True, np.True_, "100", b"1", [100], None, 1j, Decimal(100), np.array([1]), object()])
@pytest.mark.parametrize("name", ["vector_size", "alpha", "seed"])
def test_value_of_a_wrong_type(name, value):
    with pytest.raises(TypeError, match=rf"^{name} is .* \({type(value).__name__}\); expected a (whole )?number"):
        TrainConfig(**{name: value})


@pytest.mark.parametrize("name", ["workers", "max_vocab_size", "max_final_vocab"])
def test_none_where_it_is_the_default(name):
    assert getattr(TrainConfig(**{name: None}), name) is None


@pytest.mark.parametrize("number", [np.int8, np.int64, np.uint16, np.float32, np.float64, float])
def test_numbers_of_numpy_become_pythons(number):
    config = TrainConfig(vector_size=number(7), alpha=number(2), seed=number(3), sg=number(1), compute_loss=number(1))
    assert [config.vector_size, config.alpha, config.seed, config.sg, config.compute_loss] == [7, 2.0, 3, 1, True]
    assert [type(v) for v in (config.vector_size, config.alpha, config.compute_loss)] == [int, float, bool]
    assert json.loads(json.dumps(dataclasses.asdict(config)))["vector_size"] == 7


def test_switches_take_bools_and_numbers():
    config = TrainConfig(sg=True, cbow_mean=np.False_, shrink_windows=0, compute_loss=1, sorted_vocab=False)
    assert (config.sg, config.cbow_mean, config.shrink_windows, config.compute_loss, config.sorted_vocab) == (
        1,
        0,
        False,
        True,
        0,
    )


def test_every_seed_of_64_bits_is_kept_exactly():
    for seed in (0, 2**53 + 1, 2**63, 2**64 - 1, np.uint64(2**64 - 1)):
        assert TrainConfig(seed=seed).seed == int(seed)


def test_min_alpha_above_alpha():
    with pytest.raises(ValueError, match=r"min_alpha is 0\.03, above alpha=0\.025; lower it, or raise alpha"):
        TrainConfig(min_alpha=0.03)
    assert TrainConfig(alpha=0.025, min_alpha=0.025).min_alpha == 0.025


@pytest.mark.parametrize(
    ("cbow_mean", "cbow_gradient", "divides"),
    [(1, "sum", False), (1, "mean", True), (0, "sum", True), (0, "mean", True)],
)
def test_the_gradient_of_a_sum_is_divided_as_in_gensim(cbow_mean, cbow_gradient, divides):
    assert TrainConfig(cbow_mean=cbow_mean, cbow_gradient=cbow_gradient).divides_gradient == divides


def test_defaults_are_gensims():
    gensims = {
        "vector_size": 100,
        "alpha": 0.025,
        "window": 5,
        "min_count": 5,
        "max_vocab_size": None,
        "sample": 1e-3,
        "seed": 1,
        "min_alpha": 0.0001,
        "sg": 0,
        "negative": 5,
        "ns_exponent": 0.75,
        "cbow_mean": 1,
        "epochs": 5,
        "shrink_windows": True,
        "max_final_vocab": None,
        "sorted_vocab": 1,
        "compute_loss": False,
    }
    assert gensims.items() <= dataclasses.asdict(TrainConfig()).items()
    assert gensims.keys() <= set(OPTIONS)


def test_workers_default_to_the_cores_of_this_process(monkeypatch):
    assert TrainConfig().n_workers == available_cores() >= 1
    assert TrainConfig(workers=3).n_workers == 3
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert available_cores() == 1


def test_is_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainConfig().alpha = 1.0

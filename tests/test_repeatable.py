"""One seed, one result: small corpora with any number of workers, and larger ones with deterministic=True."""

import hashlib
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from fastw2v import Word2Vec, warmup
from fastw2v.backends import cpu, cpu_batched
from tests.cli.running import failure, succeed
from tests.kernels.harness import run_python

SMALL = {"vector_size": 16, "min_count": 1, "sample": 0, "compute_loss": True}
LARGE = 101_000
TRAIN_LARGE = """
import sys
import tests.test_repeatable as tested
print(tested.hash_of_large(sg=int(sys.argv[1]), workers=int(sys.argv[2])))
"""


def hash_of(model):
    content = model.wv.vectors.tobytes() + model.syn1neg.tobytes() + repr(model.report.loss_per_epoch).encode()
    return hashlib.sha256(content).hexdigest()


def walks(n_tokens):
    return np.random.default_rng(1).integers(0, 500, (n_tokens // 20, 20))


def hash_of_large(**options):
    """Train on more than the 100,000 tokens that are trained by one worker in any case."""
    return hash_of(Word2Vec(walks(LARGE), epochs=1, deterministic=True, **SMALL | options))


@pytest.mark.parametrize("sg", [1, 0])
def test_small_corpora_give_the_same_bytes_with_any_number_of_workers(sg):
    models = [Word2Vec(walks(4000), sg=sg, **SMALL, **n) for n in ({}, *({"workers": n} for n in (1, 2, 8)))]
    assert len(set(map(hash_of, models))) == 1
    deterministic = Word2Vec(walks(4000), sg=sg, workers=3, deterministic=True, **SMALL)
    assert hash_of(deterministic) == hash_of(models[0])


@pytest.mark.parametrize("n_tokens", [100_000, 100_020])
def test_a_corpus_is_small_up_to_100_000_tokens_in_the_vocabulary(n_tokens, monkeypatch):
    seen = []
    monkeypatch.setattr(cpu, "run_workers", lambda workers, *_: seen.append(len(workers)))
    Word2Vec(walks(n_tokens), workers=8, epochs=1, **SMALL)
    assert seen == [1 if n_tokens == 100_000 else 8]


@pytest.mark.parametrize("sg", [1, 0])
def test_any_number_of_workers_gives_the_same_bytes(sg, monkeypatch):
    monkeypatch.setattr(cpu_batched, "available_cores", lambda: 8)
    assert len({hash_of_large(sg=sg, workers=workers) for workers in (1, 2, 3)}) == 1


@pytest.mark.slow
@pytest.mark.parametrize("sg", [1, 0])
def test_neither_hash_seed_nor_fork_nor_spawn_plays_a_part(sg):
    expected = hash_of_large(sg=sg, workers=1)
    for seed, workers in (("0", 1), ("1", 2), ("random", 8)):
        assert run_python(TRAIN_LARGE, str(sg), str(workers), PYTHONHASHSEED=seed).strip() == expected
    for method in ("fork", "spawn"):
        with ProcessPoolExecutor(1, mp_context=get_context(method)) as pool:
            assert pool.submit(hash_of_large, sg=sg, workers=2).result(300) == expected


def test_the_option_is_saved_with_the_model(tmp_path):
    Word2Vec(walks(400), deterministic=True, **SMALL).save(tmp_path / "model")
    model = Word2Vec.load(tmp_path / "model")
    assert model.deterministic is True
    assert Word2Vec.load(tmp_path / "model", deterministic=False).deterministic is False


def test_training_again_repeats_too(monkeypatch):
    monkeypatch.setattr(cpu_batched, "available_cores", lambda: 8)
    hashes = set()
    for workers in (1, 3):
        model = Word2Vec(walks(LARGE), epochs=1, deterministic=True, workers=workers, **SMALL)
        model.train(walks(LARGE), epochs=1)
        hashes.add(hash_of(model))
    assert len(hashes) == 1


def test_warmup_compiles_what_deterministic_training_needs(monkeypatch):
    made = []
    compile = cpu_batched.BatchedCpuBackend.compile
    monkeypatch.setattr(cpu_batched.BatchedCpuBackend, "compile", lambda backend: (made.append(1), compile(backend)))
    warmup(sg=1, vector_size=16, compute_loss=True, deterministic=True)
    warmup(sg=1, vector_size=16, compute_loss=True)
    assert made == [1]


@pytest.mark.parametrize("device", ["cuda", "cuda:1"])
def test_a_gpu_is_refused_with_the_cure(device):
    message = f'deterministic=True with device=.{device}.: a GPU adds moves in any order; pass device="cpu", or '
    with pytest.raises(ValueError, match=message + "deterministic=False"):
        Word2Vec(deterministic=True, device=device).build_vocab([["a"]])


def test_the_command_line_has_the_option(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corpus.txt").write_text("\n".join(" ".join(map(str, walk)) for walk in walks(LARGE)) + "\n")
    options = ["--vector-size", "16", "--min-count", "1", "--epochs", "1", "--sample", "0", "--deterministic"]
    for workers in ("1", "2"):
        succeed("train", "corpus.txt", "-o", f"{workers}.bin", *options, "--workers", workers)
    assert (tmp_path / "1.bin").read_bytes() == (tmp_path / "2.bin").read_bytes()
    assert "a GPU adds moves in any order" in failure(
        "train", "corpus.txt", "-o", "x.bin", *options, "--device", "cuda"
    )

"""A step of gpu_box.py: `Word2Vec(device="cuda")`, its speed by model and size, a corpus of ten words, its quality."""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from gpu_jobs import Sizes
from gpu_steps import Clock, Row, colour, row

from fastw2v import Word2Vec
from fastw2v.datasets import evaluation_files
from fastw2v.evaluation import analogies, word_pairs
from fastw2v_kernels import _jit_cuda

Array = npt.NDArray[Any]
GOALS = {"skip-gram": 100e6, "CBOW": 200e6}  # raw words a second at D = 128
PHASES = ("encode", "upload", "compile", "train", "download")
REVIEWS = "imdb-unsup.txt.xz"


class Job(NamedTuple):
    """One training on a made-up corpus: words of the vocabulary, tokens, and what Word2Vec is given."""

    n_words: int
    n_tokens: int
    knobs: dict[str, Any]


BIG, MANY = 100_000_000, 1_000_000_000
JOBS = (
    Job(50_000, BIG, {"sg": 1, "vector_size": 128}),
    Job(50_000, BIG, {"sg": 0, "vector_size": 128}),
    Job(50_000, BIG, {"sg": 1, "vector_size": 300}),
    Job(50_000, BIG, {"sg": 1, "vector_size": 128, "negative_sharing": "pair"}),
    Job(1_000_000, BIG, {"sg": 1, "vector_size": 128}),
    Job(1_000_000, BIG, {"sg": 0, "vector_size": 300}),
    Job(1_000_000, MANY, {"sg": 1, "vector_size": 128}),
)
TOYS = (Job(20, 60, {"sg": 1, "vector_size": 6, "window": 1}), Job(20, 60, {"sg": 0, "vector_size": 6, "window": 1}))


def trainer(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """What speed must not cost, then speed, then quality."""
    red = sizes.red & {"skipgram_ns", "cbow_ns"}
    if red:
        yield row("trainer", " and ".join(sorted(red)), "not timed", "parity is red")
        return
    yield from hot_words(sizes)
    for job in TOYS if sizes.toy else JOBS:
        if clock.left() < sizes.reserve:
            yield row("trainer", name_of(job), "LEFT OUT", "no time left")
        else:
            yield speed(job)
    yield from quality(clock, sizes)


def name_of(job: Job) -> str:
    """Model and sizes."""
    model = "skip-gram" if job.knobs["sg"] else "CBOW"
    rest = [str(value) for name, value in job.knobs.items() if name not in ("sg", "vector_size")]
    return ", ".join([f"{model} D {job.knobs['vector_size']}, V {job.n_words:,}, {job.n_tokens:,} tokens", *rest])


def zipf_corpus(n_words: int, n_tokens: int, length: int = 25) -> tuple[Array, Array]:
    """Word i in proportion to 1 / (i + 1), in sentences of one length; made on the GPU, in parts."""
    xp = _jit_cuda.array_module()
    ids, rng, part = xp.empty(n_tokens, np.int32), xp.random.default_rng(0), 1 << 26
    for first in range(0, n_tokens, part):
        u = rng.random(min(part, n_tokens - first), dtype=np.float32)
        ids[first : first + len(u)] = xp.minimum((n_words + 1.0) ** u - 1, n_words - 1)
    return ids, xp.append(xp.arange(0, n_tokens, length), xp.asarray(n_tokens))


def speed(job: Job) -> Row:
    """One epoch: words a second in training alone, as they are before subsampling; all phases apart."""
    corpus = zipf_corpus(job.n_words, job.n_tokens)
    model = Word2Vec(corpus, device="cuda", epochs=1, min_count=1, **({"window": 5, "negative": 5} | job.knobs))
    rate = model.report.raw_words / max(model.report.train_seconds, 1e-9)
    phases = ", ".join(f"{phase} {model.seconds[phase]:.2f} s" for phase in PHASES)
    kept = f"{model.report.kept_words / model.report.raw_words:.0%} kept"
    goal = GOALS["skip-gram" if job.knobs["sg"] else "CBOW"]
    is_goal = job.knobs["vector_size"] == 128 and len(job.knobs) == 2
    aim = f"{rate / goal:.2f} of the goal; " if is_goal else ""
    return row("trainer", name_of(job), f"{rate / 1e6:.3g} M words/s", f"{aim}{kept}; {phases}")


def hot_words(sizes: Sizes) -> Iterator[Row]:
    """Ten words: the loss must be that of one thread of the CPU, within 5 %."""
    n_tokens = 20 if sizes.toy else 1_000_000
    rng = np.random.default_rng(0)
    ids = np.cumsum(np.where(rng.random(n_tokens) < 0.75, 1, rng.integers(0, 10, n_tokens))) % 10
    walks = ids.reshape(-1, 20)
    knobs = {"min_count": 1, "compute_loss": True, "workers": 1, "vector_size": 6 if sizes.toy else 128}
    knobs["epochs"] = 1 if sizes.toy else 5
    for sample in (0, 1e-3) if not sizes.toy else (0,):
        for sg in (1, 0):
            loss = {
                device: Word2Vec(walks, sg=sg, sample=sample, device=device, **knobs).report.loss_per_epoch[-1]
                for device in ("cuda", "cpu")
            }
            off = loss["cuda"] / loss["cpu"] - 1
            what = f"ten words, {'skip-gram' if sg else 'CBOW'}, sample {sample:g}"
            yield row("trainer", what, colour(abs(off) < 0.05), f"loss {loss['cuda']:.4f}, {off:+.2%} to the CPU's")


def quality(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Film reviews, where they are: five epochs and three seeds on each device, the GPU first."""
    packed = Path(os.environ.get("FASTW2V_DATA_DIR", ""), REVIEWS)
    if sizes.toy or not packed.is_file():
        yield row("trainer", "quality", "LEFT OUT", "toy sizes" if sizes.toy else f"no {REVIEWS} in FASTW2V_DATA_DIR")
        return
    text = Path(os.environ.get("TMPDIR", "/tmp"), "imdb-unsup.txt")
    text.write_bytes(lzma.decompress(packed.read_bytes()))
    for device in ("cuda", "cpu"):
        for sg in (1, 0):
            what = f"film reviews, {'skip-gram' if sg else 'CBOW'}, {device}"
            found: list[list[float]] = []
            for seed in (1, 2, 3):
                if clock.left() < (sizes.reserve if device == "cuda" else 60):
                    break
                model = Word2Vec(corpus_file=text, sg=sg, device=device, seed=seed, alpha=0.025 if sg else 0.05)
                found.append(scores(model))
            if not found:
                yield row("trainer", what, "LEFT OUT", "no time left")
                continue
            means = " | ".join(f"{mean:.1f}" for mean in np.mean(found, axis=0))
            phases = ", ".join(f"{phase} {model.seconds[phase]:.2f} s" for phase in PHASES)
            yield row("trainer", what, means, f"ws353, simlex, analogies; {len(found)} seeds; the last: {phases}")


def scores(model: Word2Vec) -> list[float]:
    """Rank correlations and analogies, of 100."""
    pairs, questions = evaluation_files()
    found = [100 * word_pairs(model.wv, path).spearman.statistic for path in pairs]
    return found + [100 * analogies(model.wv, path, restrict_vocab=30_000).accuracy for path in questions]

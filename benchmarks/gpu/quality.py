"""Checks of the quality of `Word2Vec(device="cuda")`: ten words, a streamed corpus, the scores of film reviews."""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from benchmarks.gpu.jobs import Sizes
from benchmarks.gpu.steps import UNFINISHED, Clock, Row, colour, row
from fastw2v import Word2Vec
from fastw2v.backends import TrainingData, cuda_plan
from fastw2v.backends.cuda import CudaBackend
from fastw2v.backends.cuda_corpus import StreamedCorpus
from fastw2v.backends.cuda_plan import max_warps
from fastw2v.config import TrainConfig
from fastw2v.datasets import evaluation_files
from fastw2v.encode import encode_corpus
from fastw2v.evaluation import analogies, word_pairs
from fastw2v.runtime.arrays import Array
from fastw2v.trainer import TrainReport, train
from fastw2v.vectors.weights import initial_weights
from fastw2v_kernels._jit import cuda as cuda_jit

PHASES = ("encode", "upload", "compile", "train", "download")
REVIEWS = "imdb-unsup.txt.xz"
SEEDS = (1, 2, 3)
SCORES = ("ws353", "simlex", "analogies")
MARGIN = 1.0  # of 100, in addition to the spread of the CPU's seeds
HOT = (  # tokens, sg, sample; the last two are the least corpus of which all warps train
    *((1_000_000, sg, sample) for sample in (0, 1e-3) for sg in (1, 0)),
    (4_200_000, 1, 1e-3),
    (4_200_000, 0, 0),
)
HOT_TOYS = (20, 1, 0), (20, 0, 0)
LOSS_OFF = 0.03  # of a streamed corpus, compared with the resident one


def phases_of(model: Word2Vec) -> str:
    """Seconds of all phases."""
    return ", ".join(f"{phase} {model.seconds[phase]:.2f} s" for phase in PHASES)


def zipf_corpus(n_words: int, n_tokens: int, length: int = 25) -> tuple[Array, Array]:
    """Word i in proportion to 1 / (i + 1), in sentences of one length; made on the GPU, in blocks."""
    xp = cuda_jit.array_module()
    ids, rng, block = xp.empty(n_tokens, np.int32), xp.random.default_rng(0), 1 << 26
    for first in range(0, n_tokens, block):
        u = rng.random(min(block, n_tokens - first), dtype=np.float32)
        ids[first : first + len(u)] = xp.minimum((n_words + 1.0) ** u - 1, n_words - 1)
    return ids, xp.append(xp.arange(0, n_tokens, length), xp.asarray(n_tokens))


def hot_words(sizes: Sizes) -> Iterator[Row]:
    """Ten words: the loss must be that of one thread of the CPU, within 5 %."""
    options = {"min_count": 1, "compute_loss": True, "workers": 1, "vector_size": 6 if sizes.toy else 128}
    options["epochs"] = 1 if sizes.toy else 5
    for n_tokens, sg, sample in HOT_TOYS if sizes.toy else HOT:
        rng = np.random.default_rng(0)
        ids = np.cumsum(np.where(rng.random(n_tokens) < 0.75, 1, rng.integers(0, 10, n_tokens))) % 10
        loss = {
            device: Word2Vec(ids.reshape(-1, 20), sg=sg, sample=sample, device=device, **options).report.loss_per_epoch[
                -1
            ]
            for device in ("cuda", "cpu")
        }
        off = loss["cuda"] / loss["cpu"] - 1
        what = f"ten words, {n_tokens:,} tokens, {'skip-gram' if sg else 'CBOW'}, sample {sample:g}"
        note = f"loss {loss['cuda']:.4f}, {off:+.2%} to the CPU's; at most {max_warps(n_tokens):,} warps"
        yield row("trainer", what, colour(abs(off) < 0.05), note=note)


def streamed(sizes: Sizes) -> Iterator[Row]:
    """The same corpus resident and, as if memory were short, in two buffers: the same samples, and the same loss."""
    n_words, n_tokens, span_tokens = (20, 60, 9) if sizes.toy else (50_000, 20_000_000, 1_000_000)
    ids, starts = (to_host(array) for array in zipf_corpus(n_words, n_tokens))
    corpus = encode_corpus((ids, starts), min_count=1)
    for sg in (1, 0):
        config = TrainConfig(sg=sg, vector_size=6 if sizes.toy else 128, epochs=1, min_count=1, compute_loss=True)
        whole, _ = run(config, corpus)
        with short_memory(config, len(corpus[0]), n_tokens, span_tokens=span_tokens):
            in_spans, backend = run(config, corpus)
        is_streamed = is_in_spans(backend, span_tokens)
        same = (in_spans.pairs, in_spans.kept_words) == (whole.pairs, whole.kept_words)
        off = in_spans.loss / whole.loss - 1
        rates = [report.raw_words / max(report.train_seconds, 1e-9) / 1e6 for report in (in_spans, whole)]
        note = (
            f"loss {off:+.2%} to the resident corpus's; {'the same' if same else 'OTHER'} samples; "
            f"{'spans' if is_streamed else 'NOT streamed: spans'} of {backend.span_tokens:,} tokens; "
            f"{rates[0]:.3g} M words/s, resident {rates[1]:.3g}"
        )
        what = f"streamed corpus, {'skip-gram' if sg else 'CBOW'}, {n_tokens:,} tokens"
        yield row("trainer", what, colour(is_streamed and same and abs(off) < LOSS_OFF), note=note)


def run(config: TrainConfig, corpus: Any) -> tuple[TrainReport, CudaBackend]:  # noqa: ANN401
    """Train new weights on the GPU."""
    backend = CudaBackend()
    data = TrainingData(*corpus, initial_weights(corpus[0], config.vector_size, config.seed))
    return train(backend, config, data), backend


def small_and_streamed(sizes: Sizes, sg: int) -> Row:
    """`Word2Vec` on a small corpus of which two spans fit: it must be streamed, and every word trained."""
    n_words, n_tokens, span_tokens = (20, 60, 9) if sizes.toy else (500, 40_000, 4_000)
    ids, starts = (to_host(array) for array in zipf_corpus(n_words, n_tokens))
    options = {"sg": sg, "vector_size": 6 if sizes.toy else 100, "epochs": 1, "min_count": 1, "device": "cuda"}
    backend = CudaBackend()
    with (
        short_memory(TrainConfig(**options), len(np.unique(ids)), n_tokens, span_tokens=span_tokens),
        mock.patch("fastw2v.session.get_backend", return_value=backend),
    ):
        model = Word2Vec((ids, starts), **options)
    is_right = is_in_spans(backend, span_tokens) and model.report.raw_words == n_tokens
    what = f"Word2Vec, streamed, {'skip-gram' if sg else 'CBOW'}, {n_tokens:,} tokens"
    return row("trainer", what, colour(is_right), note=f"spans of {backend.span_tokens:,} tokens; {phases_of(model)}")


def is_in_spans(backend: CudaBackend, span_tokens: int) -> bool:
    """Whether the corpus came to the GPU by spans of so many tokens."""
    return isinstance(backend._corpus, StreamedCorpus) and backend.span_tokens == span_tokens


@contextmanager
def short_memory(config: TrainConfig, n_vocab: int, n_tokens: int, *, span_tokens: int) -> Iterator[None]:
    """Free bytes by which the plan holds the model, and of the corpus two spans of so many tokens."""
    stride = -(-config.vector_size // 16) * 16
    window_bytes = max_warps(n_tokens) * 8 * (2 * config.window + 3) * stride
    free_bytes = (8 * stride + 12) * n_vocab + window_bytes + cuda_plan._RESERVE_BYTES + 30 * span_tokens
    with (
        mock.patch.object(cuda_jit, "free_memory", return_value=free_bytes),
        mock.patch.object(cuda_plan, "_LEAST_STREAMED_TOKENS", 1),
    ):
        yield


def to_host(array: Any) -> Array:  # noqa: ANN401
    """The array in the host's memory."""
    return array if isinstance(array, np.ndarray) else array.get()


def quality(clock: Clock, sizes: Sizes) -> Iterator[Row]:
    """Film reviews, where they are: five epochs and three seeds on each device; the GPU's scores must be the CPU's."""
    packed = Path(os.environ.get("FASTW2V_DATA_DIR", ""), REVIEWS)
    if sizes.toy or not packed.is_file():
        yield row(
            "trainer", "quality", "LEFT OUT", note="toy sizes" if sizes.toy else f"no {REVIEWS} in FASTW2V_DATA_DIR"
        )
        return
    text = Path(os.environ.get("TMPDIR", "/tmp"), "imdb-unsup.txt")
    text.write_bytes(lzma.decompress(packed.read_bytes()))
    found: dict[tuple[str, int], list[list[float]]] = {}
    for device in ("cuda", "cpu"):
        for sg in (1, 0):
            of_seeds, phases = found.setdefault((device, sg), []), ""
            for seed in SEEDS:
                if clock.left() < (sizes.reserve if device == "cuda" else 60):
                    break
                model = Word2Vec(corpus_file=text, sg=sg, device=device, seed=seed, alpha=0.025 if sg else 0.05)
                phases = phases or phases_of(model)  # the others have compiled already
                of_seeds.append(scores(model))
            what = f"film reviews, {'skip-gram' if sg else 'CBOW'}, {device}"
            if len(of_seeds) < len(SEEDS):
                yield row("trainer", what, UNFINISHED, note=f"{len(of_seeds)} of {len(SEEDS)} seeds")
                continue
            means = " | ".join(f"{mean:.1f}" for mean in np.mean(of_seeds, axis=0))
            yield row("trainer", what, means, note=f"{', '.join(SCORES)}; {len(of_seeds)} seeds; the first: {phases}")
    for sg in (1, 0):
        yield compared_with_cpu(f"film reviews, {'skip-gram' if sg else 'CBOW'}", found["cuda", sg], found["cpu", sg])


def compared_with_cpu(what: str, gpu: list[list[float]], cpu: list[list[float]]) -> Row:
    """Whether the GPU's mean scores lie no lower than the CPU's by more than the spread of its seeds and a margin."""
    what = f"{what}, scores compared with the CPU's"
    if min(len(gpu), len(cpu)) < len(SEEDS):
        return row("trainer", what, UNFINISHED, note="seeds are missing")
    off, allowed = np.mean(gpu, axis=0) - np.mean(cpu, axis=0), np.ptp(cpu, axis=0) + MARGIN
    note = ", ".join(f"{name} {by:+.1f} (-{most:.1f} allowed)" for name, by, most in zip(SCORES, off, allowed))
    return row("trainer", what, colour(bool((off >= -allowed).all())), note=note)


def scores(model: Word2Vec) -> list[float]:
    """Rank correlations and analogies, of 100."""
    pairs, questions = evaluation_files()
    found = [100 * word_pairs(model.wv, path).spearman.statistic for path in pairs]
    return found + [100 * analogies(model.wv, path, restrict_vocab=30_000).accuracy for path in questions]

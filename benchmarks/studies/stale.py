"""How many concurrent workers with stale rows affect quality: losses by the number of chunks in flight, on the CPU.

Usage: python -m benchmarks.studies.stale [--corpus hot10|FILE] [--in-flight 1 64 1024] [--copies inf] [--cbow]
                                          [--scores]

The guard of the CUDA trainer (`fastw2v/backends/cuda_plan.py`) was chosen by these figures. "load" is what it bounds:
how many copies of the most frequent word's row are changed at the same time. "loss" is that of the last epoch, on the
way; "after" that of the trained weights, at rest.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.studies.stale_model import AliasTable, Guard, Kept, Matrices, Settings, new_workers, train_epoch
from fastw2v.backends.cuda_plan import CHUNK_TOKENS, COPIES, rates
from fastw2v.config import TrainConfig
from fastw2v.datasets import evaluation_files
from fastw2v.encode import Tokens, encode_corpus
from fastw2v.evaluation import analogies, word_pairs
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.arrays import Array
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab

NEGATIVE, LEAST_ALPHA = 5, 1e-4


def hot_words(n_words: int, n_tokens: int, length: int) -> Array:
    """Sentences in which the next word follows the last in three cases of four."""
    rng = np.random.default_rng(0)
    walks = rng.integers(0, n_words, (n_tokens // length, length))
    for i in range(1, length):
        follows = rng.random(len(walks)) < 0.75
        walks[follows, i] = (walks[follows, i - 1] + 1) % n_words
    return walks


def kept_tokens(tokens: Tokens, keep: Array, seed: int) -> Kept:
    """Subsample an epoch."""
    pos = np.flatnonzero(np.random.default_rng(seed).random(tokens.n_tokens) < keep[tokens.ids])
    return Kept(tokens.ids[pos].astype(np.int64), np.searchsorted(tokens.starts, pos, side="right"), pos)


def guard_of(vocab: Vocab, keep: Array, in_flight: int, *, options: argparse.Namespace) -> Guard:
    """The rates that the CUDA trainer would give, for every word."""
    config = TrainConfig(window=options.window, sample=options.sample, negative=NEGATIVE)
    whole = [np.ones(len(vocab), np.float32) for _ in range(2)]
    for factors, slowed in zip(whole, rates(config, vocab, keep, n_warps=in_flight, most_copies=options.copies)):
        factors[: len(slowed)] = slowed
    return Guard(*whole)


def settings_of(epoch: int, n_tokens: int, options: argparse.Namespace) -> Settings:
    """Options of an epoch; the learning rate falls with the position, and is 0 after the last epoch."""
    fall = (options.alpha - LEAST_ALPHA) / options.epochs
    lr = (options.alpha - fall * epoch, -fall / n_tokens) if epoch < options.epochs else (0.0, 0.0)
    return Settings(options.window, options.cbow, *lr, seed=7 * epoch)


def train(vocab: Vocab, tokens: Tokens, in_flight: int, *, options: argparse.Namespace) -> dict[str, Any]:
    """Train with so many chunks in flight; return losses, load and vectors."""
    begun, keep = time.perf_counter(), vocab.keep_probabilities(options.sample)
    weights = initial_weights(vocab, options.dim, options.seed)
    matrices, negatives = Matrices(weights.w_in, weights.w_out), AliasTable(*vocab.alias_table(0.75))
    guard = guard_of(vocab, keep, in_flight, options=options)
    losses = []
    for epoch in range(options.epochs + 1):  # the last is no training: the rate is 0
        kept = kept_tokens(tokens, keep, epoch)
        cuts = np.searchsorted(kept.pos, np.append(np.arange(0, tokens.n_tokens, options.chunk), tokens.n_tokens))
        n_workers = in_flight if epoch < options.epochs else 1
        workers = new_workers(n_workers, weights.w_in.shape[1], window=options.window, negative=NEGATIVE)
        settings = settings_of(epoch, tokens.n_tokens, options)
        losses.append(train_epoch(matrices, kept, cuts, negatives, workers, guard, settings))
    share = vocab.counts * keep.astype(float)
    load = min(in_flight, len(cuts) - 1) * (2 * options.window + 1) * share.max() / share.sum()
    vectors = KeyedVectors(vocab.keys, weights.w_in[:, : options.dim], vocab.counts)
    seconds = time.perf_counter() - begun
    return {"load": load, "loss": losses[-2], "after": losses[-1], "vectors": vectors, "seconds": seconds}


def scores(vectors: KeyedVectors) -> str:
    """Rank correlations and analogies, of 100."""
    pairs, questions = evaluation_files()
    found = [100 * word_pairs(vectors, path).spearman.statistic for path in pairs]
    found += [100 * analogies(vectors, path, restrict_vocab=30_000).accuracy for path in questions]
    return " | ".join(f"{score:.1f}" for score in found)


def corpus_of(name: str, n_tokens: int, length: int) -> tuple[Vocab, Tokens]:
    """The corpus of this name, encoded."""
    if name.startswith("hot"):
        return encode_corpus(hot_words(int(name[3:] or 10), n_tokens, length), min_count=1)
    return encode_corpus(Path(name), min_count=5, workers=2)


def main() -> int:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--corpus", default="hot10", help="hot10, hot100, ... (so many words), or a text file")
    parser.add_argument("--in-flight", type=int, nargs="+", default=[1, 16, 64, 256, 1024, 4096, 16384])
    parser.add_argument("--sample", type=float, default=1e-3)
    parser.add_argument("--alpha", type=float, default=0.025)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--window", type=int, default=5)
    parser.add_argument("--chunk", type=int, default=CHUNK_TOKENS, help="tokens of a chunk; default: the trainer's")
    parser.add_argument("--tokens", type=int, default=200_000, help="words of hot10")
    parser.add_argument("--length", type=int, default=20, help="words of a sentence of hot10")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--copies", type=float, default=COPIES, help="copies of a row moved at full rate; inf: all")
    parser.add_argument("--cbow", action="store_true")
    parser.add_argument("--scores", action="store_true", help="word pairs and analogies too (FASTW2V_DATA_DIR)")
    options = parser.parse_args()
    vocab, tokens = corpus_of(options.corpus, options.tokens, options.length)
    print(f"{vars(options)}, {tokens.n_tokens} tokens, V {len(vocab)}")
    print("| in flight | load | loss | after | to one worker's | seconds |", flush=True)
    base = None
    for in_flight in options.in_flight:
        found = train(vocab, tokens, in_flight, options=options)
        base = base or found["after"]
        line = f"| {in_flight} | {found['load']:.3g} | {found['loss']:.4f} | {found['after']:.4f} "
        line += f"| {found['after'] / base - 1:+.1%} | {found['seconds']:.0f} |"
        print(line + (f" {scores(found['vectors'])} |" if options.scores else ""), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Vectors of DNA k-mers: pieces that stand in the same places become neighbours, though they share no letter.

A random genome has a signal planted in it: a core between two flanks. The core is one of two, drawn at random. Nothing
but the places where they stand says that the two cores mean the same.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v import Word2Vec

Ints = npt.NDArray[np.int64]
K = 6
FLANKS, CORES = ("GATTACAC", "TTGACGCA"), ("CCGGTTAA", "AGACCTGT")


def letters(text: str) -> Ints:
    """Return DNA as numbers from 0 to 3."""
    return np.array(["ACGT".index(letter) for letter in text])


def text_of(kmer: int) -> str:
    """Return the letters of a k-mer's number."""
    return "".join("ACGT"[kmer >> 2 * i & 3] for i in reversed(range(K)))


def kmers(reads: Ints) -> Ints:
    """Return the number of the k-mer at each position of each read, integer[n_reads, length - K + 1]."""
    windows = np.lib.stride_tricks.sliding_window_view(reads, K, axis=1)
    return windows @ (4 ** np.arange(K)[::-1])


def some_reads(n_reads: int, rng: np.random.Generator) -> Ints:
    """Return random reads, the signal in the middle of each second one: integer[n_reads, 60]."""
    reads = rng.integers(4, size=(n_reads, 60))
    for read in reads[::2]:
        signal = letters(FLANKS[0] + rng.choice(CORES) + FLANKS[1])
        first = rng.integers(len(read) - len(signal))
        read[first : first + len(signal)] = signal
    return reads


def main() -> None:
    """Turn reads into k-mers, an integer each, and train on them as on sentences."""
    sentences = kmers(some_reads(20_000, np.random.default_rng(1)))
    model = Word2Vec(sentences, sg=1, vector_size=32, window=10, min_count=1, sample=0, epochs=2)

    one, other = (kmers(letters(core)[None])[0].tolist() for core in CORES)
    print("a k-mer of the first core:", text_of(one[1]))
    print("nearest:", *(text_of(kmer) for kmer, _ in model.wv.most_similar(one[1], topn=4)))
    ranks = [min(model.wv.rank(kmer, twin) for twin in other) for kmer in one]
    print(f"rank of the other core: {np.mean(ranks):.1f} of {len(model.wv)}")


if __name__ == "__main__":
    main()

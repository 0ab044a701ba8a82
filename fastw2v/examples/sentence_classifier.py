"""Sentence vectors for a classifier: vectors learnt without labels make up for few labels.

Reviews are made here: each praises or blames, in words drawn from 60 that praise and 60 that blame, among common words
that tell nothing. Only 20 reviews have a label. Most words of the other reviews do not occur in these, but their
vectors, trained on all reviews without labels, lie near those that do. That is transfer learning.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from fastw2v import Word2Vec

Floats = npt.NDArray[np.floating]
N_TOLD, N_COMMON = 60, 40


def some_reviews(n_reviews: int, rng: np.random.Generator) -> tuple[list[str], Floats]:
    """Return reviews, and 1 or -1 for each."""
    labels = rng.choice([-1.0, 1.0], n_reviews)
    reviews = []
    for label in labels:
        n_told = rng.integers(2, 7)
        told = [f"{'good' if label > 0 else 'bad'}{n}" for n in rng.integers(N_TOLD, size=n_told)]
        common = [f"the{n}" for n in N_COMMON * rng.random(20) ** 3 // 1]
        reviews.append(" ".join(rng.permutation(told + common)))
    return reviews, labels


def accuracy(features: Floats, labels: Floats, n_labelled: int) -> float:
    """Fit the labels of the first rows by ridge regression, and return the share of the other rows that is right."""
    known, asked = features[:n_labelled].astype(float), features[n_labelled:]
    ridge = 1e-2 * np.trace(known.T @ known) / known.shape[1]
    weights = np.linalg.solve(known.T @ known + ridge * np.eye(known.shape[1]), known.T @ labels[:n_labelled])
    return float(np.mean(np.sign(asked @ weights) == labels[n_labelled:]))


def main() -> None:
    """Compare counts of words with the two kinds of sentence vectors."""
    reviews, labels = some_reviews(5_000, np.random.default_rng(1))
    model = Word2Vec([review.split() for review in reviews], sg=1, vector_size=32, window=10, sample=1e-2, epochs=10)

    counts = np.zeros((len(reviews), len(model.wv)))
    for row, review in zip(counts, reviews):
        np.add.at(row, model.wv.rows_of(review.split()), 1)
    component = model.wv.sif_component(reviews)  # keep it, for reviews to come
    features: dict[str, Floats] = {
        "counts": counts,
        "mean": model.wv.sentence_vectors(reviews),
        "SIF": model.wv.sentence_vectors(reviews, "sif", component=component),
    }
    for name, values in features.items():
        print(f"accuracy with {name}: {accuracy(values, labels, 20):.2f}")


if __name__ == "__main__":
    main()

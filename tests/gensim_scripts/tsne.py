"""Two dimensions for a picture: vectors and labels go to scikit-learn's t-SNE, or to a small PCA without it."""

import random

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

from tests.gensim_scripts.corpus import TOPIC_OF, neighbours, topic_sentences, write_vectors


def reduce_dimensions(wv):
    vectors = np.asarray(wv.vectors)
    labels = np.asarray(wv.index_to_key)
    try:
        from sklearn.manifold import TSNE
    except ImportError:
        centred = vectors - vectors.mean(axis=0)
        plane = centred @ np.linalg.svd(centred, full_matrices=False)[2][:2].T
    else:
        plane = TSNE(n_components=2, perplexity=5, method="exact", random_state=0).fit_transform(vectors)
    return plane[:, 0], plane[:, 1], labels


def share_in_topic(x, y, labels):
    """How many words lie next to a word of their own topic."""
    distances = np.hypot(x[:, None] - x, y[:, None] - y)
    np.fill_diagonal(distances, np.inf)
    nearest = distances.argmin(axis=1)
    return np.mean([TOPIC_OF[labels[i]] == TOPIC_OF[labels[j]] for i, j in enumerate(nearest)])


model = Word2Vec(topic_sentences(), vector_size=20, min_count=1, epochs=25, seed=1, workers=1)
x_vals, y_vals, labels = reduce_dimensions(model.wv)
is_topic_word = np.array([label in TOPIC_OF for label in labels])

write_vectors("vectors.txt")
wv = KeyedVectors.load_word2vec_format("vectors.txt", binary=False)
x_of_file, y_of_file, labels_of_file = reduce_dimensions(wv)

random.seed(0)
selected = random.sample(range(len(labels_of_file)), 5)

RESULT = {
    "x_vals": x_vals,
    "y_vals": y_vals,
    "labels": labels,
    "are_together": bool(share_in_topic(x_vals[is_topic_word], y_vals[is_topic_word], labels[is_topic_word]) > 0.9),
    "plane_of_file": np.stack([x_of_file, y_of_file], axis=1),
    "selected": [str(labels_of_file[i]) for i in selected],
    "neighbours": neighbours(model.wv),
}

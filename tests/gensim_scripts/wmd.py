"""Word Mover's Distance between short documents, with trained vectors and with vectors of a file."""

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

from tests.gensim_scripts.corpus import neighbours, topic_sentences, write_vectors

model = Word2Vec(topic_sentences(), vector_size=20, min_count=1, epochs=25, seed=1, workers=1)
stop_words = {"the", "and", "of", "with"}


def preprocess(sentence):
    return [word for word in sentence.lower().split() if word not in stop_words]


soup = preprocess("The soup and the bread with pepper")
pan = preprocess("The pan of the stove and a plate")
ferry = preprocess("The captain of the ferry and the lighthouse")

near, far = model.wv.wmdistance(soup, pan), model.wv.wmdistance(soup, ferry)

write_vectors("vectors.txt")
wv = KeyedVectors.load_word2vec_format("vectors.txt", binary=False)
documents = topic_sentences(12, seed=2)
query = preprocess("soup bread pepper kettle kettle spoon")
distances = np.array([wv.wmdistance(query, document) for document in documents])

RESULT = {
    "trained": [near, far],
    "is_nearer": near < far,
    "same_document": model.wv.wmdistance(soup, soup[::-1]),
    "same_word": model.wv.wmdistance(["soup", "soup"], ["soup"]),
    "unknown": model.wv.wmdistance(["nonsense"], soup),
    "empty": model.wv.wmdistance([], soup),
    "distances": distances,
    "nearest_document": documents[int(distances.argmin())],
    "not_normed": wv.wmdistance(soup, ferry, norm=False),
    "neighbours": neighbours(model.wv),
}

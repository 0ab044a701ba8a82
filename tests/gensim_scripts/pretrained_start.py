"""Start from pretrained vectors: known words take theirs and stay as they are, the others are trained around them."""

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

from tests.gensim_scripts.corpus import TOPICS, neighbours, topic_sentences, write_vectors

pretrained_words = [word for words in TOPICS.values() for word in words[:4]]
write_vectors("pretrained.txt", [*pretrained_words, "submarine"])
pretrained = KeyedVectors.load_word2vec_format("pretrained.txt", binary=False)

sentences = topic_sentences()
model = Word2Vec(vector_size=20, min_count=1, seed=1, workers=1)
model.build_vocab(sentences)
model.wv.vectors_lockf = np.ones(len(model.wv), dtype=np.float32)
model.wv.intersect_word2vec_format("pretrained.txt", lockf=0.0, binary=False)

known = [word for word in pretrained.index_to_key if word in model.wv]
others = [word for word in model.wv.index_to_key if word not in pretrained]
is_taken = all((model.wv[word] == pretrained[word]).all() for word in known)
before = model.wv[others].copy()
model.train(sentences, total_examples=model.corpus_count, epochs=25)
is_frozen = all((model.wv[word] == pretrained[word]).all() for word in known)
has_moved = bool((model.wv[others] != before).any(axis=1).all())

free = Word2Vec(vector_size=20, min_count=1, seed=1, workers=1)
free.build_vocab(sentences)
free.wv.vectors_lockf = np.ones(len(free.wv), dtype=np.float32)
free.wv.intersect_word2vec_format("pretrained.txt", lockf=1.0)
free.train(sentences, total_examples=free.corpus_count, epochs=2)

RESULT = {
    "known": known,
    "is_taken": is_taken,
    "is_frozen": is_frozen,
    "has_moved": has_moved,
    "is_free": bool((free.wv[known] != pretrained[known]).any(axis=1).all()),
    "lockf": [float(model.wv.vectors_lockf[model.wv.get_index(word)]) for word in ("stove", "plate")],
    "frozen_vectors": model.wv[known],
    "vectors": model.wv.vectors,
    "has_no_new_word": "submarine" not in model.wv,
    "neighbours": neighbours(model.wv, [word for words in TOPICS.values() for word in words[4:]]),
}

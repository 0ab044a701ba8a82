"""Save and load: a model, its vectors alone, memory-mapped, and word2vec files, text and binary."""

import numpy as np
from gensim.models import KeyedVectors, Word2Vec

from tests.gensim_scripts.corpus import neighbours, topic_sentences

sentences = topic_sentences()
model = Word2Vec(sentences, vector_size=20, min_count=1, epochs=25, seed=1, workers=1)
model.save("word2vec.model")
loaded_model = Word2Vec.load("word2vec.model")
trained = loaded_model.train([["hello", "ship"]], total_examples=1, epochs=1)[1]

word_vectors = model.wv
word_vectors.save("word2vec.wordvectors")
wv = KeyedVectors.load("word2vec.wordvectors", mmap="r")
word_vectors.save("vectors.kv")
reloaded_word_vectors = KeyedVectors.load("vectors.kv")
mapped_model = Word2Vec.load("word2vec.model", mmap="r")

word_vectors.save_word2vec_format("vectors.txt", binary=False)
word_vectors.save_word2vec_format("vectors.bin", binary=True)
word_vectors.save_word2vec_format("counted.bin", fvocab="counts.txt", binary=True)
from_text = KeyedVectors.load_word2vec_format("vectors.txt", binary=False)
from_binary = KeyedVectors.load_word2vec_format("vectors.bin", binary=True)
from_counted = KeyedVectors.load_word2vec_format("counted.bin", fvocab="counts.txt", binary=True)
first_five = KeyedVectors.load_word2vec_format("vectors.bin", binary=True, limit=5)

with open("latin.txt", "wb") as file:
    file.write("2 2\ncaf\u00e9 0.5 1\nna\u00efve 0.25 2\n".encode("latin1"))
latin = KeyedVectors.load_word2vec_format("latin.txt", encoding="latin1")
ignored = KeyedVectors.load_word2vec_format("latin.txt", encoding="utf8", unicode_errors="ignore")
replaced = KeyedVectors.load_word2vec_format("latin.txt", unicode_errors="replace")


def is_equal(other):
    return bool(np.array_equal(other.vectors, wv.vectors) and other.index_to_key == wv.index_to_key)


with open("vectors.txt", encoding="utf8") as lines:
    header = next(lines)

RESULT = {
    "are_equal": [
        is_equal(each) for each in (model.wv, reloaded_word_vectors, mapped_model.wv, from_text, from_binary)
    ],
    "from_counted": is_equal(from_counted),
    "trained": trained,
    "header": header,
    "vector": wv["ship"],
    "first_five": (first_five.vectors, len(first_five), first_five.index_to_key == wv.index_to_key[:5]),
    "counts": [each.get_vecattr("ship", "count") for each in (wv, reloaded_word_vectors, from_counted)],
    "latin": (latin.index_to_key, latin.vectors),
    "ignored": ignored.index_to_key,
    "replaced": replaced.index_to_key,
    "neighbours": neighbours(wv),
}

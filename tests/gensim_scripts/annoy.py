"""Approximate neighbours with an Annoy index: built from a model or from vectors, asked, saved and loaded."""

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.similarities.annoy import AnnoyIndexer

from tests.gensim_scripts.corpus import TOPIC_OF, neighbours, topic_sentences, write_vectors

model = Word2Vec(topic_sentences(), vector_size=20, min_count=1, epochs=25, seed=1, workers=1)

annoy_index = AnnoyIndexer(model, 100)
vector = model.wv["ship"]
approximate = model.wv.most_similar([vector], topn=4, indexer=annoy_index)
exact = model.wv.most_similar([vector], topn=4)
by_word = model.wv.most_similar("ship", topn=3, indexer=annoy_index)

annoy_index.save("annoy.index")
loaded = AnnoyIndexer()
loaded.load("annoy.index")
loaded.model = model
from_loaded = model.wv.most_similar("ship", topn=3, indexer=loaded)

write_vectors("vectors.txt")
wv = KeyedVectors.load_word2vec_format("vectors.txt", binary=False)
index_of_wv = AnnoyIndexer(wv, 100)
answers = {word: wv.most_similar(word, topn=5, indexer=index_of_wv) for word in TOPIC_OF}
analogy = wv.most_similar(positive=["ship", "stove"], negative=["sail"], topn=3, indexer=index_of_wv)

RESULT = {
    "approximate": approximate,
    "first": approximate[0][0],
    "is_exact": [word for word, _ in approximate] == [word for word, _ in exact],
    "by_word": by_word,
    "is_same_when_loaded": from_loaded == by_word,
    "answers": answers,
    "analogy": analogy,
    "by_vector": index_of_wv.most_similar(np.asarray(wv.get_vector("rose", norm=True)), 3),
    "settings": (index_of_wv.num_trees, loaded.num_trees, loaded.labels[:0]),
    "neighbours": neighbours(model.wv),
}

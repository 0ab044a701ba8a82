"""The core tutorial: a corpus that streams a file, a model, queries on its vectors, save, load and train on."""

from gensim.models import Word2Vec
from gensim.utils import simple_preprocess

from tests.gensim_scripts.corpus import neighbours, topic_sentences, write_sentences

write_sentences("corpus.txt", topic_sentences())


class MyCorpus:
    """An iterable that yields lists of words."""

    def __iter__(self):
        with open("corpus.txt", encoding="utf8") as lines:
            for line in lines:
                yield simple_preprocess(line)


sentences = MyCorpus()
model = Word2Vec(sentences=sentences, vector_size=20, min_count=5, epochs=25, seed=1, workers=1)

vector = model.wv["kettle"]
first_words = []
for index, word in enumerate(model.wv.index_to_key):
    if index == 4:
        break
    first_words.append(word)

try:
    model.wv["cameroon"]
except KeyError:
    is_missing = True

pairs = [("stove", "oven"), ("stove", "ferry"), ("ship", "sail"), ("ship", "rose")]
similarities = [model.wv.similarity(w1, w2) for w1, w2 in pairs]
most_similar = model.wv.most_similar(positive=["stove", "oven"], topn=5)
weighted = model.wv.most_similar(positive=["ship", "stove"], negative=["oven"], topn=1)
odd_one = model.wv.doesnt_match(["stove", "kettle", "spoon", "anchor"])

model.save("tutorial.model")
new_model = Word2Vec.load("tutorial.model")
is_same = bool((new_model.wv.vectors == model.wv.vectors).all())
new_model.train([["ship", "anchor", "sail"], ["rose", "spade", "seed"]], total_examples=2, epochs=1)

RESULT = {
    "vector": vector,
    "first_words": sorted(first_words),
    "is_missing": is_missing,
    "ordered": similarities[0] > similarities[1] and similarities[2] > similarities[3],
    "similarities": similarities,
    "most_similar": most_similar,
    "weighted": weighted,
    "odd_one": odd_one,
    "is_same": is_same,
    "loaded": new_model.wv.vectors.shape,
    "corpus": (model.corpus_count, model.corpus_total_words),
    "neighbours": neighbours(new_model.wv),
}

"""Online training: a saved model learns the words of a corpus that comes later."""

from gensim.models import Word2Vec

from tests.gensim_scripts.corpus import TOPICS, neighbours, topic_sentences

old_sentences = topic_sentences(800, topics=("kitchen", "harbour"))
new_sentences = topic_sentences(800, topics=("garden", "harbour"), seed=2)

model = Word2Vec(old_sentences, vector_size=20, min_count=3, epochs=30, seed=1, workers=1)
model.save("old.model")
old_counts = {word: model.wv.get_vecattr(word, "count") for word in model.wv.index_to_key}

model = Word2Vec.load("old.model")
before = {word: model.wv[word].copy() for word in TOPICS["kitchen"]}
size_before = len(model.wv)
model.build_vocab(new_sentences, update=True)
kept_rows = all((model.wv[word] == before[word]).all() for word in before)
grown = [word for word in model.wv.index_to_key if word not in old_counts]
raw_words = [model.train(new_sentences, total_examples=model.corpus_count, epochs=30)[1]]

model.build_vocab([["compost", "soil", "seed"]] * 5, update=True)
raw_words.append(model.train([["compost", "soil", "seed"]] * 5, total_examples=5, epochs=2)[1])

RESULT = {
    "sizes": [size_before, len(model.wv)],
    "kept_rows": kept_rows,
    "grown": sorted(grown),
    "order": model.wv.index_to_key[size_before:][-1],
    "counts": [model.wv.get_vecattr(word, "count") for word in ("ship", "rose", "stove", "compost")],
    "corpus": (model.corpus_count, model.corpus_total_words),
    "raw_words": raw_words,
    "vectors": model.wv.vectors,
    "output": model.syn1neg,
    "neighbours": neighbours(model.wv),
}

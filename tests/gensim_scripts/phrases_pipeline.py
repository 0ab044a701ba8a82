"""Phrases before training: words that occur together become one, in a corpus that is read again each epoch."""

from gensim.models import Word2Vec
from gensim.models.phrases import ENGLISH_CONNECTOR_WORDS, Phrases

from tests.gensim_scripts.corpus import TOPIC_OF, neighbours, topic_sentences

FIRST_HALVES = {"oven": "bake", "crane": "dock", "hedge": "box"}
sentences = [
    [half for word in sentence for half in ((FIRST_HALVES[word], word) if word in FIRST_HALVES else (word,))]
    for sentence in topic_sentences()
]

phrases = Phrases(sentences, min_count=5, threshold=3.0, connector_words=ENGLISH_CONNECTOR_WORDS)
bigram = phrases.freeze()
found = sorted(phrases.export_phrases())

model = Word2Vec(bigram[sentences], vector_size=20, min_count=5, epochs=25, seed=1, workers=1)
in_steps = Word2Vec(vector_size=20, min_count=5, workers=1, seed=1)
in_steps.build_vocab(bigram[sentences])
in_steps.train(bigram[sentences], total_examples=in_steps.corpus_count, epochs=2)

kept = [word for word in TOPIC_OF if word not in FIRST_HALVES]
RESULT = {
    "found": found,
    "sentence": bigram[["bake", "oven", "stove"]],
    "vocabulary": sorted(model.wv.index_to_key),
    "in_steps": in_steps.wv.vectors.shape,
    "count": model.wv.get_vecattr("dock_crane", "count"),
    "phrase": model.wv["dock_crane"],
    "most_similar": model.wv.most_similar("dock_crane", topn=3),
    "neighbours": neighbours(model.wv, kept),
}

"""Vocabulary and training as two steps, the usual parameters, memory, loss, and training that goes on later."""

from gensim.models import Word2Vec

from tests.gensim_scripts.corpus import TOPICS, neighbours, topic_sentences

sentences = topic_sentences()
model = Word2Vec(vector_size=20, window=5, min_count=5, sg=1, negative=5, workers=1, seed=1)
model.build_vocab(sentences, progress_per=10000)
trained = model.train(
    sentences, total_examples=model.corpus_count, epochs=20, start_alpha=0.025, end_alpha=0.001, report_delay=1
)
memory = model.estimate_memory()
memory_of_million = model.estimate_memory(vocab_size=1_000_000)

sizes = []
for min_count in (1, 5):
    other = Word2Vec(vector_size=20, min_count=min_count, workers=1)
    other.build_vocab([*sentences, ["oncewritten"]])
    sizes.append(len(other.wv))
shapes = [Word2Vec(sentences, vector_size=size, workers=1, epochs=1).wv.vectors.shape for size in (20, 50)]
three_workers = Word2Vec(sentences, vector_size=20, workers=3, epochs=1, batch_words=1000)

with_loss = Word2Vec(sentences, vector_size=20, compute_loss=True, hs=0, sg=1, seed=42, workers=1)
training_loss = with_loss.get_latest_training_loss()

model.save("word2vec.model")
model = Word2Vec.load("word2vec.model")
more_sentences = [[*TOPICS["garden"], "greenhouse"], [*TOPICS["garden"][::-1], "greenhouse"]] * 50
model.build_vocab(more_sentences, update=True)
model.train(more_sentences, total_examples=model.corpus_count, epochs=model.epochs)

RESULT = {
    "trained": trained[1],
    "memory": memory,
    "memory_of_million": memory_of_million,
    "sizes": sizes,
    "shapes": shapes,
    "three_workers": three_workers.wv.vectors.shape,
    "training_loss": training_loss,
    "is_loss_positive": training_loss > 0,
    "parameters": (model.vector_size, model.window, model.sg, model.negative, model.epochs, model.workers),
    "vocabulary": sorted(model.wv.index_to_key),
    "counts": [model.wv.get_vecattr(word, "count") for word in ("greenhouse", "rose", "ship")],
    "output": model.syn1neg,
    "neighbours": neighbours(model.wv),
}

"""Corpora in files: a folder of text files, plain and compressed, one file, and one file read by name."""

import gzip
import os

from gensim.models import Word2Vec
from gensim.models.word2vec import LineSentence, PathLineSentences

from tests.gensim_scripts.corpus import neighbours, topic_sentences, write_sentences

sentences = topic_sentences()
os.mkdir("corpus")
write_sentences("corpus/part1.txt", sentences[:200])
write_sentences("corpus/part2.txt", sentences[200:400])
with gzip.open("corpus/part3.txt.gz", "wt", encoding="utf8") as file:
    file.writelines(" ".join(sentence) + "\n" for sentence in sentences[400:])
write_sentences("whole.txt", sentences)

parameters = {"vector_size": 20, "min_count": 1, "epochs": 25, "seed": 1, "workers": 1}
from_folder = Word2Vec(PathLineSentences("corpus"), **parameters)
from_lines = Word2Vec(LineSentence("whole.txt"), **parameters)
from_file = Word2Vec(corpus_file="whole.txt", **parameters)
from_lists = Word2Vec(sentences, **parameters)

limited = Word2Vec(vector_size=20, min_count=1, workers=1, seed=1)
limited.build_vocab(LineSentence("whole.txt", limit=50, max_sentence_length=5))
limited.train(LineSentence("whole.txt", limit=50), total_examples=limited.corpus_count, epochs=2)

by_name = Word2Vec(vector_size=20, min_count=1, workers=1, seed=1)
by_name.build_vocab(corpus_file="whole.txt")
raw_words = by_name.train(corpus_file="whole.txt", total_words=by_name.corpus_total_words, epochs=2)[1]

models = (from_folder, from_lines, from_file, from_lists, limited, by_name)
RESULT = {
    "counts": [(model.corpus_count, model.corpus_total_words) for model in models],
    "shapes": [model.wv.vectors.shape for model in models],
    "vocabularies": [sorted(model.wv.index_to_key) for model in models],
    "are_equal": [bool((each.wv.vectors == from_lists.wv.vectors).all()) for each in (from_folder, from_lines)],
    "raw_words": raw_words,
    "neighbours": neighbours(from_folder.wv),
    "neighbours_of_file": neighbours(from_file.wv),
}

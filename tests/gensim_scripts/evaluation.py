"""Evaluation on word pairs and analogies: gensim's files with vectors of a file, own files with trained vectors."""

from itertools import pairwise

import numpy as np
from gensim.models import KeyedVectors, Word2Vec
from gensim.test.utils import datapath

from tests.gensim_scripts.corpus import TOPICS, neighbours, topic_sentences, write_vectors


def words_of(name, n_lines):
    with open(datapath(name), encoding="utf8") as lines:
        rows = [line.split() for line in lines if not line.startswith(("#", ":"))][:n_lines]
    return list(dict.fromkeys(word for row in rows for word in row if word[0].isalpha()))


write_vectors("pairs.txt", words_of("wordsim353.tsv", 200))
wv = KeyedVectors.load_word2vec_format("pairs.txt", binary=False)
wordsim = wv.evaluate_word_pairs(datapath("wordsim353.tsv"))
with_zeros = wv.evaluate_word_pairs(datapath("wordsim353.tsv"), dummy4unknown=True)
few_words = wv.evaluate_word_pairs(datapath("wordsim353.tsv"), restrict_vocab=100)

rng = np.random.default_rng(1)
cities_and_countries = words_of("questions-words.txt", 300)  # city, country, city, country, ...
countries = rng.normal(size=(len(cities_and_countries) // 2, 20))
cities = countries + rng.normal(size=20) + rng.normal(scale=0.6, size=countries.shape)
with open("questions.txt", "w", encoding="utf8") as file:
    file.write(f"{2 * len(countries)} 20\n")
    for word, vector in zip(cities_and_countries, np.stack([cities, countries], axis=1).reshape(-1, 20)):
        file.write(f"{word} {' '.join(map(str, vector))}\n")
capitals = KeyedVectors.load_word2vec_format("questions.txt", binary=False)
score, sections = capitals.evaluate_word_analogies(datapath("questions-words.txt"))
strict_score, _ = capitals.evaluate_word_analogies(datapath("questions-words.txt"), dummy4unknown=True)
upper_case, _ = capitals.evaluate_word_analogies(datapath("questions-words.txt"), case_insensitive=False)

model = Word2Vec(topic_sentences(), vector_size=20, min_count=1, epochs=25, seed=1, workers=1)
kitchen, harbour = TOPICS["kitchen"], TOPICS["harbour"]
with open("own_pairs.tsv", "w", encoding="utf8") as file:
    file.write("# two of one topic, or of two\n")
    file.writelines(f"{w1}\t{w2}\t{9 + i / 10}\n" for i, (w1, w2) in enumerate(pairwise(kitchen)))
    file.writelines(f"{w1}\t{w2}\t{1 + i / 10}\n" for i, (w1, w2) in enumerate(zip(kitchen, harbour)))
pearson, spearman, unknown = model.wv.evaluate_word_pairs("own_pairs.tsv", delimiter="\t", case_insensitive=True)

RESULT = {
    "wordsim": [float(wordsim[0][0]), float(wordsim[0][1]), float(wordsim[1][0]), float(wordsim[2])],
    "with_zeros": [float(with_zeros[0][0]), float(with_zeros[1][0]), float(with_zeros[2])],
    "few_words": [float(few_words[0][0]), float(few_words[1][0]), float(few_words[2])],
    "score": score,
    "strict_score": strict_score,
    "upper_case": upper_case,
    "sections": [[section["section"], len(section["correct"]), len(section["incorrect"])] for section in sections],
    "correct": sections[-1]["correct"],
    "is_right": bool(pearson[0] > 0.8 and spearman[0] > 0.5),
    "unknown": float(unknown),
    "neighbours": neighbours(model.wv),
}

"""The invented corpus of the scripts: sentences of one topic each, their files, and vectors that know the topics."""

import random

import numpy as np

TOPICS = {
    "kitchen": "stove kettle spoon pan soup bread oven pepper recipe plate".split(),
    "harbour": "ship anchor sail deck captain rope tide lighthouse crane ferry".split(),
    "garden": "rose spade seed hedge lawn tulip bee rake apple soil".split(),
}
COMMON = "the and of with".split()
TOPIC_OF = {word: topic for topic, words in TOPICS.items() for word in words}
OWN_WORDS = {"greenhouse": "garden", "compost": "garden"}  # that single scripts add
OWN_WORDS |= {"bake_oven": "kitchen", "dock_crane": "harbour", "box_hedge": "garden"}


def topic_sentences(n_sentences=600, topics=("kitchen", "harbour", "garden"), seed=1):
    """Sentences of six words of one topic and two common words, in random order."""
    rng = random.Random(seed)
    sentences = []
    for _ in range(n_sentences):
        words = rng.sample(TOPICS[rng.choice(topics)], 6) + rng.sample(COMMON, 2)
        rng.shuffle(words)
        sentences.append(words)
    return sentences


def write_sentences(path, sentences):
    """One sentence a line."""
    with open(path, "w", encoding="utf8") as file:
        file.writelines(" ".join(sentence) + "\n" for sentence in sentences)


def write_vectors(path, words=TOPIC_OF, dim=20):
    """A word2vec text file of random vectors; words of one topic lie around its centre."""
    rng = np.random.default_rng(1)
    centres = {topic: rng.normal(size=dim) for topic in TOPICS}
    with open(path, "w", encoding="utf8") as file:
        file.write(f"{len(words)} {dim}\n")
        for word in words:
            vector = centres.get(TOPIC_OF.get(word), 0) + rng.normal(scale=0.5, size=dim)
            file.write(f"{word} {' '.join(f'{x:.6f}' for x in vector)}\n")


def neighbours(wv, words=TOPIC_OF):
    """The three nearest keys of each word, with their cosines."""
    return {word: wv.most_similar(word, topn=3) for word in words}

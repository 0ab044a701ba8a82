"""A gensim script: the one import is changed, the rest is as gensim's tutorials write it.

The text is made here, so that the answers are known: who is a king is royal, male and grown up.
"""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from fastw2v import Word2Vec  # was: from gensim.models import Word2Vec
from fastw2v.word2vec import LineSentence  # was: from gensim.models.word2vec import LineSentence

PEOPLE = {
    "royal": ("king", "queen", "crown throne palace reign"),
    "young": ("boy", "girl", "school toys homework small"),
    "stage": ("actor", "actress", "film scene theatre role"),
    "table": ("waiter", "waitress", "menu dinner plates guests"),
    "farm": ("farmer", "farmwife", "fields cows harvest barn"),
}
MALE, FEMALE = "he his beard father brother", "she her skirt mother sister"


def sentence(rng: random.Random) -> str:
    """Return one line: a person among words that tell the trade, and words that tell the gender."""
    man, woman, trade = rng.choice(list(PEOPLE.values()))
    person, gender = rng.choice([(man, MALE), (woman, FEMALE)])
    words = [person, *rng.choices(trade.split(), k=3), *rng.choices(gender.split(), k=3)]
    rng.shuffle(words)
    return " ".join(words)


def questions() -> str:
    """Return analogies as gensim reads them: king is to queen as boy is to girl."""
    pairs = [pair[:2] for pair in PEOPLE.values()]
    return ": gender\n" + "".join(f"{a} {b} {c} {d}\n" for a, b in pairs for c, d in pairs if a != c)


def main() -> None:
    """Write a corpus, train on it, ask, score, save and load."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        corpus, analogies, saved = (Path(folder, name) for name in ("corpus.txt", "analogies.txt", "model"))
        corpus.write_text("".join(sentence(rng) + "\n" for _ in range(10_000)), encoding="utf-8")
        analogies.write_text(questions(), encoding="utf-8")

        model = Word2Vec(LineSentence(corpus), vector_size=32, window=10, min_count=5, sg=1, sample=0, epochs=10)
        print("nearest to king:", *(word for word, _ in model.wv.most_similar("king", topn=3)))
        answer = model.wv.most_similar(positive=["king", "girl"], negative=["boy"], topn=1)
        print("a boy is to a girl as a king is to a:", answer[0][0])
        accuracy, _ = model.wv.evaluate_word_analogies(analogies)
        print(f"analogies solved: {accuracy:.2f}")

        model.save(str(saved))
        again = Word2Vec.load(str(saved))
        again.train(LineSentence(corpus), total_examples=again.corpus_count, epochs=1)


if __name__ == "__main__":
    main()

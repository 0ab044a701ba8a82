"""Chapter 4 of *Deep Learning from Scratch 2*: CBOW with negative sampling on the Penn Treebank.

The script is the book's ``ch04/train.py``, with other imports. It takes the first 200,000 words and two epochs, so that
it ends in seconds; the book takes all 929,589 and ten: ``main(None, 10)``.
"""

from __future__ import annotations

from fastw2v.nn import CBOW, SparseAdam, Trainer, create_contexts_target, most_similar, ptb

WINDOW_SIZE, HIDDEN_SIZE, BATCH_SIZE = 5, 100, 100


def main(n_words: int | None = 200_000, max_epoch: int = 2) -> None:
    """Train, and show neighbours; the text is downloaded once, or read from the folder FASTW2V_DATA_DIR."""
    corpus, word_to_id, id_to_word = ptb.load_data("train")
    corpus = corpus[:n_words]
    contexts, target = create_contexts_target(corpus, WINDOW_SIZE)

    model = CBOW(len(word_to_id), HIDDEN_SIZE, WINDOW_SIZE, corpus)
    trainer = Trainer(model, SparseAdam())  # the book's Adam goes over all words in each batch
    trainer.fit(contexts, target, max_epoch, BATCH_SIZE)

    for query in ("you", "year", "car"):
        most_similar(query, word_to_id, id_to_word, model.word_vecs, top=3)
    print(f"loss of the first batches: {trainer.loss_list[0]:.2f}")
    print(f"loss of the last batches: {trainer.loss_list[-1]:.2f}")


if __name__ == "__main__":
    main()

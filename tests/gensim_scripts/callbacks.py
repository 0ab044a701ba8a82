"""Callbacks: save the model after each epoch, and note the loss of each epoch."""

import os

from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec

from tests.gensim_scripts.corpus import neighbours, topic_sentences


class EpochSaver(CallbackAny2Vec):
    """Saves the model after each epoch."""

    def __init__(self, path_prefix):
        self.path_prefix = path_prefix
        self.epoch = 0

    def on_epoch_end(self, model):
        model.save(f"{self.path_prefix}_epoch{self.epoch}.model")
        self.epoch += 1


class LossLogger(CallbackAny2Vec):
    """Notes the loss of each epoch alone: it sets the running loss to 0 when it has read it."""

    def __init__(self):
        self.events, self.losses = [], []

    def on_train_begin(self, model):
        self.events.append("train begins")

    def on_epoch_begin(self, model):
        self.events.append("epoch begins")

    def on_epoch_end(self, model):
        self.events.append("epoch ends")
        self.losses.append(model.get_latest_training_loss())
        model.running_training_loss = 0.0

    def on_train_end(self, model):
        self.events.append("train ends")


sentences, loss_logger = topic_sentences(2000), LossLogger()
callbacks = [EpochSaver("run"), loss_logger]
model = Word2Vec(
    sentences, vector_size=20, min_count=1, sg=1, epochs=6, seed=1, workers=1, compute_loss=True, callbacks=callbacks
)
n_events = len(loss_logger.events)
later = LossLogger()
model.train(
    sentences, total_examples=model.corpus_count, epochs=2, compute_loss=True, callbacks=[later, CallbackAny2Vec()]
)
saved = Word2Vec.load("run_epoch5.model")

RESULT = {
    "events": loss_logger.events,
    "later_events": later.events,
    "first_events_only": len(loss_logger.events) == n_events,
    "losses": loss_logger.losses,
    "is_loss_of_one_epoch": all(0 < loss < 1.2 * loss_logger.losses[0] for loss in loss_logger.losses),
    "is_falling": loss_logger.losses[-1] < 0.9 * loss_logger.losses[0],
    "running": model.running_training_loss,
    "later_losses": later.losses,
    "files": sorted(name for name in os.listdir() if name.endswith(".model")),
    "saved": saved.wv.vectors.shape,
    "neighbours": neighbours(saved.wv),
}

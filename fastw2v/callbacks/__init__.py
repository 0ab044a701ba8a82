"""Callbacks: objects whose methods are called, with the model, while it is trained.

A callback has at least one of the methods on_train_begin, on_epoch_begin, on_words, on_epoch_end and on_train_end.
Ready ones are here. To write one, take gensim's base class, or none:

>>> from fastw2v import Word2Vec
>>> from fastw2v.callbacks import CallbackAny2Vec
>>> class PrintEpoch(CallbackAny2Vec):
...     def on_epoch_end(self, model):
...         print("epoch", model.epochs_trained, "of", model.epochs)
>>> sentences = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 50
>>> model = Word2Vec(sentences, vector_size=20, min_count=1, sample=0, epochs=2, callbacks=[PrintEpoch()])
epoch 1 of 2
epoch 2 of 2

What a callback may do:

- Read everything. It stops training early by ``model.stop_training(reason)``; an exception ends it, too, and is raised
  to the caller.
- At the begin and end of training and of each epoch nothing is being trained. There it may also write to ``model.wv``
  (not on a GPU, where that is lost), save the model, or copy it.
- In `on_words` the workers go on. What it reads of ``model.wv`` changes meanwhile, and rows may be half updated; to
  write to it is possible and races with them. On a GPU it sees the vectors of the last epoch that was downloaded.
- It may not change options, the vocabulary, the order of rows or ``wv.vectors_lockf``; that raises RuntimeError.

Callbacks are called one after the other, in the order of the list, by the thread that called `train`. So one that
measures (`HeldOutLoss`) comes before those that use what it measured (`EarlyStopping`, `JsonLines`).
"""

from fastw2v.callbacks.base import CALLBACK_EVENTS, CallbackAny2Vec, Callbacks
from fastw2v.callbacks.files import Checkpoint, JsonLines
from fastw2v.callbacks.losses import HeldOutLoss, LossLogger
from fastw2v.callbacks.scores import Evaluate
from fastw2v.callbacks.stopping import EarlyStopping
from fastw2v.callbacks.tensorboard import TensorBoard

__all__ = [
    "CALLBACK_EVENTS",
    "CallbackAny2Vec",
    "Callbacks",
    "Checkpoint",
    "EarlyStopping",
    "Evaluate",
    "HeldOutLoss",
    "JsonLines",
    "LossLogger",
    "TensorBoard",
]

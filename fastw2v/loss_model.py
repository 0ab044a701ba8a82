"""LossModel: how well a model predicts a text, as a mean loss or sentence by sentence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np

from fastw2v.backends import TrainingData, loss_backend
from fastw2v.config import TrainConfig
from fastw2v.corpus import one_corpus
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.loss import mean_loss, sentence_losses
from fastw2v.pair_options import options_of_pairs
from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.devices import is_cuda
from fastw2v.session import Session
from fastw2v.state import ModelState
from fastw2v.vectors.key_table import Key
from fastw2v.vocabulary_model import CorpusFile, VocabularyModel


class LossModel(VocabularyModel):
    """A model that can be measured on a text; `Word2Vec` adds training."""

    def mean_loss(
        self,
        sentences: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
    ) -> float:
        """Return the mean loss of a text under the current weights, without training: a measure for held-out text.

        A callback may call it, at the begin and end of an epoch too. The model stays as it is, to the byte.

        Parameters
        ----------
        sentences, corpus_file
            As in `Word2Vec`; give one of the two. Unknown words are left out.

        Returns
        -------
        float
            Mean negative log-likelihood of a pair, of the positive and the negatives together, in nats, as in
            ``report.loss_per_epoch``. With output vectors of 0, as before training, it is ``(1 + negative) * log(2)``,
            or less if a negative equals its positive and so does not count. With hs=1 the decisions on the paths to the
            words are added.

            Subsampling, windows and negatives are drawn as in training, by `sample`, `window` and `negative`, from
            random numbers of `seed` that training does not use and that are the same in each call. So two calls give
            the same number, with any `workers`, and losses of one text after different epochs can be compared. On a
            GPU the last digits may differ.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        ValueError
            The text has no pair: no known word, or none with a neighbour in its sentence after subsampling.
        TypeError
            The corpus is none, can be read only once, or holds integers and the vocabulary words, or the reverse.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> text = [["a", "b"], ["c", "d"]] * 100
        >>> model = Word2Vec(sg=1, min_count=1, sample=0, workers=1, epochs=20)
        >>> model.build_vocab(text)
        >>> before = model.mean_loss([["a", "b"], ["d", "c"]])
        >>> model.train(text)
        (8000, 8000)
        >>> model.mean_loss([["a", "b"], ["d", "c"]]) < before
        True
        """
        state, config = self._state_to_grow(), self.config.with_option("compute_loss", True)
        weights = replace(state.weights, on_device=None, rate_in=None)
        backend = loss_backend(config.device if is_cuda(config.device) else "cpu")
        with Session(config, progress=False).encode_with(one_corpus(sentences, corpus_file), state.vocab) as tokens:
            config = options_of_pairs(config) if tokens.are_pairs else config
            return mean_loss(backend, config, TrainingData(state.vocab, tokens, weights))

    def score(
        self,
        sentences: Iterable[Sequence[Key]],
        total_sentences: int = 1_000_000,
        chunksize: int = 100,
        queue_factor: int = 2,
        report_delay: int = 1,
    ) -> FloatArray:
        """Return the log-likelihood of each sentence under hierarchical softmax, as gensim does.

        It is the sum over all words and, for skip-gram, all words in the whole window of each. Nothing is left out by
        `sample`. Taddy (2015, "Document classification by inversion of distributed language representations") trains
        a model for each class, and takes the class whose model gives a text the highest score.

        Parameters
        ----------
        sentences : iterable of lists of keys
            Unknown words are left out.
        total_sentences : int
            Score that many sentences at most.
        chunksize, queue_factor, report_delay
            Without effect: there is no queue.

        Returns
        -------
        float32[n_sentences]
            0 for a sentence without two known words.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet, or the model was made with hs=0.
        TypeError
            A sentence is a str.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> text = [["a", "b"], ["c", "d"]] * 200
        >>> model = Word2Vec(text, hs=1, negative=0, min_count=1, sample=0, workers=1, epochs=20)
        >>> usual, unusual = model.score([["a", "b"], ["a", "d"]])
        >>> bool(usual > unusual)
        True
        """
        state = self._state_to_grow()
        if "w_node" not in state.weights.outputs:
            raise RuntimeError("score needs hierarchical softmax; make the model with hs=1, negative=0")
        known = [_known_words(sentence, self.wv) for sentence in islice(sentences, total_sentences)]
        scores = np.zeros(len(known), np.float32)
        scored = [i for i, words in enumerate(known) if words]
        if scored:
            scores[scored] = _log_likelihoods(self.config, state, [known[i] for i in scored])
        return scores


def _known_words(sentence: Sequence[Key], wv: KeyedVectors) -> list[Key]:
    if isinstance(sentence, str):
        raise TypeError(f"a sentence is the str {sentence!r:.40}; expected a list of words: sentence.split()")
    return [word for word in sentence if word in wv]


def _log_likelihoods(config: TrainConfig, state: ModelState, sentences: list[list[Key]]) -> list[float]:
    """Return minus the loss of each sentence, all of whose words are known."""
    chosen = {"hs": 1, "negative": 0, "sample": 0.0, "shrink_windows": False, "compute_loss": True, "min_alpha": 0.0}
    config = replace(config, **chosen)  # type: ignore[arg-type]
    weights = replace(state.weights, on_device=None, rate_in=None)
    backend = loss_backend(config.device if is_cuda(config.device) else "cpu")
    with Session(config, progress=False).encode_with(one_corpus(sentences, None), state.vocab) as tokens:
        data = TrainingData(state.vocab, tokens, weights)
        return [-tally.loss or 0.0 for tally in sentence_losses(backend, config, data)]

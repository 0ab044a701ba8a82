"""LossModel: the mean loss of a model on a text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from fastw2v.backends import TrainingData, loss_backend
from fastw2v.corpus import one_corpus
from fastw2v.loss import mean_loss
from fastw2v.pair_options import options_of_pairs
from fastw2v.runtime.devices import is_cuda
from fastw2v.session import Session
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
            or less if a negative equals its positive and so does not count.

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

"""FastText: Word2Vec with character n-grams, so that words never seen have vectors too; under gensim 4's names."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any

from fastw2v.compat import refuse_gensim3_names, refuse_unsupported
from fastw2v.config import FastTextConfig
from fastw2v.keyedvectors import FastTextKeyedVectors
from fastw2v.model import Word2Vec
from fastw2v.model_base import ModelBase
from fastw2v.options import ConfigOption
from fastw2v.runtime.progress import Progress
from fastw2v.subword_state import SubwordState
from fastw2v.vocab_rule import TrimRule
from fastw2v.vocabulary_model import CorpusFile


class FastText(Word2Vec):
    """word2vec whose words are made of character n-grams (Bojanowski et al. 2017).

    The vector of a word is the mean of a row of its own and of the rows of its n-grams, so related forms share what
    they learn, and `wv` has a vector for any word. Parameters are gensim 4's, in its order and with its defaults; only
    `workers` differs. All that are not listed here are those of `Word2Vec`.

    Parameters
    ----------
    sentences, corpus_file, sg, vector_size, alpha, window, min_count, max_vocab_size, sample, seed, workers, min_alpha,
    negative, ns_exponent, cbow_mean, hashfxn, epochs, null_word, sorted_vocab, trim_rule, batch_words, callbacks,
    max_final_vocab, shrink_windows, compute_loss, comment, negative_sharing, cbow_gradient, device, progress,
    checkpoint, checkpoint_every
        As in `Word2Vec`. Skip-gram predicts the contexts from the centre, as fastText does. fastText draws negatives
        with ``ns_exponent=0.5``. With ``negative_sharing="window"``, neighbouring centres of skip-gram share negatives
        and make one step; with ``hs=1`` as well, each centre trains by itself. The corpus must hold words, no integers.
    hs : 0 or 1
        As in `Word2Vec`. Words of equal count are joined in the tree as in fastText, so their codes may differ from
        gensim's.
    word_ngrams : 1
        Word n-grams are for fastText's classifier; another number raises ValueError.
    min_n, max_n : int >= 0
        Lengths of n-grams, in characters of the word with "<" before and ">" behind it. max_n below min_n: there are
        none, and the model is a word2vec.
    bucket : int >= 0
        N-grams are hashed to so many numbers, as fastText does it; those with the same share a row. 0: none at all.
        Only the n-grams of the vocabulary have rows in memory, so a large number costs 4 bytes a bucket.
    deterministic : bool
        As in `Word2Vec`, but only with ``workers=1`` and ``hs=0``.

    Attributes
    ----------
    wv : FastTextKeyedVectors

    Raises
    ------
    ValueError, TypeError, EmptyVocabularyError, CudaUnavailableError, MemoryError
        As `Word2Vec`.

    Examples
    --------
    >>> sentences = [["walking", "and", "talking"], ["walked", "and", "talked"]] * 50
    >>> model = FastText(sentences, vector_size=20, min_count=1, sample=0, workers=1, bucket=1000)
    >>> "walks" in model.wv.key_to_index, model.wv["walks"].shape
    (False, (20,))
    """

    _config_class, _state_class = FastTextConfig, SubwordState
    min_n, max_n, bucket = (ConfigOption[int]() for _ in range(3))

    @refuse_gensim3_names
    def __init__(
        self,
        sentences: Any = None,  # noqa: ANN401 - whatever `as_corpus` takes
        corpus_file: CorpusFile | None = None,
        sg: int = 0,
        hs: int = 0,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        word_ngrams: int = 1,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int | None = None,
        min_alpha: float = 0.0001,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        min_n: int = 3,
        max_n: int = 6,
        sorted_vocab: int = 1,
        bucket: int = 2_000_000,
        trim_rule: TrimRule | None = None,
        batch_words: int = 10_000,
        callbacks: Iterable[object] = (),
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        compute_loss: bool = False,
        comment: str | None = None,
        negative_sharing: str = "window",
        cbow_gradient: str = "sum",
        deterministic: bool = False,
        device: str = "auto",
        progress: Progress | bool | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: str | int | None = None,
    ) -> None:
        given = dict(locals())  # the parameters above: nothing else has a name yet
        refuse_unsupported({"word_ngrams": word_ngrams})
        self._construct(given)

    @property
    def wv(self) -> FastTextKeyedVectors:
        """The vectors; AttributeError before there is a vocabulary.

        Growth and `init_weights` make a new object; what you hold of an old one stays as it is.
        """
        return self._existing_state("wv").wv  # type: ignore[return-value]

    @wv.setter
    def wv(self, other: object) -> None:
        ModelBase.__dict__["wv"].__set__(self, other)

    @property
    def word_ngrams(self) -> int:
        """Always 1: word n-grams are for fastText's classifier."""
        return 1

"""Word2Vec: trains vectors on a corpus, under gensim 4's names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from os import PathLike
from typing import Any

import numpy as np

from fastw2v.callbacks import Callbacks
from fastw2v.checkpointing import Checkpoints
from fastw2v.cluster import Cluster
from fastw2v.compat import refuse_gensim3_names, refuse_renamed, refuse_unsupported
from fastw2v.config import TrainConfig
from fastw2v.corpus import one_corpus
from fastw2v.options import config_of_call, drawn_seed
from fastw2v.runtime.progress import Progress
from fastw2v.runtime.warn import warn_user
from fastw2v.stored_model import StoredModel
from fastw2v.vocab_rule import TrimRule, VocabRule
from fastw2v.vocabulary_model import CorpusFile

logger = logging.getLogger("fastw2v")


@refuse_renamed("Word2Vec")
class Word2Vec(StoredModel):
    """word2vec trained with negative sampling, hierarchical softmax, or both.

    With `sentences` or `corpus_file`, the model is trained at once. Without, call `build_vocab` and then `train`.
    The parameters up to `shrink_windows` are gensim 4's, in its order and with its defaults; only `workers` differs.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        Or of lists of int, a 2-D integer array (a row is a sentence), or a pair (ids, starts) of integer arrays, where
        sentence s is ``ids[starts[s]:starts[s + 1]]``. Integers are keys: ``wv[17]``. Arrays may come from any library
        with DLPack or ``__cuda_array_interface__``; device="cuda" trains on arrays in GPU memory without a copy.
        `fastw2v.corpus` makes more: `table_corpus`, `weighted_corpus` (weights), `pair_corpus` (explicit pairs).
        A corpus is read once and stored, so a generator will do.
    corpus_file : path, or list of paths, optional
        Text with one sentence on each line and whitespace between words. Paths may hold wildcards; gzip, bzip2, xz and
        zstd are unpacked.
    vector_size : int >= 1
        Dimension of the vectors.
    alpha, min_alpha : float > 0, float >= 0
        Learning rate at the first and after the last token. It falls linearly with the position in all epochs.
    window : int >= 1
        Greatest distance between centre and context, counted in words that survive subsampling.
    min_count : int >= 0
        Words that occur less often get no vector. 0 with integers: every id from 0 to the largest gets a vector.
    max_vocab_size, max_final_vocab : int >= 1, optional
        Bounds: on the words held while counting, and on the size of the vocabulary.
    sample : float, 0 <= sample <= 1
        Subsampling threshold t: a word of frequency f is kept with probability min(1, sqrt(t/f) + t/f). 0 keeps all.
    seed : int, 0 <= seed < 2**64, or None
        Seed of all random numbers. None draws one, which `model.seed` then shows.
    workers : int >= 1, optional
        CPU threads; default: one for each core. One gives the same bits in each run on the same kind of processor.
        Corpora of up to 100,000 tokens are trained by one thread whatever this says.
    sg : 0 or 1
        1 trains skip-gram, 0 CBOW.
    negative, ns_exponent : int >= 0, float
        Negatives for each positive, drawn in proportion to ``count ** ns_exponent``. 0 with hs=1 for no negatives.
    cbow_mean : 0 or 1
        1: the hidden vector of CBOW is the mean of the context vectors; 0: their sum.
    epochs : int >= 1
        Passes over the corpus.
    sorted_vocab : 0 or 1
        1 orders the vocabulary by falling count, 0 by first occurrence.
    compute_loss : bool
        Sum up the loss while training, which takes 4 to 5 % more time for skip-gram and changes no vector.
    callbacks : iterable, optional
        Objects whose methods are called with the model: gensim's on_train_begin, on_epoch_begin, on_epoch_end and
        on_train_end, and on_words. `fastw2v.callbacks` has ready ones, and says what they may do.
    shrink_windows : bool
        Draw the window of each centre from 1..window; False always uses the whole window.
    hs : 0 or 1
        1 trains hierarchical softmax: a word is predicted by the decisions on its path in a Huffman tree. As in gensim,
        negative sampling is trained as well unless negative=0.
    null_word : 0 or 1
        1 gives gensim's null word, which is a zero byte, a row with count 1.
    trim_rule : callable, optional
        ``trim_rule(word, count, min_count)``, called once for each word of the corpus, decides which get a vector. It
        returns a number of gensim.utils: RULE_KEEP (2), RULE_DISCARD (1), or RULE_DEFAULT (0) for what `min_count`
        says. Words that `max_vocab_size` made the count forget are not asked about. The model does not keep the rule.
    batch_words, hashfxn
        Without effect: the corpus is cut into spans automatically, and first weights depend on seed and word alone.
    comment : str, optional
        A note of yours, saved with the model.
    negative_sharing : "window" or "pair"
        "window": all contexts of a centre share one draw of negatives. "pair": each (centre, context) pair has its own,
        as in word2vec.c; less than half the speed, and scores within about a point. For CBOW both are the same.
    cbow_gradient : "sum" or "mean"
        With cbow_mean=1, "sum" is gensim's gradient of the hidden vector, and "mean" divides it by the number of
        contexts: the true gradient, which needs a larger alpha (0.075). With cbow_mean=0 both divide, as gensim does.
    deterministic : bool
        True: each run on the same kind of processor gives the same bits, whatever `workers` says. Training is slower,
        and needs more memory; see "The same result again" in fastw2v/README.md. Not on a GPU.
    device : "auto", "cpu", "cuda" or "cuda:N"
        Where to train. "auto" is the CPU, "cuda" the GPU that CuPy uses, "cuda:1" GPU 1.
    progress : bool, None or callable
        True shows bars for encoding and training, on stderr or in the notebook; False shows none. None shows them in a
        notebook, and where stderr is a terminal, of what takes a moment. Without bars, the logger "fastw2v" reports at
        INFO. A callable ``progress(phase, done, total)`` is called instead: phase "encode" counts bytes (or tokens),
        phase "train" words. It is called from any thread, one call at a time; its errors end the training.
    checkpoint, checkpoint_every : path, str or int, optional
        Write a file, while training goes on, that `Word2Vec.resume` goes on from; see "Checkpoints" in the user guide.
    cluster : str or Cluster, optional
        Train on the machines of a Ray cluster: "auto", "local", or the address of its head. The corpus is then
        `corpus_file`, or what `fastw2v.distributed.cluster_corpus` made; see fastw2v/distributed/README.md.

    Attributes
    ----------
    wv : KeyedVectors
    vocab : Vocab
    config : TrainConfig
        All options. Each is also an attribute, which can be set between two calls: ``model.epochs = 10``. Once there
        are weights, `vector_size` cannot change.
    running_training_loss : float
        Sum of the losses so far in the last training with `compute_loss`. Callbacks may set it to 0.
    report : TrainReport
        Words, pairs, losses and seconds of the last training; `save` keeps them, and `load` reads them.
    train_count, total_train_time : int, float
        Trainings so far, and their seconds.
    min_alpha_yet_reached : float
        Learning rate at the end of the last training.
    lifecycle_events : list of dict
        What `add_lifecycle_event` appended, and when the model was made, built and trained.
    seconds : dict of str to float
        Seconds of the last "encode", "upload", "compile", "train" and "download".

    Raises
    ------
    ValueError, TypeError
        An argument is out of its range or not supported, or the corpus is of a wrong kind.
    EmptyVocabularyError
        The corpus is empty, or no word is left. This is a ValueError, and a RuntimeError as in gensim.
    CudaUnavailableError, MemoryError
        The GPU cannot be used, or has too little memory for the model.

    Examples
    --------
    >>> sentences = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 50
    >>> model = Word2Vec(sentences, vector_size=20, min_count=1, sample=0, workers=1)
    >>> model.wv["fox"].shape
    (20,)
    """

    _config_class: type[TrainConfig] = TrainConfig

    @refuse_gensim3_names
    def __init__(
        self,
        sentences: Any = None,  # noqa: ANN401 - whatever `as_corpus` takes
        corpus_file: CorpusFile | None = None,
        vector_size: int = 100,
        alpha: float = 0.025,
        window: int = 5,
        min_count: int = 5,
        max_vocab_size: int | None = None,
        sample: float = 1e-3,
        seed: int | None = 1,
        workers: int | None = None,
        min_alpha: float = 0.0001,
        sg: int = 0,
        hs: int = 0,
        negative: int = 5,
        ns_exponent: float = 0.75,
        cbow_mean: int = 1,
        hashfxn: Callable[..., int] = hash,
        epochs: int = 5,
        null_word: int = 0,
        trim_rule: TrimRule | None = None,
        sorted_vocab: int = 1,
        batch_words: int = 10_000,
        compute_loss: bool = False,
        callbacks: Iterable[object] = (),
        comment: str | None = None,
        max_final_vocab: int | None = None,
        shrink_windows: bool = True,
        *,
        negative_sharing: str = "window",
        cbow_gradient: str = "sum",
        deterministic: bool = False,
        device: str = "auto",
        progress: Progress | bool | None = None,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: str | int | None = None,
        cluster: Cluster | str | None = None,
    ) -> None:
        self._construct(dict(locals()))  # the parameters above: nothing else has a name yet

    def _construct(self, given: Mapping[str, Any]) -> None:
        """Set options and attributes from the arguments of the constructor, and train if there is a corpus."""
        chosen = {**given, "seed": drawn_seed() if given["seed"] is None else given["seed"]}
        kind = self._config_class
        super().__init__(kind(**{name: chosen[name] for name in kind.names()}), given["progress"])
        self.running_training_loss = self.total_train_time = 0.0
        self.train_count, self.min_alpha_yet_reached = 0, self.alpha
        self.batch_words, self.hashfxn, self.comment = (given[name] for name in ("batch_words", "hashfxn", "comment"))
        self._callbacks = Callbacks(given["callbacks"])
        self._checkpoints = Checkpoints.of(given["checkpoint"], given["checkpoint_every"], self._own_files)
        sentences, corpus_file, trim_rule = (given[name] for name in ("sentences", "corpus_file", "trim_rule"))
        rule = VocabRule.of(self.config, trim_rule)
        if given.get("cluster") is not None:
            self._train_on_cluster(given["cluster"], (sentences, corpus_file), trim_rule=trim_rule)
        elif sentences is not None or corpus_file is not None:
            session, corpus = self._begin(self.config), one_corpus(sentences, corpus_file)
            if self._checkpoints is not None:
                self._checkpoints.check()
            with self._build(session, corpus, rule) as tokens:
                self._train(session, tokens, self._callbacks)
        elif trim_rule is not None:
            logger.warning("trim_rule is not used: there are no sentences; give it to build_vocab")
        self.add_lifecycle_event("created", log_level=0, params=repr(self))

    @cached_property
    def random(self) -> np.random.RandomState:
        """A random generator, made from `seed` at the first use. Training does not draw from it."""
        return np.random.RandomState([self.seed & 0xFFFFFFFF, self.seed >> 32] if self.seed >> 32 else self.seed)

    @refuse_gensim3_names
    def train(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
        total_examples: int | None = None,
        total_words: int | None = None,
        epochs: int | None = None,
        start_alpha: float | None = None,
        end_alpha: float | None = None,
        word_count: int = 0,
        queue_factor: int = 2,
        report_delay: float = 1.0,
        compute_loss: bool | None = None,
        callbacks: Iterable[object] | None = None,
        *,
        checkpoint: str | PathLike[str] | None = None,
        checkpoint_every: str | int | None = None,
    ) -> tuple[int, int]:
        """Train on a corpus, starting from the current weights.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; give one of the two. Unknown words are left out.
        total_examples, total_words : int, optional
            Not used: gensim estimates its progress from them, fastw2v counts the corpus.
        epochs, start_alpha, end_alpha, compute_loss, callbacks : optional
            Set these options of the model; None: its own. A `start_alpha` below min_alpha, without `end_alpha`, lowers
            min_alpha to it.
        word_count : 0
            Not supported: another number raises ValueError.
        queue_factor, report_delay
            Without effect: there is no queue, and `progress` of `Word2Vec`, or the logger, tells how far it is.
        checkpoint, checkpoint_every : optional
            As in `Word2Vec`, for this call; None: the model's own. `Word2Vec.resume` needs the corpus of this call.

        Returns
        -------
        kept_words, raw_words : int
            Words trained, and words read: those that subsampling left out and unknown ones too, over all epochs.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        ValueError
            The corpus has no token, or an option is out of its range.

        Warns
        -----
        RuntimeWarning
            The corpus shares no word with the vocabulary; nothing is trained.

        Examples
        --------
        >>> model = Word2Vec([["a", "b", "c"], ["a", "b"]], min_count=1, sample=0, workers=1)
        >>> model.train([["a", "b", "a"], ["c"]], epochs=10)
        (40, 40)
        """
        refuse_unsupported({"word_count": word_count})
        vocab = self._state_to_grow().vocab
        chosen = self._callbacks if callbacks is None else Callbacks(callbacks)
        config = config_of_call(
            self.config, epochs=epochs, start_alpha=start_alpha, end_alpha=end_alpha, compute_loss=compute_loss
        )
        checkpoints = self._checkpoints_of_call(checkpoint, checkpoint_every)
        self.config = config  # as in gensim, so that callbacks see the options of this training
        session = self._begin(config)
        with session.encode_with(one_corpus(corpus_iterable, corpus_file), vocab) as tokens:
            n_raw, n_known = tokens.n_raw, tokens.n_tokens
            if n_known == 0:
                cure = "new words come in by build_vocab(update=True)"
                warn_user(f"no word of the corpus is in the vocabulary, so nothing was trained; {cure}")
                return 0, n_raw * config.epochs
            self._train(session, tokens, chosen, checkpoints=checkpoints)
        raw_words = self.report.raw_words * n_raw // n_known  # the report counts known words alone
        self.add_lifecycle_event("train", log_level=0, epochs=config.epochs, kept_words=self.report.kept_words)
        return self.report.kept_words, raw_words

    def stop_training(self, reason: str = "stop_training was called") -> None:
        """End the running training early; for callbacks, `progress`, and other threads.

        At the begin or end of an epoch, training ends there. Elsewhere it ends with the pieces of text that the workers
        have, a fraction of a second later, and that epoch ends there. `report.stopped_at` then tells the place and the
        reason, and the vectors so far are kept.

        Raises
        ------
        RuntimeError
            The model is not being trained.

        Examples
        --------
        >>> class StopAfterOne:
        ...     def on_epoch_end(self, model):
        ...         model.stop_training("one is enough")
        >>> model = Word2Vec([["a", "b"]] * 50, min_count=1, sample=0, epochs=4, callbacks=[StopAfterOne()])
        >>> model.report.stopped_at
        'epoch 1 of 4, 25.0 % of the work: one is enough'
        """
        if not self._is_training:
            raise RuntimeError("stop_training: the model is not being trained; call it in a callback")
        self._stop_reason = reason or "stop_training was called"

    def get_latest_training_loss(self) -> float:
        """Return `running_training_loss`: the sum of the losses of all pairs in the last training, or since you set it.

        `report` has the mean of each epoch.
        As in gensim it is 0.0 without compute_loss, which is then warned of in the log.
        """
        if not self.compute_loss and not self.running_training_loss:
            logger.warning("there is no loss: train with compute_loss=True")
        return self.running_training_loss

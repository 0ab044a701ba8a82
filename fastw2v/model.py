"""Word2Vec: trains vectors on a corpus, under gensim 4's names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, Unpack

from fastw2v.callbacks import Callbacks
from fastw2v.checkpoint import read_model, write_model
from fastw2v.compat import refuse_gensim3_names, refuse_unsupported
from fastw2v.config import OPTIONS, TrainConfig
from fastw2v.corpus import one_corpus
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.options import ConfigOption, TrainOptions, config_of_call, spell_out_options
from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.progress import Progress
from fastw2v.session import Session
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport
from fastw2v.vocab import Vocab

CorpusFile = str | PathLike[str] | Sequence[str | PathLike[str]]


class Word2Vec:
    """word2vec trained with negative sampling.

    With `sentences` or `corpus_file`, the model is trained at once. Without, call `build_vocab` and then `train`.
    The parameters up to `shrink_windows` are gensim 4's, in its order and with its defaults; only `workers` differs.

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        Or of lists of int, a 2-D integer array (a row is a sentence), or a pair (ids, starts) of integer arrays, where
        sentence s is ``ids[starts[s]:starts[s + 1]]``. Integers are keys: ``wv[17]``. Arrays may come from any library
        with DLPack or ``__cuda_array_interface__``; device="cuda" trains on arrays in GPU memory without a copy.
    corpus_file : path, or list of paths, optional
        Text with one sentence on each line and whitespace between words. Paths may hold wildcards; gzip is unpacked.
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
    seed : int, 0 <= seed < 2**64
        Seed of all random numbers.
    workers : int >= 1, optional
        CPU threads; default: one for each core. With one, each run on the same kind of processor gives the same bits.
    sg : 0 or 1
        1 trains skip-gram, 0 CBOW.
    negative, ns_exponent : int >= 1, float
        Negatives for each positive, drawn in proportion to ``count ** ns_exponent``.
    cbow_mean : 0 or 1
        1: the hidden vector of CBOW is the mean of the context vectors; 0: their sum.
    epochs : int >= 1
        Passes over the corpus.
    sorted_vocab : 0 or 1
        1 orders the vocabulary by falling count, 0 by first occurrence.
    compute_loss : bool
        Sum up the loss while training, which takes a tenth more time.
    callbacks : iterable, optional
        Objects with at least one of gensim's methods on_train_begin, on_epoch_begin, on_epoch_end and on_train_end,
        each called with the model. With a GPU, what callbacks of epochs write to `wv` is lost.
    shrink_windows : bool
        Draw the window of each centre from 1..window; False always uses the whole window.
    hs, hashfxn, null_word, trim_rule, batch_words, comment
        Not supported: a value other than gensim's default raises ValueError with what to do instead.
    negative_sharing : "window" or "pair"
        "window": all contexts of a centre share one draw of negatives. "pair": each (centre, context) pair has its own,
        as in word2vec.c; a quarter of the speed, and scores within about a point. For CBOW both are the same.
    cbow_gradient : "sum" or "mean"
        With cbow_mean=1, "sum" is gensim's gradient of the hidden vector, and "mean" divides it by the number of
        contexts: the true gradient, which needs a larger alpha (0.075). With cbow_mean=0 both divide, as gensim does.
    device : "auto", "cpu", "cuda" or "cuda:N"
        Where to train. "auto" is the CPU, "cuda" the GPU that CuPy uses, "cuda:1" GPU 1.
    progress : callable, optional
        ``progress(phase, done, total)``: phase "encode" counts bytes (or tokens), phase "train" words. Called from any
        thread, one call at a time; its errors end the training. Without it, the logger "fastw2v" reports at INFO.

    Attributes
    ----------
    wv : KeyedVectors
    vocab : Vocab
    config : TrainConfig
        All options. Each is also an attribute of the model: ``model.epochs``.
    report : TrainReport
        Words, pairs, losses and seconds of the last training.
    seconds : dict of str to float
        Seconds of the last "encode", "upload", "compile", "train" and "download".

    Raises
    ------
    ValueError, TypeError
        An argument is out of its range or not supported, or the corpus is empty or of a wrong kind.
    CudaUnavailableError, MemoryError
        The GPU cannot be used, or has too little memory for the model.

    Examples
    --------
    >>> sentences = [["a", "quick", "brown", "fox"], ["a", "lazy", "dog"]] * 50
    >>> model = Word2Vec(sentences, vector_size=20, min_count=1, workers=1)
    >>> model.wv["fox"].shape
    (20,)
    """

    vector_size, window, min_count, sorted_vocab, seed = (ConfigOption[int]() for _ in range(5))
    sg, negative, cbow_mean, epochs = (ConfigOption[int]() for _ in range(4))
    max_vocab_size, max_final_vocab, workers = (ConfigOption[int | None]() for _ in range(3))
    alpha, min_alpha, sample, ns_exponent = (ConfigOption[float]() for _ in range(4))
    shrink_windows, compute_loss = (ConfigOption[bool]() for _ in range(2))
    negative_sharing, cbow_gradient, device = (ConfigOption[str]() for _ in range(3))

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
        seed: int = 1,
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
        trim_rule: Callable[..., Any] | None = None,
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
        device: str = "auto",
        progress: Progress | None = None,
    ) -> None:
        given = dict(locals())  # the parameters above: nothing else has a name yet
        refuse_unsupported(given)
        self.config = TrainConfig(**{name: given[name] for name in OPTIONS})
        self.report = TrainReport("none")
        self.seconds: dict[str, float] = {}
        self._state: ModelState | None = None
        self._progress, self._callbacks = progress, Callbacks(callbacks)
        if sentences is not None or corpus_file is not None:
            session, corpus = self._begin(self.config), one_corpus(sentences, corpus_file)
            self._state, tokens = session.build_vocab(corpus)
            with tokens:
                session.train(self, self._state, tokens, callbacks=self._callbacks)

    @property
    def wv(self) -> KeyedVectors:
        """The vectors; AttributeError before there is a vocabulary."""
        return self._existing_state("wv").wv

    @wv.setter
    def wv(self, _other: object) -> None:
        cure = "write the rows: model.wv.vectors = other[model.wv.index_to_key]"
        raise AttributeError(f"wv cannot be replaced on a model, whose output weights have its order; {cure}")

    @property
    def vocab(self) -> Vocab:
        """Keys and counts; AttributeError before there is a vocabulary."""
        return self._existing_state("vocab").vocab

    @property
    def corpus_count(self) -> int:
        """Sentences in the corpus of `build_vocab` that have a word of the vocabulary; 0 before there is one."""
        return 0 if self._state is None else self._state.corpus_count

    @property
    def corpus_total_words(self) -> int:
        """All words in the corpus of `build_vocab`; 0 before there is a vocabulary."""
        return 0 if self._state is None else self._state.vocab.n_raw_tokens

    @property
    def epochs_trained(self) -> int:
        """Epochs begun since `build_vocab`. Their number makes further training draw new random numbers."""
        return 0 if self._state is None else self._state.epochs_trained

    @refuse_gensim3_names
    def build_vocab(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: Callable[..., Any] | None = None,
    ) -> None:
        """Read a corpus, choose the vocabulary and draw the first weights.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; give one of the two. Raises as `Word2Vec` does.
        update, progress_per, keep_raw_vocab, trim_rule
            Not supported: a value other than gensim's default raises ValueError.

        Examples
        --------
        >>> model = Word2Vec(vector_size=20, min_count=1, workers=1)
        >>> model.build_vocab([["a", "b", "c"], ["a", "b"]])
        >>> model.wv.index_to_key
        ['a', 'b', 'c']
        """
        refuse_unsupported(locals())
        self._state, tokens = self._begin(self.config).build_vocab(one_corpus(corpus_iterable, corpus_file))
        tokens.close()

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
    ) -> tuple[int, int]:
        """Train on a corpus, starting from the current weights.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; give one of the two. Unknown words are left out.
        total_examples, total_words : int, optional
            Not used: gensim estimates its progress from them, fastw2v counts the corpus.
        epochs, start_alpha, end_alpha, compute_loss, callbacks : optional
            For this call; None: the model's own. A `start_alpha` below min_alpha, without `end_alpha`, stays constant.
        word_count, queue_factor, report_delay
            Not supported: a value other than gensim's default raises ValueError.

        Returns
        -------
        kept_words, raw_words : int
            Words trained, counted after and before subsampling.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        ValueError
            The corpus shares no word with the vocabulary, or an option is out of its range.

        Examples
        --------
        >>> model = Word2Vec([["a", "b", "c"], ["a", "b"]], min_count=1, sample=0, workers=1)
        >>> model.train([["a", "b", "a"], ["c"]], epochs=10)
        (40, 40)
        """
        refuse_unsupported(locals())
        if self._state is None:
            raise RuntimeError("there is no vocabulary to train; call build_vocab first, or pass sentences to Word2Vec")
        chosen = self._callbacks if callbacks is None else Callbacks(callbacks)
        config = config_of_call(
            self.config, epochs=epochs, start_alpha=start_alpha, end_alpha=end_alpha, compute_loss=compute_loss
        )
        session = self._begin(config)
        with session.encode_with(one_corpus(corpus_iterable, corpus_file), self._state.vocab) as tokens:
            session.train(self, self._state, tokens, callbacks=chosen)
        return self.report.kept_words, self.report.raw_words

    @property
    def syn1neg(self) -> FloatArray:
        """The output vectors, under gensim's name: they predict a word from the vectors of its contexts.

        A read-only view, float32[n_vocab, vector_size], in the order of `wv`; further training changes it.
        """
        return self._existing_state("syn1neg").output_vectors()

    def get_latest_training_loss(self) -> float:
        """Return the sum of the losses of all pairs in the last training; `report` has the mean of each epoch.

        Raises
        ------
        RuntimeError
            The last training was without compute_loss, or had no pair.
        """
        if not self.report.loss_per_epoch:
            raise RuntimeError("there is no loss yet; train with compute_loss=True, on sentences of two words or more")
        return self.report.loss

    def device_vectors(self) -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
        """Return the trained vectors on the GPU as a CuPy array, without a download or a copy.

        A model trained with device="cuda" keeps its input rows there until the next `train`, `build_vocab` or
        `release_device_vectors`. The array is a snapshot: it stays valid as long as you hold it, and what you write to
        it changes neither `wv` nor training. Copies, pickles and files of the model leave it out.

        Returns
        -------
        cupy.ndarray
            float32[n_vocab, vector_size]. Rows are padded in memory; `cupy.ascontiguousarray` makes them contiguous.

        Raises
        ------
        RuntimeError
            No vectors lie on a GPU (in callbacks of epochs, too), or `wv` has changed since. Then
            ``fastw2v.nn.to_gpu(model.wv.vectors)`` copies them.
        """
        if self._state is None:
            raise RuntimeError('no vectors of this model lie on a GPU (last trained on: none); pass device="cuda"')
        return self._state.device_vectors(self.report.device)

    def release_device_vectors(self) -> None:
        """Forget the vectors on the GPU; their memory is freed when you hold no array of `device_vectors` either."""
        if self._state is not None:
            self._state.weights.on_device = None

    def save(self, path: str | PathLike[str]) -> None:
        """Save vectors, output weights, counts and options as one safetensors file, whole or not at all.

        `Word2Vec.load` continues training from it; `KeyedVectors.load` reads the vectors alone. Raises RuntimeError
        before there are weights, and OSError where the file cannot be written.
        """
        if self._state is None:
            raise RuntimeError("there is nothing to save yet; train the model first")
        write_model(path, self.config, self._state)

    @classmethod
    @spell_out_options
    def load(
        cls,
        path: str | PathLike[str],
        *,
        mmap: str | None = None,
        rethrow: bool = False,
        **options: Unpack[TrainOptions],
    ) -> Word2Vec:
        """Load a model that `save` wrote.

        Parameters
        ----------
        path : path
        mmap, rethrow
            Not supported: a value other than gensim's default raises ValueError.
        **options
            Options that replace the saved ones, such as workers=8, or device="cpu" on another machine.

        Raises
        ------
        FileNotFoundError, ValueError
            There is no such file; it is damaged, or holds no output weights, which training needs.
        """
        refuse_unsupported({"mmap": mmap, "rethrow": rethrow})
        saved, state = read_model(path, options.get("vector_size"))
        chosen: dict[str, Any] = {**saved, **options}
        model = cls(**chosen)
        model._state = state
        return model

    def __copy__(self) -> Word2Vec:
        twin = object.__new__(type(self))
        twin.__dict__.update(self.__dict__, _state=copy.copy(self._state))
        return twin

    def __repr__(self) -> str:
        size = 0 if self._state is None else len(self._state.vocab)
        kind = "skip-gram" if self.config.sg else "CBOW"
        return f"{type(self).__name__}<vocab={size}, vector_size={self.config.vector_size}, {kind}>"

    def _existing_state(self, name: str) -> ModelState:
        """Return the state; AttributeError, for the attribute `name`, before there is one."""
        if self._state is None:
            missing = f"{type(self).__name__!r} object has no attribute {name!r}"
            cure = "there is no vocabulary yet; pass sentences, or call build_vocab"
            raise AttributeError(f"{missing}: {cure}", name=name, obj=self)
        return self._state

    def _begin(self, config: TrainConfig) -> Session:
        session = Session(config, self._progress)
        self.seconds = session.seconds
        return session

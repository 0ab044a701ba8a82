"""Word2Vec: corpus in, vectors out, under gensim 4's names."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from os import PathLike
from typing import Any, Unpack

from fastw2v.callbacks import Callbacks
from fastw2v.checkpoint import read_model, write_model
from fastw2v.compat import refuse_gensim3_names, refuse_unsupported
from fastw2v.config import OPTIONS, ConfigOption, TrainConfig, TrainOptions, config_of_call, spell_out_options
from fastw2v.corpus import one_corpus
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.runtime.progress import Progress
from fastw2v.session import Session
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport
from fastw2v.vectors.search import FloatArray
from fastw2v.vocab import Vocab

CorpusFile = str | PathLike[str] | Sequence[str | PathLike[str]]


class Word2Vec:
    """word2vec trained with negative sampling.

    Give `sentences` or `corpus_file` to train at once. Without either, call `build_vocab` and then `train`.
    The parameters up to `shrink_windows` are gensim 4's, in its order and with its defaults (`workers` apart).

    Parameters
    ----------
    sentences : iterable of lists of str, optional
        Or of lists of int, a 2-D integer array (a row is a sentence), or a pair (ids, starts) of integer arrays, where
        sentence s is ``ids[starts[s]:starts[s + 1]]``. Integers are keys themselves: ``wv[17]``. Arrays may come from
        any library with DLPack or ``__cuda_array_interface__``; device="cuda" trains those on the GPU where they lie.
    corpus_file : path, or list of paths, optional
        Text with one sentence on each line and words between whitespace. Names may hold wildcards; gzip is unpacked.
    vector_size : int >= 1
        Dimension of the vectors.
    alpha, min_alpha : float > 0, float >= 0
        Learning rate at the first and after the last token of the last epoch. It falls linearly with the position.
    window : int >= 1
        Greatest distance between centre and context, in words that survive subsampling.
    min_count : int >= 0
        Words that occur less often get no vector. 0 with integers: every id from 0 to the largest gets one.
    max_vocab_size, max_final_vocab : int >= 1, optional
        Bound on the words held while counting, and on the size of the vocabulary.
    sample : float, 0 <= sample <= 1
        Subsampling threshold t: a word of frequency f is kept with probability min(1, sqrt(t/f) + t/f). 0 keeps all.
    seed : int, 0 <= seed < 2**64
        Start of every random stream.
    workers : int >= 1, optional
        CPU threads; default: one for each core. One gives the same bits in every run on one kind of processor; with
        several the result varies from run to run.
    sg : 0 or 1
        1 trains skip-gram, 0 CBOW.
    negative : int >= 1
        Negatives for each positive.
    ns_exponent : float
        Negatives are drawn in proportion to ``count ** ns_exponent``.
    cbow_mean : 0 or 1
        1: the hidden vector of CBOW is the mean of the context vectors; 0: their sum.
    epochs : int >= 1
        Passes over the corpus.
    sorted_vocab : 0 or 1
        1 orders the vocabulary by falling count, 0 by first occurrence.
    compute_loss : bool
        Sum up the loss while training (a tenth slower).
    callbacks : iterable, optional
        Objects with gensim's on_train_begin, on_epoch_begin, on_epoch_end or on_train_end (those they have), each
        called with the model, whose `wv` and `report` are up to date then. A GPU's weights are copied for it after each
        epoch; what a callback writes to `wv` is lost there.
    shrink_windows : bool
        Draw the window of each centre from 1..window, or always use the whole.
    hs, hashfxn, null_word, trim_rule, batch_words, comment
        Without a counterpart here; a value other than gensim's default raises ValueError with what to do instead.
    negative_sharing : "window" or "pair"
        "window": all contexts of a centre share one draw of negatives. "pair": each (centre, context) pair has its own,
        as in word2vec.c, at a quarter of the speed (window 5, 5 negatives). Both score within about a point of each
        other. CBOW has one example for each centre, so both are the same there.
    cbow_gradient : "sum" or "mean"
        With cbow_mean=1, "mean" divides the gradient of the hidden vector by the number of contexts: the true gradient,
        which wants a larger alpha (0.075). "sum" does not, as in gensim. With cbow_mean=0 both divide, as gensim does.
    device : "auto", "cpu", "cuda" or "cuda:N"
        Where to train. "auto" is the CPU, "cuda" the GPU that CuPy uses, "cuda:1" a certain GPU.
    progress : callable, optional
        ``progress(phase, done, total)``: phase "encode" counts bytes (or tokens), phase "train" words. Called from any
        thread, one call at a time; what it raises ends the training. Without it the logger "fastw2v" tells at INFO.

    Attributes
    ----------
    wv : KeyedVectors
        The vectors.
    vocab : Vocab
        Keys and counts.
    config : TrainConfig
        All options; each can be read from the model too, as ``model.epochs``.
    report : TrainReport
        What the last training did: words, pairs, loss, seconds.
    seconds : dict of str to float
        Time of the last "encode", "upload", "compile", "train" and "download".

    Raises
    ------
    ValueError, TypeError
        An option is out of its range, the corpus is empty or not what was expected, or an argument of gensim's has no
        counterpart here. Each error says what to do.
    CudaUnavailableError, MemoryError
        The GPU of `device` cannot be used, or has too little memory for the model.

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
        given = dict(locals())
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
                session.train(self, self._state, tokens, self._callbacks)

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
        """Sentences with a word of the vocabulary in the corpus that it is from; 0 before there is one."""
        return 0 if self._state is None else self._state.corpus_count

    @property
    def corpus_total_words(self) -> int:
        """All words of the corpus that the vocabulary is from."""
        return 0 if self._state is None else self._state.vocab.n_raw_tokens

    @property
    def epochs_trained(self) -> int:
        """Epochs begun since `build_vocab`; further training goes on with fresh random numbers."""
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
        """Read a corpus, choose the vocabulary and set up the first weights.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; one of the two. Raises as `Word2Vec` does.
        update, progress_per, keep_raw_vocab, trim_rule
            Without a counterpart here; a value other than gensim's default raises.
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
        """Train on a corpus, going on from the weights there are.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; one of the two. Words outside the vocabulary are left out.
        total_examples, total_words : int, optional
            Not used: gensim estimates its progress by them, here the corpus is counted.
        epochs, start_alpha, end_alpha, compute_loss, callbacks
            Replace the model's own for this call; None keeps those. A `start_alpha` below the model's min_alpha,
            without `end_alpha`, stays as it is to the end.
        word_count, queue_factor, report_delay
            Without a counterpart here; a value other than gensim's default raises.

        Returns
        -------
        kept_words, raw_words : int
            Words trained after, and before, subsampling.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet.
        ValueError
            The corpus shares no word with the vocabulary, or an option is out of its range.
        """
        refuse_unsupported(locals())
        if self._state is None:
            raise RuntimeError("there is no vocabulary to train; call build_vocab first, or pass sentences to Word2Vec")
        chosen = self._callbacks if callbacks is None else Callbacks(callbacks)
        session = self._begin(config_of_call(self.config, epochs, start_alpha, end_alpha, compute_loss))
        with session.encode_with(one_corpus(corpus_iterable, corpus_file), self._state.vocab) as tokens:
            session.train(self, self._state, tokens, chosen)
        return self.report.kept_words, self.report.raw_words

    @property
    def syn1neg(self) -> FloatArray:
        """The output vectors, by which words are predicted from `wv`, under gensim's name.

        Returns
        -------
        float32[n_vocab, vector_size]
            Row for row as in `wv`; a read-only view, which further training changes. AttributeError before there is a
            vocabulary.
        """
        return self._existing_state("syn1neg").output_vectors()

    def get_latest_training_loss(self) -> float:
        """Sum of the losses of all pairs in the last training (the mean for each epoch is in `report`).

        Raises
        ------
        RuntimeError
            The last training did not sum up the loss.
        """
        if not self.report.loss_per_epoch:
            raise RuntimeError("no loss was tallied; train with compute_loss=True, on sentences of two words or more")
        return self.report.loss

    def device_vectors(self) -> Any:  # noqa: ANN401 - CuPy is not there for the type checker
        """Return the trained vectors where they lie on the GPU, as a CuPy array: neither downloaded nor copied.

        A model trained with device="cuda" keeps its input rows there, 4 bytes a number, until the next `train`,
        `build_vocab` or `release_device_vectors`. The array is a snapshot: it keeps its memory as long as it is held,
        and what is written to it reaches neither `wv` nor training. No copy, pickle or file of the model holds it.

        Returns
        -------
        cupy.ndarray
            float32[n_vocab, vector_size]. Rows are padded in memory: `cupy.ascontiguousarray` makes them contiguous.

        Raises
        ------
        RuntimeError
            No vectors of this model lie on a GPU (in the callback of an epoch, too), or `wv` has changed since then.
            ``fastw2v.nn.to_gpu(model.wv.vectors)`` copies them to it.
        """
        if self._state is None:
            raise RuntimeError(
                'no vectors of this model lie on a GPU (last trained on: none): train with device="cuda"'
            )
        return self._state.device_vectors(self.report.device)

    def release_device_vectors(self) -> None:
        """Return the memory behind `device_vectors` to CuPy's pool, when no array from there is held any more."""
        if self._state is not None:
            self._state.weights.on_device = None

    def save(self, path: str | PathLike[str]) -> None:
        """Save vectors, output weights, counts and configuration as one safetensors file, whole or not at all.

        `Word2Vec.load` goes on training from it, `KeyedVectors.load` reads the vectors alone. RuntimeError before there
        are weights, OSError where the file cannot be written.
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
        """Load what `save` wrote.

        Parameters
        ----------
        path : path
        mmap, rethrow
            Without a counterpart here; a value other than gensim's default raises.
        **options
            Options of the model in place of those saved, such as workers=8, or device="cpu" on another machine.

        Raises
        ------
        FileNotFoundError
            There is no such file.
        ValueError
            The file is damaged, or holds vectors without the weights that training needs.
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

"""ModelBase: the options and the state of a model, as attributes under gensim's names."""

from __future__ import annotations

import copy
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from fastw2v.callbacks import Callbacks
from fastw2v.checkpointing import Checkpoints
from fastw2v.config import TrainConfig, number
from fastw2v.keyedvectors import KeyedVectors
from fastw2v.options import ConfigOption
from fastw2v.raw_counts import RawCounts
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.lifecycle import Lifecycle
from fastw2v.runtime.progress import Progress, check_progress
from fastw2v.runtime.warn import warn_user
from fastw2v.session import Session
from fastw2v.state import ModelState
from fastw2v.trainer import TrainReport
from fastw2v.vectors.key_table import Key
from fastw2v.vocab import Vocab, noise_weights

if TYPE_CHECKING:
    from fastw2v.distributed import ClusterReport

logger = logging.getLogger("fastw2v")
_LARGEST_DRAW = 2**31 - 1


class ModelBase(Lifecycle):
    """Options and state of a model.

    `VocabularyModel` adds the steps that make a vocabulary, and `Word2Vec`, which documents the options, training.
    """

    vector_size, window, min_count, sorted_vocab, null_word, seed = (ConfigOption[int]() for _ in range(6))
    sg, hs, negative, cbow_mean, epochs = (ConfigOption[int]() for _ in range(5))
    max_vocab_size, max_final_vocab, workers = (ConfigOption[int | None]() for _ in range(3))
    alpha, min_alpha, sample, ns_exponent = (ConfigOption[float]() for _ in range(4))
    shrink_windows, compute_loss, deterministic = (ConfigOption[bool]() for _ in range(3))
    negative_sharing, cbow_gradient, device = (ConfigOption[str]() for _ in range(3))

    def __init__(self, config: TrainConfig, progress: Progress | bool | None = None) -> None:
        check_progress(progress)
        self._shown_state: ModelState | None = None
        self._raw: RawCounts | None = None
        self._effective_min_count: int | None = None
        self._corpus_sizes: dict[str, int] = {}  # what the user has set
        self._cum_table_domain, self._is_training = _LARGEST_DRAW, False
        self._config, self._progress = config, progress
        self._callbacks = Callbacks(None)
        self._checkpoints: Checkpoints | None = None
        self._own_files: set[Path] = set()  # the checkpoints that this model may replace
        self._stop_reason: str | None = None
        self.report = TrainReport("none")
        self.cluster_report: ClusterReport | None = None
        self.seconds: dict[str, float] = {}

    @property
    def _state(self) -> ModelState | None:
        """Vocabulary and weights; None before there is a vocabulary. It cannot be replaced while it is trained."""
        return self._shown_state

    @_state.setter
    def _state(self, state: ModelState | None) -> None:
        if self._is_training:
            raise RuntimeError("the vocabulary cannot change while the model is trained (in a callback); do it after")
        self._shown_state, self._corpus_sizes = state, {}

    @property
    def config(self) -> TrainConfig:
        """All options."""
        return self._config

    @config.setter
    def config(self, config: TrainConfig) -> None:
        if not isinstance(config, TrainConfig):
            raise TypeError(f"config is a {type(config).__name__}; expected a TrainConfig")
        if self._is_training and config != self._config:
            cure = "give them to train: epochs, start_alpha, end_alpha, compute_loss"
            raise RuntimeError(f"options cannot be set while the model is trained (in a callback); {cure}")
        if self._state is not None and config.vector_size != self._state.weights.dim:
            sizes = f"vector_size is {config.vector_size}, and the weights of this model are {self._state.weights.dim}"
            raise ValueError(f"{sizes} long; make a new model, or train one with vector_size={config.vector_size}")
        self._config = config

    @property
    def wv(self) -> KeyedVectors:
        """The vectors; AttributeError before there is a vocabulary.

        Growth and `init_weights` make a new object; what you hold of an old one stays as it is.
        """
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
    def syn1neg(self) -> FloatArray:
        """The output vectors, under gensim's name: they predict a word from the vectors of its contexts.

        A read-only view, float32[n_vocab, vector_size], in the order of `wv`; further training changes it.
        AttributeError for a model made with negative=0.
        """
        return self._output_vectors("syn1neg", "w_out", "negative=0")

    @property
    def syn1(self) -> FloatArray:
        """The output vectors of the nodes of the tree, under gensim's name, for hierarchical softmax.

        A read-only view, float32[n_vocab, vector_size]; ``wv.get_vecattr(word, "point")`` has the rows that decide on a
        word, and the last row is not used. AttributeError for a model made with hs=0.
        """
        return self._output_vectors("syn1", "w_node", "hs=0")

    @property
    def layer1_size(self) -> int:
        """The same as `vector_size`."""
        return self.config.vector_size

    @property
    def corpus_count(self) -> int:
        """Sentences with a word of the vocabulary in the last corpus of `build_vocab`, or what you set; 0 at first."""
        return self._corpus_sizes.get("count", 0 if self._state is None else self._state.corpus_count)

    @corpus_count.setter
    def corpus_count(self, count: int) -> None:
        self._corpus_sizes["count"] = number("corpus_count", count, int, least=0, most=np.inf)

    @property
    def corpus_total_words(self) -> int:
        """All words in the last corpus of `build_vocab`, or what you set; 0 before there is a vocabulary."""
        return self._corpus_sizes.get("words", 0 if self._state is None else self._state.vocab.n_raw_tokens)

    @corpus_total_words.setter
    def corpus_total_words(self, count: int) -> None:
        self._corpus_sizes["words"] = number("corpus_total_words", count, int, least=0, most=np.inf)

    @property
    def epochs_trained(self) -> int:
        """Epochs begun since the weights were drawn. Their number makes further training draw new random numbers."""
        return 0 if self._state is None else self._state.epochs_trained

    @property
    def effective_min_count(self) -> int:
        """The count that a word needed for the last vocabulary: `min_count`, or more with `max_final_vocab`."""
        return self.min_count if self._effective_min_count is None else self._effective_min_count

    @effective_min_count.setter
    def effective_min_count(self, count: int) -> None:
        self._effective_min_count = number("effective_min_count", count, int, least=0, most=np.inf)

    @property
    def cum_table(self) -> Array | None:
        """The noise distribution as gensim's table, made when it is asked for; None before there is a vocabulary.

        uint32[n_vocab]: cumulative ``count ** ns_exponent``, scaled to end at `domain` of `make_cum_table`. Training
        has tables of its own.
        """
        if self._state is None:
            return None
        cumulative = np.cumsum(noise_weights(self._state.vocab.counts, self.ns_exponent))
        return np.asarray(np.rint(cumulative / cumulative[-1] * self._cum_table_domain), np.uint32)

    def make_cum_table(self, domain: int = _LARGEST_DRAW) -> None:
        """Choose the largest value of `cum_table`, 1 to 2**32 - 1."""
        self._cum_table_domain = number("domain", domain, int, least=1, most=2**32 - 1)

    def predict_output_word(
        self, context_words_list: Sequence[Key], topn: int | None = 10
    ) -> list[tuple[Any, float]] | None:
        """Return the words that the model expects between some context words.

        As in gensim, this is CBOW's prediction whatever the model is: the softmax of all output vectors times the mean
        of the context vectors (their sum with cbow_mean=0). It normalizes over the vocabulary, which training by
        negative sampling does not, so the probabilities are rough.

        Parameters
        ----------
        context_words_list : list of keys
            Unknown words are left out.
        topn : int or None
            How many words; None: all.

        Returns
        -------
        list of (key, float), or None
            Words and probabilities, the most probable first, equal ones in the order of rows. None, after a logged
            warning, if no context word is known.

        Raises
        ------
        RuntimeError
            There is no vocabulary yet, or the model was made with negative=0.
        TypeError
            `context_words_list` is one word.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> model = Word2Vec([["a", "b"], ["c", "d"]] * 300, sg=1, min_count=1, sample=0, epochs=20, workers=1, seed=2)
        >>> model.predict_output_word(["a"], topn=1)[0][0]
        'b'
        """
        state = self._state_to_grow()
        if isinstance(context_words_list, str):
            raise TypeError(f"context_words_list is the word {context_words_list!r}; expected a list: [word]")
        outputs = state.output_vectors().get("w_out")
        if outputs is None:
            raise RuntimeError(
                "predict_output_word needs the output vectors of negative sampling; train with negative=5"
            )
        rows = [self.wv.get_index(word) for word in context_words_list if word in self.wv]
        if not rows:
            logger.warning("no context word is in the vocabulary")
            return None
        contexts = self.wv.vectors[rows]
        hidden = contexts.mean(axis=0) if self.cbow_mean else contexts.sum(axis=0)
        scores = outputs @ hidden
        shares = np.exp(scores - scores.max())
        best = np.argsort(-shares, kind="stable")[: None if topn is None else max(topn, 0)]
        keys, total = self.wv.index_to_key, shares.sum()
        return [(keys[row], float(shares[row] / total)) for row in best.tolist()]

    def init_sims(self, replace: bool = False) -> None:
        """Compute the lengths of the vectors; with `replace`, scale all to unit length. Deprecated, as in gensim."""
        warn_user("init_sims is not needed: wv computes lengths when it needs them", DeprecationWarning)
        if replace:
            self.wv.vectors = self.wv.get_normed_vectors()
        self.wv.fill_norms()

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

    def __repr__(self) -> str:
        size = 0 if self._state is None else len(self._state.wv)
        kind = "skip-gram" if self.config.sg else "CBOW"
        return f"{type(self).__name__}<vocab={size}, vector_size={self.config.vector_size}, {kind}>"

    def __getitem__(self, key: object) -> NoReturn:
        """Raise TypeError with the cure: gensim 3's models gave vectors, today `wv` does."""
        raise TypeError(f"a model is not subscriptable; its vectors are: write model.wv[{key!r}]")

    def __contains__(self, key: object) -> NoReturn:
        """Raise TypeError with the cure, as `__getitem__` does."""
        raise TypeError(f"a model holds no keys, its vectors do: write {key!r} in model.wv")

    def __copy__(self) -> Self:
        twin = object.__new__(type(self))
        own = {name: copy.copy(getattr(self, name)) for name in ("_shown_state", "_raw")}
        own["_lifecycle_events"] = list(self.lifecycle_events)
        twin.__dict__.update(self.__getstate__(), **own)
        return twin

    def __getstate__(self) -> dict[str, Any]:
        """Return the attributes for pickle and copy, which a callback may ask for while the model is trained.

        Callbacks and a function as `progress` stay behind, since they may hold files; checkpoints are those of one
        model.
        """
        left: dict[str, Any] = {
            "_callbacks": Callbacks(None),
            "_progress": None if callable(self._progress) else self._progress,
            "_checkpoints": None,
            "_own_files": set(),
        }
        return {**self.__dict__, "_is_training": False, **left}

    def _state_to_grow(self) -> ModelState:
        """Return the state; RuntimeError before there is one."""
        if self._state is None:
            raise RuntimeError("there is no vocabulary yet; call build_vocab first, or pass sentences to Word2Vec")
        return self._state

    def _existing_state(self, name: str) -> ModelState:
        """Return the state; AttributeError, for the attribute `name`, before there is one."""
        if self._state is None:
            missing = f"{type(self).__name__!r} object has no attribute {name!r}"
            cure = "there is no vocabulary yet; pass sentences, or call build_vocab"
            raise AttributeError(f"{missing}: {cure}", name=name, obj=self)
        return self._state

    def _output_vectors(self, name: str, matrix: str, option: str) -> FloatArray:
        """Return an output matrix; AttributeError, for the attribute `name`, if there is none."""
        found = self._existing_state(name).output_vectors().get(matrix)
        if found is None:
            missing = f"{type(self).__name__!r} object has no attribute {name!r}"
            raise AttributeError(f"{missing}: the model was made with {option}", name=name, obj=self)
        return found

    def _begin(self, config: TrainConfig) -> Session:
        session = Session(config, self._progress)
        self.seconds = session.seconds
        return session

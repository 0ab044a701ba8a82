"""VocabularyModel: the steps that give a model its vocabulary and untrained weights, and let both grow."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

import numpy as np

from fastw2v.compat import refuse_gensim3_names
from fastw2v.config import number
from fastw2v.corpus import one_corpus
from fastw2v.encode import Tokens
from fastw2v.growth import grown_vocab, with_null_word
from fastw2v.model_base import ModelBase
from fastw2v.raw_counts import RawCounts, vocab_of_frequencies
from fastw2v.runtime.arrays import FloatArray
from fastw2v.runtime.stopwatch import stopwatch
from fastw2v.runtime.warn import warn_user
from fastw2v.session import Session
from fastw2v.state import ModelState, memory_of
from fastw2v.vectors.weights import initial_weights
from fastw2v.vocab import Vocab
from fastw2v.vocab_rule import TrimRule, VocabRule, log_subsampling, retention_report

logger = logging.getLogger("fastw2v")

CorpusFile = str | PathLike[str] | Sequence[str | PathLike[str]]


class VocabularyModel(ModelBase):
    """A model that gets a vocabulary; `Word2Vec` adds training.

    A vocabulary comes from a corpus (`build_vocab`), from counts (`build_vocab_from_freq`), from another model
    (`reset_from`), or in gensim's steps: `scan_vocab`, `prepare_vocab`, `prepare_weights`.
    """

    _state_class: type[ModelState] = ModelState

    @property
    def raw_vocab(self) -> dict[Any, int]:
        """Counts of all words of the last corpus, kept by `keep_raw_vocab=True` or `scan_vocab`; {} without them.

        The dict is made when it is first asked for. What you write to it counts for `prepare_vocab`.
        """
        return {} if self._raw is None else self._raw.as_dict()

    @raw_vocab.setter
    def raw_vocab(self, counts: dict[Any, int] | None) -> None:
        n_sentences = 0 if self._raw is None else self._raw.n_sentences
        if counts:
            vocab_of_frequencies(counts)
        self._raw = RawCounts(counts, n_sentences) if counts else None

    @refuse_gensim3_names
    def build_vocab(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
        update: bool = False,
        progress_per: int = 10_000,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
    ) -> None:
        """Read a corpus, choose the vocabulary and draw the first weights; or let them grow.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As `sentences` and `corpus_file` of `Word2Vec`; give one of the two. Raises as `Word2Vec` does. After a
            generator, `train` needs a new one.
        update : bool
            Grow: known words keep their rows and their trained vectors, and their counts add up. New words that reach
            `min_count` in this corpus get rows behind them, with fresh input vectors and output vectors of 0.
            Subsampling and negatives use the summed counts (gensim's use those of this corpus). `wv` is a new object.
        keep_raw_vocab : bool
            Keep the counts of all words in `raw_vocab`.
        trim_rule : callable, optional
            As in `Word2Vec`. If the vocabulary grows, it is asked about known words too, which stay in any case.
        progress_per
            Without effect: `progress` of `Word2Vec`, or the logger, tells how far it is.

        Raises
        ------
        RuntimeError
            `update` is True and there is no vocabulary yet.
        TypeError
            The vocabulary that shall grow holds words and the corpus integers, or the reverse.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> model = Word2Vec(vector_size=20, min_count=1, sample=0, workers=1)
        >>> model.build_vocab([["a", "b", "c"], ["a", "b"]])
        >>> model.build_vocab([["new", "b"]], update=True)
        >>> [(word, model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key]
        [('a', 2), ('b', 3), ('c', 1), ('new', 1)]
        """
        corpus, rule = one_corpus(corpus_iterable, corpus_file), VocabRule.of(self.config, trim_rule)
        if update:
            self._state_to_grow()
            self._raw = self._begin(self.config).scan(corpus)
            self.prepare_vocab(update=True, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule)
        else:
            self._build(self._begin(self.config), corpus, rule, keep_raw=keep_raw_vocab).close()
        self.add_lifecycle_event("build_vocab", log_level=0, update=update, trim_rule=str(trim_rule))

    def build_vocab_from_freq(
        self,
        word_freq: Mapping[Any, int],
        keep_raw_vocab: bool = False,
        corpus_count: int | None = None,
        trim_rule: TrimRule | None = None,
        update: bool = False,
    ) -> None:
        """Choose the vocabulary from counts, and draw the first weights; or let them grow.

        Parameters
        ----------
        word_freq : mapping of str, or of int, to int
            The count of each word, such as a Counter.
        corpus_count : int, optional
            What `model.corpus_count` shall be: the sentences of the corpus that was counted.
        keep_raw_vocab, trim_rule, update
            As in `build_vocab`, with the same errors.

        Raises
        ------
        TypeError, ValueError
            The keys are neither all str nor all int, or a count is no whole number of at least 0.

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> model = Word2Vec(vector_size=20, min_count=2, sample=0)
        >>> model.build_vocab_from_freq({"film": 5, "plot": 9, "typo": 1})
        >>> model.wv.index_to_key
        ['plot', 'film']
        """
        n_sentences = number("corpus_count", corpus_count or 0, int, least=0, most=np.inf)
        self._raw = RawCounts(vocab_of_frequencies(word_freq), n_sentences)
        self.prepare_vocab(update=update, keep_raw_vocab=keep_raw_vocab, trim_rule=trim_rule)

    def scan_vocab(
        self,
        corpus_iterable: Any = None,  # noqa: ANN401
        corpus_file: CorpusFile | None = None,
        progress_per: int = 10_000,
        workers: int | None = None,
        trim_rule: TrimRule | None = None,
    ) -> tuple[int, int]:
        """Count all words of a corpus into `raw_vocab`; `prepare_vocab` then chooses among them.

        Parameters
        ----------
        corpus_iterable, corpus_file
            As in `build_vocab`.
        workers : int, optional
            Threads, for this call; None: the model's own.
        progress_per, trim_rule
            Without effect here: give `trim_rule` to `prepare_vocab`.

        Returns
        -------
        n_words, n_sentences : int
            All words, and the sentences that have one.
        """
        config = self.config if workers is None else self.config.with_option("workers", workers)
        self._raw = self._begin(config).scan(one_corpus(corpus_iterable, corpus_file))
        return self._raw.vocab().n_raw_tokens, self._raw.n_sentences

    def prepare_vocab(
        self,
        update: bool = False,
        keep_raw_vocab: bool = False,
        trim_rule: TrimRule | None = None,
        min_count: int | None = None,
        sample: float | None = None,
        dry_run: bool = False,
    ) -> dict[str, int]:
        """Choose the vocabulary from `raw_vocab`, and draw its weights; or only report what would be chosen.

        Parameters
        ----------
        min_count, sample : optional
            Set these options of the model. None: its own.
        dry_run : bool
            Change nothing.
        update, keep_raw_vocab, trim_rule
            As in `build_vocab`, with the same errors.

        Returns
        -------
        dict of str to int
            "drop_unique", "retain_total", "downsample_unique", "downsample_total" and "num_retained_words", see
            `fastw2v.vocab_rule.retention_report`. Of a vocabulary that grows: those of the new corpus alone.

        Raises
        ------
        RuntimeError
            There are no raw counts, or nothing that can grow.
        ValueError
            No word is left.
        """
        if self._raw is None:
            raise RuntimeError("there are no raw counts; call scan_vocab, or build_vocab with keep_raw_vocab=True")
        config, old = self.config, self._state_to_grow() if update else None
        for name, value in {"min_count": min_count, "sample": sample}.items():
            config = config if value is None else config.with_option(name, value)
        rule = VocabRule.of(config, trim_rule)
        raw, kept = rule.choose(self._raw.vocab())
        report, n_sentences = retention_report(raw.counts, kept, config.sample), self._raw.n_sentences
        if not dry_run:
            self.config = config
            if old is None:
                self._start(rule.vocab_of(raw, kept), n_sentences)
            else:
                self._state = old.grown(grown_vocab(old.vocab, raw, kept), config, n_sentences)
            self._raw = self._raw if keep_raw_vocab else None
            self._effective_min_count = rule.effective_min_count(raw.counts)
        logger.info("min_count=%d leaves %d words", rule.effective_min_count(raw.counts), report["num_retained_words"])
        if not dry_run:
            log_subsampling(self._state_to_grow().vocab, config.sample)
        return report

    def prepare_weights(self, update: bool = False) -> None:
        """Do what `init_weights` does, or with `update` what `update_weights` does."""
        if update:
            self.update_weights()
        else:
            self.init_weights()

    def init_weights(self) -> None:
        """Draw all weights anew, and keep the vocabulary; `wv` is then a new object. RuntimeError without one."""
        state = self._state_to_grow()
        self._start(state.vocab, state.corpus_count)

    def update_weights(self) -> None:
        """Do nothing: a vocabulary that grows has all its weights at once. RuntimeError without a vocabulary."""
        self._state_to_grow()

    def seeded_vector(self, seed_string: str, vector_size: int) -> FloatArray:
        """Return the first vector of a word, float32[vector_size], as drawn from `seed`. Deprecated, as in gensim."""
        warn_user("seeded_vector is deprecated; build_vocab draws the first vectors", DeprecationWarning)
        weights = initial_weights(Vocab.from_keys([seed_string], np.ones(1)), vector_size, self.seed)
        return np.asarray(weights.w_in[0, :vector_size])

    def create_binary_tree(self) -> None:
        """Build the Huffman tree of the vocabulary anew from the counts, which `build_vocab` does with hs=1.

        ``wv.get_vecattr(word, "code")`` and ``"point"`` then tell of it. RuntimeError without a vocabulary.
        """
        self._state_to_grow().build_tree()

    def add_null_word(self) -> None:
        r"""Give gensim's null word "\0" a row, with count 1; RuntimeError without a vocabulary, ValueError with ids."""
        state = self._state_to_grow()
        self._state = state.grown(with_null_word(state.vocab), self.config, state.corpus_count)

    def reset_from(self, other_model: VocabularyModel) -> None:
        """Take the vocabulary and `corpus_count` of another model, and draw weights of the own size and seed.

        Raises
        ------
        TypeError
            This is no model.
        RuntimeError
            The other model has no vocabulary.
        """
        if not isinstance(other_model, VocabularyModel):
            raise TypeError(f"other_model is a {type(other_model).__name__}; expected a Word2Vec with a vocabulary")
        other = other_model._state_to_grow()
        self._start(other.vocab, other.corpus_count)

    def estimate_memory(self, vocab_size: int | None = None, report: dict[str, int] | None = None) -> dict[str, int]:
        """Return the bytes that the arrays of the model take.

        Parameters
        ----------
        vocab_size : int, optional
            Number of words. Default: those of the vocabulary.
        report : dict of str to int, optional
            Other bytes to count; the result is written into it.

        Returns
        -------
        dict of str to int
            "vocab", "vectors", "syn1neg" (without if negative=0), "syn1" (with hs=1), and of these and `report`
            "total".

        Examples
        --------
        >>> from fastw2v import Word2Vec
        >>> Word2Vec(vector_size=100).estimate_memory(1_000_000)["vectors"]  # rows are padded to 112 floats
        448000000
        """
        vocab = None if self._state is None else self._state.vocab
        n_words = vocab_size or (0 if vocab is None else len(vocab))
        result = {} if report is None else report
        result.update(memory_of(n_words, self.config, vocab))
        result["total"] = sum(size for name, size in result.items() if name != "total")
        return result

    def _build(
        self,
        session: Session,
        corpus: Any,  # noqa: ANN401
        rule: VocabRule,
        *,
        keep_raw: bool = False,
    ) -> Tokens:
        """Read a corpus, choose the vocabulary, and start from it; the caller closes the tokens."""
        vocab, tokens, raw, self._effective_min_count = session.build_vocab(corpus, rule, keep_raw=keep_raw)
        self._start(vocab, tokens.n_sentences)
        self._raw = None if raw is None else RawCounts(raw, tokens.n_sentences)
        logger.info("vocabulary of %d words, which are %d of %d tokens", len(vocab), tokens.n_tokens, tokens.n_raw)
        if not tokens.are_pairs:
            log_subsampling(vocab, self.sample)
        return tokens

    def _start(self, vocab: Vocab, corpus_count: int) -> None:
        """Begin with a vocabulary and untrained weights."""
        with stopwatch(self.seconds, "encode"):
            vocab = with_null_word(vocab) if self.null_word else vocab
            self._state = self._state_class.untrained(vocab, self.config, corpus_count)

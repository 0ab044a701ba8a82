"""Phrases: learns which words form phrases, under gensim's names."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fastw2v.phrases.counting import WordCounts
from fastw2v.phrases.files import State, StrPath, load_state, save_state
from fastw2v.phrases.frozen import FrozenPhrases
from fastw2v.phrases.joining import Everything, PhraseJoiner, Places
from fastw2v.phrases.pruning import count_with_pruning, prune
from fastw2v.phrases.reading import ReadSentences, read_sentences
from fastw2v.phrases.scored import Scored, Settings, are_ends, score_strings, score_vocabulary
from fastw2v.phrases.scorers import Scorer, checked_scorer, is_built_in
from fastw2v.phrases.vocabulary import PhraseVocabulary
from fastw2v_kernels.shared.threads import available_cores

logger = logging.getLogger("fastw2v")
_EVERYWHERE = Places(lambda _word, _none: Everything(), ())


class Phrases(PhraseJoiner):
    """Find words that occur together more often than by chance, and join them to one token.

    Counts, scores and phrases are those of gensim's class of this name. Counting is compiled.

    Parameters
    ----------
    sentences : optional
        Lists of str, also from an iterator that can be read only once; or whatever `Word2Vec` takes as text, such as a
        `pathlib.Path`. Text is read without a Python object for each token. None: call `add_vocab` later.
    min_count : float
        Subtracted from a phrase's count by the default score; a phrase of a smaller count is none.
    threshold : float
        A phrase scores more than this. More than 0 for "default", -1 to 1 for "npmi".
    max_vocab_size : int
        The most words and phrases to count. Beyond it, the rarest are forgotten after each sentence, exactly as gensim
        does it, and at gensim's speed.
    delimiter : str
        Joins the words of a phrase.
    progress_per : int
        Log a line at level INFO every so many sentences; text files are not logged.
    scoring : "default", "npmi" or callable
        The formula: `original_scorer`, `npmi_scorer`, or a function with the same parameters that can be pickled.
    connector_words : set of str
        Words that may stand inside a phrase without counting for its score, such as `ENGLISH_CONNECTOR_WORDS`.

    Attributes
    ----------
    corpus_word_count : int
        Tokens so far.
    min_reduce : int
        The next pruning forgets tokens that occur less often.

    Raises
    ------
    ValueError
        `min_count`, `threshold`, `progress_per` or the name of `scoring` is out of range; or `scoring` lacks a
        parameter.
    TypeError
        `sentences` is no corpus of str, or an option has a wrong type.

    Examples
    --------
    >>> from fastw2v.phrases import Phrases
    >>> sentences = [["in", "new", "york"], ["new", "york", "city"], ["the", "city"]]
    >>> phrases = Phrases(sentences, min_count=1, threshold=1)
    >>> phrases[["going", "to", "new", "york"]]
    ['going', 'to', 'new_york']
    >>> [joined for joined in phrases[sentences]][0]
    ['in', 'new_york']
    >>> phrases.export_phrases()
    {'new_york': 2.25}
    """

    def __init__(
        self,
        sentences: Iterable[Any] | None = None,
        min_count: float = 5,
        threshold: float = 10.0,
        max_vocab_size: int = 40000000,
        delimiter: str = "_",
        progress_per: int = 10000,
        scoring: str | Scorer = "default",
        connector_words: Iterable[str] = frozenset(),
    ) -> None:
        if min_count <= 0:
            raise ValueError(f"min_count is {min_count}; expected a number above 0, usually at least 1")
        if progress_per < 1:
            raise ValueError(f"progress_per is {progress_per}; expected at least 1 sentence")
        if not isinstance(delimiter, str):
            raise TypeError(f'delimiter is the {type(delimiter).__name__} {delimiter!r}; expected a str, such as "_"')
        if isinstance(connector_words, str):
            raise TypeError(f"connector_words is the str {connector_words!r:.60}; expected a set of words")
        super().__init__(frozenset(connector_words), delimiter)
        self.scoring = checked_scorer(scoring, threshold)
        self.min_count, self.threshold = min_count, threshold
        self.max_vocab_size, self.progress_per = max_vocab_size, progress_per
        self.min_reduce, self.corpus_word_count = 1, 0
        self._set_counts(self._new_counts(), None)
        if sentences is not None:
            self.add_vocab(sentences)

    def __str__(self) -> str:
        return (
            f"{type(self).__name__}<{self._n_vocab()} vocab, min_count={self.min_count}, threshold={self.threshold}, "
            f"max_vocab_size={self.max_vocab_size}>"
        )

    @property
    def vocab(self) -> Mapping[str, int]:
        """Counts of words and phrases, read-only, in gensim's order; made when first asked for."""
        return MappingProxyType(self._as_dict())

    def add_vocab(self, sentences: Iterable[Any]) -> None:
        """Count the words and phrases of further sentences.

        Parameters
        ----------
        sentences
            As for the class.

        Raises
        ------
        TypeError
            It is no corpus of str.
        """
        read = read_sentences(sentences, progress_per=self.progress_per)
        counted = self._added(self._counted, read)
        if counted is not None:
            self._set_counts(counted, None)
        else:
            self._merge(*self._counted_alone(read))
        self.corpus_word_count += len(read.ids)
        logger.info("phrases: %d words counted", self.corpus_word_count)

    def score_candidate(self, word_a: str, word_b: str, in_between: list[str]) -> tuple[str, float] | tuple[None, None]:
        """Score words as a phrase.

        Parameters
        ----------
        word_a, word_b : str
            First and last word.
        in_between : list of str
            Connector words between them.

        Returns
        -------
        (str, float)
            The phrase and its score; ``(None, None)`` if it is none.
        """
        phrase = self.delimiter.join([word_a, *in_between, word_b])
        scored = self._scored()
        if scored is not None:
            found, odd = scored.plain.get(phrase), scored.odd
            if found is not None and are_ends(word_a, word_b, phrase, delimiter=self.delimiter):
                return phrase, found[0]
            if not (phrase in odd or word_a in odd or word_b in odd):
                return None, None
        score = self._score(word_a, word_b, phrase)
        return (None, None) if score is None else (phrase, score)

    def export_phrases(self) -> dict[str, float]:
        """Return all phrases that score above the threshold, with their scores.

        Returns
        -------
        dict of str to float

        Raises
        ------
        ValueError
            The delimiter is "", so that phrases cannot be told from words.
        """
        if not self.delimiter:
            raise ValueError('delimiter is ""; expected a str of at least one character to find the phrases by')
        scored = self._scored()
        if scored is None or self._counted is None:
            return dict(self._scores_of(self._as_dict()))
        odd = self._vocabulary().odd
        places = {phrase: place for phrase, (_, place) in scored.plain.items()}
        scores = {phrase: score for phrase, (score, _) in scored.plain.items()} | dict(self._scores_of(odd))
        return {
            phrase: scores[phrase]
            for phrase in sorted(scores, key=lambda phrase: odd[phrase][1] if phrase in odd else places[phrase])
        }

    def freeze(self) -> FrozenPhrases:
        """Return the phrases with their scores alone: smaller, and as fast; further sentences cannot be added."""
        return FrozenPhrases(self)

    def save(self, path: StrPath) -> None:
        """Save to one JSON file.

        Parameters
        ----------
        path : path
            A file of this name is replaced.
        """
        names = ("min_count", "threshold", "max_vocab_size", "delimiter", "progress_per", "scoring", "connector_words")
        state = {name: getattr(self, name) for name in (*names, "corpus_word_count", "min_reduce")}
        save_state(path, {"class": "Phrases", **state, "vocab": self._as_dict()})

    @classmethod
    def load(cls, path: StrPath, *, scoring: Scorer | None = None) -> Phrases | FrozenPhrases:
        """Load what `save` wrote, of this class or of `FrozenPhrases`.

        Parameters
        ----------
        path : path
        scoring : callable, optional
            The scoring function, if it was one of your own.

        Raises
        ------
        ValueError
            The file is no such file, or `scoring` is needed.
        """
        state = load_state(path, scoring)
        if state["class"] == FrozenPhrases.__name__:
            return FrozenPhrases.from_state(state)
        try:
            return cls._from_state(state)
        except (ValueError, TypeError) as error:
            raise ValueError(f"{path}: {error}") from error

    @classmethod
    def _from_state(cls, state: State) -> Phrases:
        options = {name: state[name] for name in state.keys() - {"format", "class", *_COUNTED}}
        phrases = cls(**options)
        phrases.corpus_word_count, phrases.min_reduce = state["corpus_word_count"], state["min_reduce"]
        phrases._set_counts(None, state["vocab"])
        return phrases

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what can be made again."""
        made = {"_words_and_phrases": None, "_last_scored": None}
        return self.__dict__ | made | ({"_vocab": None} if self._counted is not None else {})

    def _set_counts(self, counted: WordCounts | None, vocab: dict[str, int] | None) -> None:
        """Hold the counts as arrays, or, once something was pruned or loaded, as a dict."""
        self._counted, self._vocab = counted, vocab
        self._words_and_phrases: PhraseVocabulary | None = None
        self._last_scored: Scored | None = None

    def _new_counts(self) -> WordCounts:
        return WordCounts(available_cores(), self.connector_words, self.delimiter)

    def _vocabulary(self) -> PhraseVocabulary:
        if self._words_and_phrases is None:
            self._words_and_phrases = PhraseVocabulary(self._counted or self._new_counts())
        return self._words_and_phrases

    def _as_dict(self) -> dict[str, int]:
        if self._vocab is None:
            self._vocab = self._vocabulary().as_dict() if self.delimiter else {}
        return self._vocab

    def _n_vocab(self) -> int:
        return len(self._vocab) if self._vocab is not None else len(self._vocabulary()) if self.delimiter else 0

    def _added(self, counted: WordCounts | None, read: ReadSentences) -> WordCounts | None:
        """Return counts with those of sentences added; None if that needs pruning, or strings as keys."""
        if counted is None or not self.delimiter:
            return None
        most = self.max_vocab_size
        more = counted.with_sentences(read, most)
        return more if more is not None and (more.n_most <= most or len(PhraseVocabulary(more)) <= most) else None

    def _counted_alone(self, read: ReadSentences) -> tuple[dict[str, int], int]:
        """Count some sentences by themselves; return the counts and the `min_reduce` of their pruning."""
        counted = self._added(self._new_counts(), read)
        if counted is not None:
            return PhraseVocabulary(counted).as_dict(), 1
        return count_with_pruning(
            read.sentences(),
            connector_words=self.connector_words,
            delimiter=self.delimiter,
            max_vocab_size=self.max_vocab_size,
        )

    def _merge(self, counts: dict[str, int], min_reduce: int) -> None:
        """Add counts to those so far, and prune as gensim does."""
        total = self._as_dict()
        if not total:
            self._set_counts(None, counts)
            return
        self.min_reduce = max(self.min_reduce, min_reduce)
        for token, count in counts.items():
            total[token] = total.get(token, 0) + count
        if len(total) > self.max_vocab_size:
            prune(total, self.min_reduce)
            self.min_reduce += 1
        self._set_counts(None, total)

    def _score(self, word_a: str, word_b: str, phrase: str) -> float | None:
        """Return the score by the counts of three strings, None if it is not above the threshold."""
        count = self._vocab.get if self._vocab is not None else self._vocabulary().count
        n_a, n_b, n_phrase = count(word_a) or 0, count(word_b) or 0, count(phrase) or 0
        if min(n_a, n_b, n_phrase) <= 0:
            return None
        score = self.scoring(
            worda_count=n_a,
            wordb_count=n_b,
            bigram_count=n_phrase,
            len_vocab=self._n_vocab(),
            min_count=self.min_count,
            corpus_word_count=self.corpus_word_count,
        )
        return None if score <= self.threshold else score

    def _scores_of(self, tokens: Iterable[str]) -> Iterable[tuple[str, float]]:
        """Yield those of some words and phrases that are phrases above the threshold, with their scores."""
        for token in tokens:
            words = token.split(self.delimiter)
            if len(words) > 1 and (score := self._score(words[0], words[-1], token)) is not None:
                yield token, score

    def _places(self) -> Places:
        scored = self._scored()
        return _EVERYWHERE if scored is None else scored.places

    def _scored(self) -> Scored | None:
        """Return the phrases above the threshold; None if each candidate is to be scored when it is met."""
        if not self.delimiter or not is_built_in(self.scoring):
            self._as_dict()
            return None
        settings = Settings(self.scoring, self.threshold, self.min_count, self.corpus_word_count)
        if self._last_scored is None or self._last_scored.settings != settings:
            if self._counted is None:
                self._last_scored = score_strings(self._as_dict(), settings, self.delimiter)
            else:
                self._last_scored = score_vocabulary(self._vocabulary(), settings)
        return self._last_scored


_COUNTED = ("corpus_word_count", "min_reduce", "vocab")

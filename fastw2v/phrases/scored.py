"""All phrases above the threshold at once, by the built-in scorers, for sentences to be looked up in."""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import NamedTuple

from fastw2v.phrases.joining import Everything, Places, followers_in
from fastw2v.phrases.scorers import Scorer, may_pass, npmi_scorer
from fastw2v.phrases.vocabulary import PhraseVocabulary


class Settings(NamedTuple):
    """What scores depend on, apart from the counts."""

    scoring: Scorer
    threshold: float
    min_count: float
    corpus_word_count: int

    @property
    def least_count(self) -> float:
        """A phrase that occurs less often is surely not above the threshold."""
        return self.min_count if self.scoring is npmi_scorer or self.threshold >= 0 else 0


class Scored(NamedTuple):
    """Phrases above the threshold.

    Attributes
    ----------
    settings : Settings
        Those that they were scored with.
    plain : dict of str to (float, int)
        Score and place in the order of the vocabulary, of phrases whose string comes from one sequence of words only.
    odd : container of str
        Other words and phrases that hold delimiters; what they are part of is scored when it is met.
    places : Places
        Where phrases, odd ones too, may be.
    """

    settings: Settings
    plain: dict[str, tuple[float, int]]
    odd: Container[str]
    places: Places


def score_vocabulary(vocabulary: PhraseVocabulary, settings: Settings) -> Scored:
    """Score what is in arrays: they rule out most phrases, and the rest is scored one by one, to the last bit."""
    plain: dict[str, tuple[float, int]] = {}
    n_vocab, counts = len(vocabulary), vocabulary.plain_counts()
    constants = {"len_vocab": n_vocab, "min_count": settings.min_count, "corpus_word_count": settings.corpus_word_count}
    chosen = may_pass(settings.scoring, counts, settings.threshold, *constants.values())
    phrases = vocabulary.plain_phrases(chosen)
    for (phrase, place), a, b, ab in zip(phrases, *(array[chosen].tolist() for array in counts)):
        score = settings.scoring(worda_count=a, wordb_count=b, bigram_count=ab, **constants)
        if score > settings.threshold:
            plain[phrase] = score, place
    odd, delimiter = vocabulary.odd, vocabulary.counted.delimiter
    followers = followers_in([*plain, *odd], delimiter)
    followers.update(dict.fromkeys(odd, Everything()))
    connector_words = vocabulary.counted.connector_words
    last = frozenset(token for token in odd if token.split(delimiter)[0] in connector_words)
    return Scored(settings, plain, odd, Places(followers.get, last))


def score_strings(vocab: Mapping[str, int], settings: Settings, delimiter: str) -> Scored:
    """Score what is in a dict: phrases of two words here, longer ones when they are met."""
    plain: dict[str, tuple[float, int]] = {}
    odd: set[str] = set()
    characters, least = set(delimiter), settings.least_count
    constants = {"len_vocab": len(vocab), "min_count": settings.min_count}
    for place, (phrase, count) in enumerate(vocab.items()):
        if count < least or delimiter not in phrase:
            continue
        words = phrase.split(delimiter)
        if len(words) > 2 or not all(map(characters.isdisjoint, words)):
            odd.add(phrase)
        elif (a := vocab.get(words[0], 0)) and (b := vocab.get(words[1], 0)):
            score = settings.scoring(a, b, count, corpus_word_count=settings.corpus_word_count, **constants)
            if score > settings.threshold:
                plain[phrase] = score, place
    return Scored(settings, plain, odd, Places(followers_in([*plain, *odd], delimiter).get, ()))


def are_ends(word_a: str, word_b: str, phrase: str, *, delimiter: str) -> bool:
    """Whether a plain phrase begins and ends with these words, which may hold delimiters themselves."""
    before, after = phrase.find(delimiter), phrase.rfind(delimiter) + len(delimiter)
    return before == len(word_a) and len(phrase) - after == len(word_b)

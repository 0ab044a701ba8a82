"""Phrases: words that occur together more often than by chance, joined to one token, under gensim's names."""

from fastw2v.phrases.frozen import FrozenPhrases, Phraser
from fastw2v.phrases.joining import JoinedSentences
from fastw2v.phrases.phrases import Phrases
from fastw2v.phrases.scorers import ENGLISH_CONNECTOR_WORDS, npmi_scorer, original_scorer

__all__ = [
    "ENGLISH_CONNECTOR_WORDS",
    "FrozenPhrases",
    "JoinedSentences",
    "Phraser",
    "Phrases",
    "npmi_scorer",
    "original_scorer",
]

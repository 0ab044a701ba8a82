"""Evaluate vectors: human ratings of word pairs, analogies, next items of sessions. Every result tells its coverage."""

from fastw2v.evaluation.analogies import AnalogiesResult, Section, analogies
from fastw2v.evaluation.correlation import Correlation
from fastw2v.evaluation.hit_rate import HitRateResult, hit_rate
from fastw2v.evaluation.word_pairs import WordPairsResult, word_pairs

__all__ = [
    "AnalogiesResult",
    "Correlation",
    "HitRateResult",
    "Section",
    "WordPairsResult",
    "analogies",
    "hit_rate",
    "word_pairs",
]

"""Evaluate vectors: word pairs, analogies, next items of sessions, edges. Every result tells its coverage."""

from fastw2v.evaluation.analogies import AnalogiesResult, Section, analogies
from fastw2v.evaluation.correlation import Correlation
from fastw2v.evaluation.held_out import HeldOut, hold_out_last
from fastw2v.evaluation.hit_rate import HitRateResult, hit_rate
from fastw2v.evaluation.link_prediction import LinkPredictionResult, link_prediction
from fastw2v.evaluation.word_pairs import WordPairsResult, word_pairs

__all__ = [
    "AnalogiesResult",
    "Correlation",
    "HeldOut",
    "HitRateResult",
    "LinkPredictionResult",
    "Section",
    "WordPairsResult",
    "analogies",
    "hit_rate",
    "hold_out_last",
    "link_prediction",
    "word_pairs",
]

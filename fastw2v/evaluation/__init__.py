"""Evaluate vectors: correlation with human ratings of word pairs, and analogies. Every result tells its coverage."""

from fastw2v.evaluation.analogies import AnalogiesResult, Section, analogies
from fastw2v.evaluation.correlation import Correlation
from fastw2v.evaluation.word_pairs import WordPairsResult, word_pairs

__all__ = ["AnalogiesResult", "Correlation", "Section", "WordPairsResult", "analogies", "word_pairs"]

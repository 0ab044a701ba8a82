"""How good vectors are: word pairs against people's judgements, and analogies, with the coverage beside each score."""

from fastw2v.evaluation.analogies import AnalogiesResult, Section, analogies
from fastw2v.evaluation.correlation import Correlation
from fastw2v.evaluation.word_pairs import WordPairsResult, word_pairs

__all__ = ["AnalogiesResult", "Correlation", "Section", "WordPairsResult", "analogies", "word_pairs"]

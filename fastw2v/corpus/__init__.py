"""What training reads: text files, lists of words, integer arrays, all checked here. No other code reads text."""

from fastw2v.corpus.blocks import BLOCK_BYTES, Block
from fastw2v.corpus.inputs import Corpus, as_corpus, one_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.line_sentences import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.corpus.pair_files import read_pairs
from fastw2v.corpus.pairs import pair_corpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.tables import table_corpus
from fastw2v.corpus.text import TextCorpus, text_corpus
from fastw2v.corpus.tokens import simple_preprocess, tokenize
from fastw2v.corpus.weighted import weighted_corpus
from fastw2v.corpus.weights import WeightedCorpus

__all__ = [
    "BLOCK_BYTES",
    "Block",
    "BrownCorpus",
    "Corpus",
    "IntegerCorpus",
    "LineSentence",
    "PathLineSentences",
    "Text8Corpus",
    "TextCorpus",
    "TokenCorpus",
    "WeightedCorpus",
    "as_corpus",
    "one_corpus",
    "pair_corpus",
    "read_pairs",
    "simple_preprocess",
    "table_corpus",
    "text_corpus",
    "tokenize",
    "weighted_corpus",
]

"""What training reads: text files, lists of words, integer arrays, all checked here. No other code reads text."""

from fastw2v.corpus.blocks import BLOCK_BYTES, Block
from fastw2v.corpus.inputs import Corpus, as_corpus, one_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.line_sentences import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.tables import table_corpus
from fastw2v.corpus.text import TextCorpus, text_corpus
from fastw2v.corpus.tokens import simple_preprocess, tokenize

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
    "as_corpus",
    "one_corpus",
    "simple_preprocess",
    "table_corpus",
    "text_corpus",
    "tokenize",
]

"""What training reads: text files, lists of words, integer arrays, all checked here. No other code reads text."""

from fastw2v.corpus.inputs import Corpus, as_corpus, one_corpus
from fastw2v.corpus.integers import IntegerCorpus
from fastw2v.corpus.sentences import TokenCorpus
from fastw2v.corpus.text import BLOCK_BYTES, Block, TextCorpus, text_corpus

__all__ = [
    "BLOCK_BYTES",
    "Block",
    "Corpus",
    "IntegerCorpus",
    "TextCorpus",
    "TokenCorpus",
    "as_corpus",
    "one_corpus",
    "text_corpus",
]

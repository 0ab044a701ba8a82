r"""gensim.models.word2vec's names: `Word2Vec`, and the sentences of files that scripts pass to it.

``from gensim.models.word2vec import LineSentence`` becomes ``from fastw2v.word2vec import LineSentence``.

Examples
--------
>>> from pathlib import Path
>>> from fastw2v.word2vec import LineSentence, Word2Vec
>>> _ = Path("lines.txt").write_text("to be or not to be\n" * 10)
>>> Word2Vec(LineSentence("lines.txt"), vector_size=16, min_count=20, sample=0).wv.index_to_key
['to', 'be']
"""

from fastw2v.corpus import BrownCorpus, LineSentence, PathLineSentences, Text8Corpus
from fastw2v.model import Word2Vec

__all__ = ["BrownCorpus", "LineSentence", "PathLineSentences", "Text8Corpus", "Word2Vec"]

"""gensim.models.fasttext's names: `FastText`, its vectors, and fastText's .bin files.

``from gensim.models.fasttext import FastText`` becomes ``from fastw2v.fasttext import FastText``.

Examples
--------
>>> from fastw2v.fasttext import FastText, load_facebook_vectors, save_facebook_model
>>> model = FastText([["walking", "walked"]] * 50, vector_size=20, min_count=1, sample=0, bucket=1000)
>>> save_facebook_model(model, "model.bin")
>>> wv = load_facebook_vectors("model.bin")
>>> bool((wv["walks"] == model.wv["walks"]).all())
True
"""

from fastw2v.facebook import load_facebook_model, load_facebook_vectors, save_facebook_model
from fastw2v.fasttext_model import FastText
from fastw2v.keyedvectors import FastTextKeyedVectors

__all__ = [
    "FastText",
    "FastTextKeyedVectors",
    "load_facebook_model",
    "load_facebook_vectors",
    "save_facebook_model",
]

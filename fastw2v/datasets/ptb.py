"""The Penn Treebank, as the book reads it."""

from __future__ import annotations

import os

import numpy as np

from fastw2v.datasets import download
from fastw2v.datasets.folder import data_dir

# The book's source of the Penn Treebank, and the SHA-256 of each split.
_PTB_URL = "https://raw.githubusercontent.com/tomsercu/lstm/master/data/"
_PTB_SPLITS = {"train": "train", "valid": "valid", "val": "valid", "test": "test"}
_PTB_SHA256 = {
    "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
    "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
    "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
}


def load_ptb(data_type: str = "train") -> tuple[np.ndarray, dict[str, int], dict[int, str]]:
    """Return a split of the Penn Treebank as word ids; the book's ``ptb.load_data``.

    A line end is the word "<eos>". Ids follow the order of first occurrence in the split "train". The file
    ``ptb.<split>.txt`` is read from `data_dir`, or from the user's cache folder, into which it is downloaded once. Its
    SHA-256 is checked.

    Parameters
    ----------
    data_type : "train", "valid" (or "val"), or "test"
        929,589, 73,760 or 82,430 tokens; 10,000 different words.

    Returns
    -------
    corpus : int64[n_tokens]
    word_to_id, id_to_word : dict

    Raises
    ------
    ValueError
        There is no such split, or the file has other content than expected.
    OSError
        The file does not exist and cannot be downloaded.

    Examples
    --------
    >>> from fastw2v.datasets import load_ptb
    >>> corpus, word_to_id, id_to_word = load_ptb("test")  # doctest: +SKIP
    >>> len(corpus), len(word_to_id)  # doctest: +SKIP
    (82430, 10000)
    """
    if data_type not in _PTB_SPLITS:
        raise ValueError(f'data_type is {data_type!r}; expected "train", "valid" or "test"')
    train = _ptb_words("train")
    id_to_word = dict(enumerate(dict.fromkeys(train)))
    word_to_id = {word: word_id for word_id, word in id_to_word.items()}
    words = train if data_type == "train" else _ptb_words(_PTB_SPLITS[data_type])
    return np.fromiter(map(word_to_id.__getitem__, words), np.int64, len(words)), word_to_id, id_to_word


def _ptb_words(split: str) -> list[str]:
    name = f"ptb.{split}.txt"
    folder = data_dir() if os.environ.get("FASTW2V_DATA_DIR") else None
    content = download.file_content(name, _PTB_URL + name, _PTB_SHA256[name], folder=folder)
    return content.decode().replace("\n", "<eos>").strip().split()

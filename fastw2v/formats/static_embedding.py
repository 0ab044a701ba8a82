"""A folder of static embeddings: the mean of its words' vectors embeds a text, in sentence-transformers and model2vec.

The files are those of model2vec (https://github.com/MinishLab/model2vec), which sentence-transformers'
StaticEmbedding reads as well.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from os import PathLike
from typing import Any, cast

import numpy as np

from fastw2v.formats.safetensors import write_safetensors
from fastw2v.formats.stored_rows import StoredRows, keys_of, say_keys_become_words, stored
from fastw2v.runtime.arrays import Array, FloatArray
from fastw2v.runtime.files import atomic_write, writable_folder
from fastw2v.vectors.key_table import KeyTable

_MODULES = [{"idx": 0, "name": "0", "path": ".", "type": "sentence_transformers.models.StaticEmbedding"}]


class _WithZeros:
    """Rows, and a row of zeros after them, which is that of unknown words."""

    def __init__(self, rows: FloatArray | StoredRows) -> None:
        self._rows, self.dtype, self.shape = rows, rows.dtype, (len(rows) + 1, rows.shape[1])
        self.nbytes = self.shape[0] * self.shape[1] * self.dtype.itemsize

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: slice) -> Array:
        chunk = self._rows[rows]
        if rows.stop < len(self):
            return chunk
        return np.concatenate([chunk, np.zeros((1, self.shape[1]), self.dtype)])


def write_static_embedding(kv: KeyTable, path: str | PathLike[str], *, dtype: str | None = None) -> None:
    """Write model.safetensors, tokenizer.json and their configuration to a folder, which is made if need be.

    Texts are split at whitespace, and words are looked up as they are: give texts the letter case of the corpus.
    Unknown words have a vector of zeros; model2vec leaves them out.

    Parameters
    ----------
    kv : KeyedVectors
    path : path
        Of the folder; give it to ``SentenceTransformer(path)`` or ``StaticModel.from_pretrained(path)``.
    dtype : "float16" or "float32", optional
        Of the vectors; default: their own.

    Raises
    ------
    ValueError
        A key is empty, or holds whitespace or a lone surrogate: no word of a text would be that key.
    """
    for key in keys_of(kv):
        if isinstance(key, str) and (key.split() != [key] or _has_surrogate(key)):
            flaw = f"{path}: key {key!r} is empty, or holds whitespace or a surrogate, and no word of a text is that"
            raise ValueError(f"{flaw}; leave it out: wv.vectors_for_all(keys), or save as .safetensors")
    folder = writable_folder(path)
    say_keys_become_words(kv, path)
    rows = _WithZeros(stored(kv, dtype))
    write_safetensors(folder / "model.safetensors", {"embeddings": cast(Array, rows)}, {})
    with atomic_write(folder / "tokenizer.json") as draft, open(draft, "wb") as file:
        file.writelines(_tokenizer(kv))
    config = {"model_type": "model2vec", "architectures": ["StaticModel"], "normalize": False}
    config |= {"hidden_dim": rows.shape[1], "embedding_dtype": rows.dtype.name}
    for name, content in (
        ("config.json", config),
        ("modules.json", _MODULES),
        ("config_sentence_transformers.json", {"similarity_fn_name": "cosine"}),
    ):
        with atomic_write(folder / name) as draft:
            draft.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _has_surrogate(key: str) -> bool:
    return not key.isascii() and any("\ud800" <= letter <= "\udfff" for letter in key)


def _tokenizer(kv: KeyTable) -> Iterator[bytes]:
    """Yield the JSON of a tokenizer that splits at whitespace and takes the row of a word as its id."""
    unknown = "[UNK]"
    while unknown in kv.key_to_index:
        unknown = f"[{unknown}]"
    frame: dict[str, Any] = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": []}
    frame |= {"normalizer": None, "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None}
    yield json.dumps(frame)[:-1].encode() + b', "model": {"type": "WordLevel", "vocab": {\n'
    for row, key in enumerate(keys_of(kv)):
        yield f"{json.dumps(str(key), ensure_ascii=False)}: {row},\n".encode()
    yield f'{json.dumps(unknown)}: {len(kv)}}}, "unk_token": {json.dumps(unknown)}}}}}\n'.encode()

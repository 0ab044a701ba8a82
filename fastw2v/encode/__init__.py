"""Corpus to vocabulary and Tokens: the sentences as vocabulary rows, written once to disk and memory-mapped."""

from fastw2v.encode.encoder import Encoding, encode_by_rule, encode_corpus, encode_with, load_encoder
from fastw2v.encode.on_gpu import check_device_of
from fastw2v.encode.tokens import Tokens

__all__ = ["Encoding", "Tokens", "check_device_of", "encode_by_rule", "encode_corpus", "encode_with", "load_encoder"]

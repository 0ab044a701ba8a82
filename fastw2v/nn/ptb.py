"""The book's ``dataset.ptb``: `load_data` is `fastw2v.datasets.load_ptb`."""

from fastw2v.datasets import load_ptb as load_data

__all__ = ["load_data"]

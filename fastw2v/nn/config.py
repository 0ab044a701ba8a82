"""The book's ``common.config``: a script that reads or sets `GPU` runs as it is."""

GPU = False
"""Whether layers and models with ``device="auto"`` are to run on a GPU."""

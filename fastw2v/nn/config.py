"""The book's ``common.config``: a script that reads or sets `GPU` runs as it is."""

GPU = False
"""Whether layers, models and samplers with ``device="auto"`` run on the GPU, if there is one.

Layers that are made of weights run where these lie.
"""

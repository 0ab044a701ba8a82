"""The book's ``common.config``, so that scripts that read or set `GPU` run unchanged."""

GPU = False
"""Whether ``device="auto"`` chooses the GPU, if there is one, for new models and samplers.

A layer made of existing weights runs where the weights are.
"""

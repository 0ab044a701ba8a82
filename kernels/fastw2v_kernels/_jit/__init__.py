"""Numba's compilers for CPU and GPU: the only files with compiler options.

Only `cuda.py` imports CUDA packages.
"""

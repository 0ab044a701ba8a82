"""Numba's compilers for CPU and GPU: the only files with compiler options, and the one door to CUDA's packages."""

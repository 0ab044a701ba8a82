"""Compiled kernels of fastw2v: one folder per operation, each with its readable reference."""

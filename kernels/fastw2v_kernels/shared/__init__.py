"""Functions that several operations use: scalar maths and random numbers, rows of matrices, checks, threads, memory.

The scalar functions are plain Python. `cpu.py` and `cuda.py` compile them for the two devices.
"""

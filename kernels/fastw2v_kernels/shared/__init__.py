"""Scalar maths and random numbers as plain Python: the one source that every device compiles."""

"""Replicas of a model, trained in turn in one process and merged by rules: what several machines would learn."""

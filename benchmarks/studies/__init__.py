"""Measurements of single questions: limits of the CPU trainer, cost of stale rows, scores of the book's runs."""

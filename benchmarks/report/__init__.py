"""Recorded results, and what is made of them: tables, figures, a comparison with the project's goals."""

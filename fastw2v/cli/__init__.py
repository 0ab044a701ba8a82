"""The command line: train, ask, evaluate, convert, profile."""

from fastw2v.cli.commands import app, main

__all__ = ["app", "main"]

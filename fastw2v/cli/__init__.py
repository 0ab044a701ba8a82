"""The command line: demo, train, similar, analogy, eval, convert, profile."""

from fastw2v.cli.commands import app

__all__ = ["app"]

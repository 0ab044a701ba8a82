"""The command line: demo, train, similar, analogy, eval, convert, profile, node2vec."""

from fastw2v.cli.commands import app
from fastw2v.cli.graph import node2vec

app.command()(node2vec)

__all__ = ["app"]

"""Run a script of this folder as it stands, with gensim, or with fastw2v in the place of what it has of gensim's.

``python -m tests.gensim_scripts.run core_tutorial fastw2v`` runs one by hand, in the current folder.
"""

import ast
import sys
from pathlib import Path

FOLDER = Path(__file__).parent
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in ("__init__", "corpus", "run"))

# What a user imports from fastw2v instead. Names that are not in the table stay gensim's.
IMPORTS = {
    ("gensim.models", "Word2Vec"): "fastw2v",
    ("gensim.models", "KeyedVectors"): "fastw2v",
    ("gensim.models.callbacks", "CallbackAny2Vec"): "fastw2v.callbacks",
    ("gensim.models.phrases", "ENGLISH_CONNECTOR_WORDS"): "fastw2v.phrases",
    ("gensim.models.phrases", "Phraser"): "fastw2v.phrases",
    ("gensim.models.phrases", "Phrases"): "fastw2v.phrases",
    ("gensim.models.word2vec", "LineSentence"): "fastw2v.word2vec",
    ("gensim.models.word2vec", "PathLineSentences"): "fastw2v.word2vec",
    ("gensim.similarities.annoy", "AnnoyIndexer"): "fastw2v.vectors.annoy",
}


class ChangeImports(ast.NodeTransformer):
    """Import from fastw2v each name that the table has; nothing else changes."""

    def visit_ImportFrom(self, node):
        modules = [IMPORTS.get((node.module, alias.name), node.module) for alias in node.names]
        imports = [ast.ImportFrom(module, [alias], node.level) for module, alias in zip(modules, node.names)]
        return [ast.copy_location(each, node) for each in imports]


def run(name, library):
    """Run the script `name` in the current folder; return its RESULT. `library` is "gensim" or "fastw2v"."""
    path = FOLDER / f"{name}.py"
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    if library == "fastw2v":
        tree = ChangeImports().visit(tree)
    variables = {"__name__": "__main__", "__file__": str(path)}
    exec(compile(tree, str(path), "exec"), variables)
    return variables["RESULT"]


if __name__ == "__main__":
    for key, value in run(*sys.argv[1:]).items():
        sys.stdout.write(f"{key}: {value}\n")

"""What the structure tests know about the sources: files, functions, sizes and parameters, read without importing."""

import ast
import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("fastw2v", "kernels/fastw2v_kernels", "benchmarks", "tests")
COMPILING = ("jit", "inline_cpu", "inline_cuda", "intrinsic", "overload", "lower_builtin")
FIXED_SIGNATURES = ("fixture", "command", "callback", "hookimpl")  # decorators of pytest and Typer

# gensim's own classes, and functions that its methods pass their arguments to.
GENSIM_CLASSES = {"Word2Vec", "StoredModel", "LossModel", "VocabularyModel", "ModelBase", "Phrases"}
GENSIM_CLASSES |= {"KeyedVectors", "StoredVectors", "Similarities", "Neighbours", "GrowingTable", "KeyTable"}
GENSIM_CLASSES |= {"FastText", "FastTextKeyedVectors"}
GENSIM_CLASSES |= {"Node2Vec"}  # of the node2vec package
GENSIM_FUNCTIONS = {"word_pairs", "analogies", "simple_preprocess", "tokenize", "original_scorer", "npmi_scorer"}
GENSIM_FUNCTIONS |= {"save_facebook_model"}
# Signatures that the command `fastw2v profile` decides, whose options these are, and pytest-benchmark.
OTHERS_FUNCTIONS = {
    "fastw2v/profile/measure.py:profile",
    "tests/benchmarks/test_timing.py:FakeBenchmark.pedantic",
    "tests/phrases/cases.py:share_scorer",  # gensim calls it
}


@dataclass(frozen=True)
class Function:
    """One function: where it is, and the classes and functions around it."""

    path: str
    node: ast.FunctionDef | ast.AsyncFunctionDef
    parents: tuple[ast.AST, ...]

    @property
    def name(self):
        return ".".join([*(parent.name for parent in self.parents), self.node.name])

    @property
    def place(self):
        return f"{self.path}:{self.name}"

    @property
    def decorators(self):
        return [ast.unparse(decorator) for decorator in self.node.decorator_list]

    @cached_property
    def is_kernel(self):
        """Whether Numba compiles it, or it emits code for Numba."""
        own = any(name in decorator for decorator in self.decorators for name in COMPILING)
        return own or any(isinstance(p, ast.FunctionDef) and "_simd/" in self.path for p in self.parents)

    @property
    def n_body_lines(self):
        body = self.node.body[1:] if ast.get_docstring(self.node) is not None else self.node.body
        return body[-1].end_lineno - body[0].lineno + 1 if body else 0

    @property
    def class_name(self):
        return self.parents[-1].name if self.parents and isinstance(self.parents[-1], ast.ClassDef) else None

    def parameters(self):
        """Names of positional and of keyword-only parameters, without self or cls."""
        arguments = self.node.args
        positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
        if self.class_name and positional and positional[0] in ("self", "cls"):
            positional = positional[1:]
        return positional, [a.arg for a in arguments.kwonlyargs]

    @property
    def has_given_signature(self):
        """Whether gensim, the book, Python, pytest, Typer or Numba decide what the parameters are."""
        return (
            self.is_kernel
            or "/_simd/" in self.path
            or self.node.name.startswith("test_")
            or self.node.name == "codegen"
            or (self.node.name.startswith("__") and self.class_name not in GENSIM_CLASSES)
            or self.class_name in GENSIM_CLASSES
            or self.node.name in GENSIM_FUNCTIONS
            or self.place in OTHERS_FUNCTIONS
            or self.path.startswith(("fastw2v/nn/", "tests/nn/book.py", "kernels/fastw2v_kernels/shared/"))
            or any(name in decorator for decorator in self.decorators for name in FIXED_SIGNATURES)
            or "typer.Option" in ast.unparse(self.node.args)
        )

    @property
    def is_operation(self):
        """Whether it is `<op>_<device>`, which takes any number of arguments by keyword."""
        return bool(re.search(r"/(\w+)/(\w+)\.py:\1_\2$", self.place))


def source_files():
    """Paths of all Python sources, relative to the root."""
    return sorted(str(path.relative_to(ROOT)) for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))


@cache  # every rule reads every file
def parse(path):
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


@cache
def functions(path):
    """All functions of a file, nested ones as well."""
    found = []

    def visit(node, parents):
        for child in ast.iter_child_nodes(node):
            named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                found.append(Function(path, child, parents))
            visit(child, (*parents, child) if named else parents)

    visit(parse(path), ())
    return found


def defined_names(path):
    """Everything that a file gives a name to or uses by name: functions, classes, arguments, variables, attributes."""
    for node in ast.walk(parse(path)):
        for field in ("name", "arg", "id", "attr", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield name

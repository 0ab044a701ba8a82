"""The examples in docstrings run, and show what they say."""

import doctest
import importlib
import pkgutil

import pytest

import fastw2v
import fastw2v_kernels

EXTRAS = ("pyarrow",)


def module_names():
    for package in (fastw2v, fastw2v_kernels):
        found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        yield from (module.name for module in found if not module.name.endswith("__main__"))


def examples():
    """Every docstring with an example: a class and each of its methods count by themselves."""
    for name in module_names():
        for test in doctest.DocTestFinder().find(importlib.import_module(name), name):
            if test.examples:
                yield pytest.param(test, id=test.name)


@pytest.mark.parametrize("example", list(examples()))
def test_an_example_shows_what_it_says(example, tmp_path, monkeypatch, caplog):
    for module in EXTRAS:
        if f"import {module}" in example.docstring:
            pytest.importorskip(module)
    monkeypatch.chdir(tmp_path)  # examples may write files
    result = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(example)
    assert (result.attempted > 0, result.failed) == (True, 0), "pytest shows the output above"
    assert "pass sample=0" not in caplog.text, "subsampling leaves little of this example"

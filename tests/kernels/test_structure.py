"""The house rules that reflection can check: registration, signatures, imports, docstrings (sizes: test_structure)."""

import ast
import importlib
import json
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader

import pytest

from fastw2v_kernels.ops import OPS
from tests.kernels.harness import KERNELS, PACKAGE, run_python

ROOT = KERNELS.parents[1]
DEVICES = ("cpu", "cuda")
COMPILER_FOLDERS = ("_jit", "_simd")
KERNEL_FILES = sorted(KERNELS.rglob("*.py"))
PACKAGE_FILES = sorted(PACKAGE.rglob("*.py"))
COMPILERS = ["numba", "llvmlite", "numba.cuda", "numba_cuda", "cupy"]

each_op = pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)


def short(path):
    return str(path.relative_to(PACKAGE.parent if path.is_relative_to(PACKAGE) else KERNELS.parent))


@cache
def parse(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def functions(path):
    return [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def imported_packages(path):
    names = set()
    for node in ast.walk(parse(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def parameters(op, device):
    """Names, kinds and defaults of `<op>_<device>`, read off the source, so that no device is needed.

    Left out are options of a launch, which say how and not what: keywords with a default.
    """
    path = KERNELS / op.name / f"{device}.py"
    arguments = [node.args for node in functions(path) if node.name == f"{op.name}_{device}"]
    assert len(arguments) == 1, f"{short(path)} defines {op.name}_{device} {len(arguments)} times"
    named = arguments[0].kwonlyargs, arguments[0].kw_defaults
    arguments[0].kwonlyargs = [argument for argument, default in zip(*named) if default is None]
    arguments[0].kw_defaults = [None] * len(arguments[0].kwonlyargs)
    for argument in ast.walk(arguments[0]):
        if isinstance(argument, ast.arg):
            argument.annotation = None
    return ast.unparse(arguments[0])


def optional_parameters(op, device):
    """Names and defaults of the keywords that a call may leave out."""
    (function,) = (f for f in functions(KERNELS / op.name / f"{device}.py") if f.name == f"{op.name}_{device}")
    named = zip(function.args.kwonlyargs, function.args.kw_defaults)
    return {(argument.arg, ast.unparse(default)) for argument, default in named if default is not None}


def test_every_folder_is_an_operation_and_every_operation_a_folder():
    folders = {path.parent.name for path in KERNELS.glob("*/*.py")} - {"shared", *COMPILER_FOLDERS}
    assert sorted(op.name for op in OPS) == sorted(folders), "a folder is missing from OPS, or is listed twice"


@each_op
def test_an_operation_is_registered_by_its_own_folder(op):
    assert importlib.import_module(f"fastw2v_kernels.{op.name}").OP is op


@each_op
def test_an_operation_lists_the_devices_it_has_files_for(op):
    assert (KERNELS / op.name / "reference.py").exists()
    assert sorted(op.devices) == [device for device in DEVICES if (KERNELS / op.name / f"{device}.py").exists()]


@pytest.mark.parametrize(("op", "device"), [pytest.param(op, d, id=f"{op.name}-{d}") for op in OPS for d in op.devices])
def test_a_device_has_the_signature_of_the_reference(op, device):
    assert parameters(op, device) == parameters(op, "reference")


@pytest.mark.parametrize(("op", "device"), [pytest.param(op, d, id=f"{op.name}-{d}") for op in OPS for d in op.devices])
def test_a_device_has_the_optional_parameters_of_the_reference(op, device):
    assert optional_parameters(op, "reference") <= optional_parameters(op, device)


@each_op
def test_the_reference_documents_its_parameters(op):
    (node,) = (node for node in functions(KERNELS / op.name / "reference.py") if node.name == f"{op.name}_reference")
    assert "Parameters\n----------\n" in (ast.get_docstring(node) or "")


def test_only_the_compiler_files_import_a_compiler():
    files = [path for path in KERNEL_FILES + PACKAGE_FILES if path.parent.name not in COMPILER_FOLDERS]
    assert [short(path) for path in files if imported_packages(path) & set(COMPILERS)] == []


def test_kernels_do_not_know_the_package():
    assert [short(path) for path in KERNEL_FILES if "fastw2v" in imported_packages(path)] == []


def test_nothing_is_compiled_in_the_package():
    found = [
        f"{short(path)}: @{ast.unparse(decorator)}"
        for path in PACKAGE_FILES
        for node in functions(path)
        for decorator in node.decorator_list
        if "jit" in ast.unparse(decorator) or ast.unparse(decorator) == "inline_cpu"
    ]
    assert found == []


REPORT_MODULES = "import json, sys; print(json.dumps([name for name in sys.argv[1:] if name in sys.modules]))"


@pytest.mark.parametrize("module", ["fastw2v", "fastw2v.cli"])
def test_an_import_brings_no_compiler(module):
    assert json.loads(run_python(f"import {module}; {REPORT_MODULES}", *COMPILERS)) == []


TRAIN = 'import fastw2v; fastw2v.Word2Vec([["a", "b", "c"]] * 9, min_count=1, vector_size=16, sg=1, compute_loss=True)'


def test_training_on_the_cpu_brings_no_cuda():
    assert json.loads(run_python(f"{TRAIN}; {REPORT_MODULES}", *COMPILERS)) == ["numba", "llvmlite"]


MAX_POSITIONAL = 8
LAUNCHERS = {"launch_elements"}  # hands on its arguments to a CUDA kernel, which takes no keywords


def test_no_call_counts_more_than_8_positions():
    """Beyond 8 arguments nobody sees that two arrays of one type have changed places."""
    found = [
        f"{short(path)}:{call.lineno}"
        for path in KERNEL_FILES + PACKAGE_FILES
        for call in ast.walk(parse(path))
        if isinstance(call, ast.Call) and len(call.args) > MAX_POSITIONAL and ast.unparse(call.func) not in LAUNCHERS
    ]
    assert [place for place in found if not place.startswith("fastw2v_kernels/_")] == []


def test_no_kernel_has_more_than_8_parameters():
    """Their launchers pass arguments by position, and partly by `*args`, which the test above does not see."""
    found = {
        f"{short(path)}:{function.name}": len(function.args.args)
        for path in KERNEL_FILES
        for function in functions(path)
        if {"jit_cpu", "jit_cuda"} & {ast.unparse(decorator) for decorator in function.decorator_list}
    }
    assert {name: n for name, n in found.items() if n > MAX_POSITIONAL} == {}


def test_what_python_calls_compiled_is_an_operation():
    """Each `@jit_cpu` function is the kernel of an operation in OPS: it has a reference and a parity test."""
    found = {
        (path.parent.name, function.name)
        for path in KERNEL_FILES
        for function in functions(path)
        if "jit_cpu" in {ast.unparse(decorator) for decorator in function.decorator_list}
    }
    # _scan is a kernel's rare way out, compiled by itself because inlining it would slow the usual way.
    assert found - {("unigram_sampler", "_scan")} == {
        (op.name, f"_{op.name}_cpu_kernel") for op in OPS if "cpu" in op.devices
    }


def planted_faults():
    loader = SourceFileLoader("planted_faults", str(ROOT / ".ci" / "planted-faults"))
    module = module_from_spec(spec_from_loader(loader.name, loader))
    loader.exec_module(module)
    return module.FAULTS


@pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="a source distribution has no .ci")
def test_each_planted_fault_has_one_place():
    """`.ci/planted-faults` shows that tests notice them; where code has moved, it says so only when it runs."""
    counts = {fault.name: (ROOT / fault.file).read_text(encoding="utf-8").count(fault.old)
              for fault in planted_faults() if fault.old}  # fmt: skip
    assert {name: n for name, n in counts.items() if n != 1} == {}
    assert [fault.name for fault in planted_faults() if not (ROOT / fault.tests[0]).exists()] == []

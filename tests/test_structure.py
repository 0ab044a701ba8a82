"""The rules on size, signatures and names, for both packages, the benchmarks and the tests."""

import importlib
import inspect
import re
import statistics

import pytest

from tests.structure import FOLDERS, ROOT, defined_names, functions, source_files

N_FILE_LINES = 400
N_KERNEL_LINES, N_HOST_LINES, N_MEDIAN_LINES = 60, 40, 10
N_PARAMETERS, N_POSITIONAL = 8, 3
FILES = source_files()
PUBLIC_MODULES = ["fastw2v", "fastw2v.callbacks", "fastw2v.corpus", "fastw2v.datasets", "fastw2v.distributed"]
PUBLIC_MODULES += ["fastw2v.encode", "fastw2v.evaluation", "fastw2v.fasttext", "fastw2v.formats", "fastw2v.graph"]
PUBLIC_MODULES += ["fastw2v.nn", "fastw2v.phrases"]
PUBLIC_MODULES += ["fastw2v.profile", "fastw2v.report", "fastw2v.word2vec"]
OPEN_SIGNATURE = "add_lifecycle_event"  # gensim's, whose caller chooses the names

# Words that an earlier version used for ideas that the field has a name for.
DIALECT = {
    "adopted": "as_cupy, or what the value is",
    "afterwards": "cleanup",
    "announced": "log_compilation",
    "crew": "workers",
    "entering": "prefetch_row_id",
    "hide": "hidden_vector",
    "judge": "error_coefficients",
    "kept_by_thread": "a cache per thread",
    "knob": "option",
    "member": "worker, or thread",
    "spool": "temporary blocks",
    "take_turns": "run_workers",
}


each_folder = pytest.mark.parametrize("folder", FOLDERS)


def functions_of(folder):
    return [function for path in FILES if path.startswith(f"{folder}/") for function in functions(path)]


def assert_none(found):
    found = sorted(found)
    assert not found, f"{len(found)} break the rule:\n" + "\n".join(found)


@each_folder
def test_files_are_short(folder):
    files = [path for path in FILES if path.startswith(f"{folder}/")]
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in files}
    assert_none(f"{path}: {n} lines" for path, n in lengths.items() if n > N_FILE_LINES)


@each_folder
def test_functions_are_short(folder):
    limits = {True: N_KERNEL_LINES, False: N_HOST_LINES}
    found = functions_of(folder)
    assert_none(f"{f.place}: {f.n_body_lines} lines" for f in found if f.n_body_lines > limits[f.is_kernel])


@each_folder
def test_half_of_the_functions_are_very_short(folder):
    assert statistics.median(f.n_body_lines for f in functions_of(folder)) <= N_MEDIAN_LINES


@each_folder
def test_functions_have_few_parameters_and_the_fourth_has_to_be_named(folder):
    found = []
    for function in functions_of(folder):
        positional, keyword_only = map(len, function.parameters())
        is_long = positional + keyword_only > N_PARAMETERS and not function.is_operation
        if not function.has_given_signature and (is_long or positional > N_POSITIONAL):
            found.append(f"{function.place}: {positional} positional, {keyword_only} by keyword")
    assert_none(found)


def public_callables():
    """(name, function) of all that users call: functions, constructors and methods that the packages export."""
    for module in map(importlib.import_module, PUBLIC_MODULES):
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isfunction(thing):
                yield f"{module.__name__}.{name}", thing
            elif inspect.isclass(thing):
                if thing.__init__ is not object.__init__ and "__init__" in vars(thing):
                    yield f"{module.__name__}.{name}", thing
                for method, function in inspect.getmembers(thing, callable):
                    if not method.startswith("_") and not _is_inherited(thing, method):
                        yield f"{module.__name__}.{name}.{method}", function


def _is_inherited(cls, method):
    """Whether a method comes from a class of another project, such as NumPy's."""
    owner = next(c for c in cls.__mro__ if method in vars(c))
    return not owner.__module__.startswith("fastw2v")


@pytest.mark.parametrize(("name", "function"), [pytest.param(*pair, id=pair[0]) for pair in public_callables()])
def test_a_public_signature_shows_every_name(name, function):
    if name.endswith(f".{OPEN_SIGNATURE}"):
        return
    hidden = [str(p) for p in inspect.signature(function).parameters.values() if p.kind is p.VAR_KEYWORD]
    assert hidden == [], f"{name} hides the names of its arguments from help() and editors"


@each_folder
def test_names_are_the_fields(folder):
    words = re.compile(rf"(?:^|_)({'|'.join(DIALECT)})s?(?:_|$)", re.IGNORECASE)
    names = ((path, name) for path in FILES if path.startswith(f"{folder}/") for name in defined_names(path))
    found = {f"{path}: {name} (say {DIALECT[word[1].lower()]})" for path, name in names if (word := words.search(name))}
    assert_none(found)

"""The table of fastw2v/README.md that says what of gensim's modules for word2vec is here.

Usage: python -m tests.gensim_table
It writes the table, and with gensim installed first records gensim's public names in tests/gensim-4.json.
"""

import importlib
import importlib.util
import inspect
import json
import re
import sys
import textwrap
from pathlib import Path

import fastw2v
from tests.gensim_differences import ABSENT, DIFFERENT

README = Path(fastw2v.__file__).parent / "README.md"
RECORD = Path(__file__).with_name("gensim-4.json")
MARKED = re.compile(r"(<!-- begin: gensim-names -->\n).*?(<!-- end: gensim-names -->)", re.DOTALL)
SENTENCES = [["a", "b", "c"]] * 20
MODULES = ("word2vec", "keyedvectors", "phrases", "callbacks")  # of gensim.models
# Where the names of these modules are here; what is in none of them is absent.
PLACES = ("fastw2v", "fastw2v.word2vec", "fastw2v.phrases", "fastw2v.callbacks")


def public_names(cls, instance):
    """Names of methods with parameters and defaults; None for an attribute. Names of gensim 3 are left out."""
    names = {}
    for name in ["__init__", *sorted({*dir(cls), *vars(instance)})]:
        is_public = name == "__init__" or not name.startswith("_")
        if is_public and hasattr(instance, name):
            attribute = getattr(cls, name, None)
            names[name] = parameters(attribute) if callable(attribute) else None
    return names


def parameters(function):
    """{name: default} of a function, without self and what ``*args`` and ``**kwargs`` take."""
    all_of_it = inspect.signature(function).parameters.values()
    listed = [p for p in all_of_it if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return {p.name: None if p.default is p.empty else repr(p.default) for p in listed}


def instance_of(word2vec, kind):
    """An object whose attributes count too: a model, its vectors, phrases; for other classes, the class itself."""
    if kind.__name__ in ("Word2Vec", "KeyedVectors"):
        model = word2vec(SENTENCES, vector_size=8, min_count=1, workers=1)
        return model if kind is word2vec else model.wv
    return kind(SENTENCES) if kind.__name__ == "Phrases" else kind


def names_of(word2vec, things):
    """{name: methods} of classes, {name: parameters} of functions, {name: None} of constants."""
    found = {}
    for name, thing in things.items():
        if inspect.isclass(thing):
            found[name] = {"methods": public_names(thing, instance_of(word2vec, thing))}
        else:
            found[name] = {"parameters": parameters(thing)} if callable(thing) else {}
    return found


def gensim_names():
    """The public names of gensim's modules, less the names by which gensim tells of its version 3."""
    from gensim.models import Word2Vec

    return {module: names_of(Word2Vec, own_things(f"gensim.models.{module}")) for module in MODULES}


def own_things(module):
    """Classes, functions and constants that a module of gensim defines; a class once, not by its other names."""
    things, seen = {}, set()
    for name, thing in vars(importlib.import_module(module)).items():
        is_own = getattr(thing, "__module__", None) == module or (name.isupper() and not inspect.isclass(thing))
        if not name.startswith("_") and not inspect.ismodule(thing) and is_own and id(thing) not in seen:
            things[name] = thing
            seen.add(id(thing))
    return things


def our_names():
    """The same names here, as far as they exist."""
    places = [importlib.import_module(place) for place in PLACES if importlib.util.find_spec(place)]
    found = {}
    for module, names in recorded_names().items():
        things = {n: getattr(place, n) for n in names for place in reversed(places) if hasattr(place, n)}
        found[module] = names_of(fastw2v.Word2Vec, {n: things[n] for n in names if n in things})
    return found


def recorded_names():
    return json.loads(RECORD.read_text(encoding="utf-8"))


def differences(theirs, ours):
    """What a call written for gensim meets here, as texts; nothing where it means the same."""
    if theirs is None or ours is None:
        return []
    missing = [f"no parameter {name}" for name in theirs if name not in ours]
    defaults = [f"default of {n}: {ours[n]}, not {theirs[n]}" for n in theirs if n in ours and ours[n] != theirs[n]]
    shared = [name for name in theirs if name in ours]
    reordered = [] if list(ours)[: len(shared)] == shared else ["another order of parameters"]
    return missing + defaults + reordered


def compared():
    """(path of the name, what differs or None where it is absent), for every name of gensim, in its order."""
    theirs, ours = recorded_names(), our_names()
    for module, names in theirs.items():
        for name, entry in names.items():
            here = ours[module].get(name)
            if here is None:
                yield name, None
                continue
            yield name, differences(entry.get("parameters"), here.get("parameters"))
            for method, parameters_there in entry.get("methods", {}).items():
                path = f"{name}.{method}"
                methods = here.get("methods", {})
                yield path, differences(parameters_there, methods[method]) if method in methods else None


def table():
    """The lines between the marks."""
    found = dict(compared())
    lines, classes = [], dict.fromkeys(path.partition(".")[0] for path in found)
    for kind in classes:
        paths = [path for path in found if path.partition(".")[0] == kind]
        if found[kind] is None:
            continue
        same = [path.partition(".")[2] for path in paths if found[path] is not None and path not in DIFFERENT]
        same = sorted(name for name in same if name)
        different = [path for path in DIFFERENT if path.partition(".")[0] == kind]
        absent = sorted(path for path in paths if found[path] is None)
        names = listed(same) or "the constructor, and that it can be iterated"
        lines += [f"#### {kind}", "", *wrapped(f"**Same**: {names}."), ""]
        if different:
            lines += ["| different | in fastw2v |", "|---|---|"]
            lines += [f"| {shown(path)} | {DIFFERENT[path]} |" for path in different] + [""]
        if absent:
            lines += ["| absent | why, and what instead |", "|---|---|"]
            lines += [f"| `{path.partition('.')[2]}` | {ABSENT[path]} |" for path in absent] + [""]
    lines += ["#### Absent from these modules", "", "| name | why, and what instead |", "|---|---|"]
    lines += [f"| `{kind}` | {ABSENT[kind]} |" for kind in classes if found[kind] is None] + [""]
    return "\n".join(lines)


def shown(path):
    kind, _, name = path.partition(".")
    return f"`{kind}(...)`" if name in ("", "__init__") else f"`{name}`"


def listed(names):
    return ", ".join(f"`{name}`" for name in names if name != "__init__")


def wrapped(text):
    return textwrap.wrap(text, 118, break_long_words=False, break_on_hyphens=False)


def with_table(text):
    if not MARKED.search(text):
        sys.exit(f"{README} has no place for the table: <!-- begin: gensim-names --> and <!-- end: gensim-names -->")
    return MARKED.sub(lambda mark: mark[1] + table() + mark[2], text)


def main():
    if importlib.util.find_spec("gensim"):
        RECORD.write_text(json.dumps(gensim_names(), indent=1) + "\n", encoding="utf-8")
    README.write_text(with_table(README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()

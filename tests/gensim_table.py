"""The table of fastw2v/README.md that says what of gensim's Word2Vec and KeyedVectors is here.

Usage: python -m tests.gensim_table
It writes the table, and with gensim installed first records gensim's public names in tests/gensim-4.json.
"""

import importlib.util
import inspect
import json
import re
import sys
import textwrap
from pathlib import Path

import fastw2v

README = Path(fastw2v.__file__).parent / "README.md"
RECORD = Path(__file__).with_name("gensim-4.json")
MARKED = re.compile(r"(<!-- begin: gensim-names -->\n).*?(<!-- end: gensim-names -->)", re.DOTALL)
SENTENCES = [["a", "b", "c"]] * 20
CLASSES = ("Word2Vec", "KeyedVectors")

# What differs, and how, for names that both have. Each difference that a comparison of signatures finds needs a reason.
DIFFERENT = {
    "Word2Vec": {
        "__init__": "`workers`: all cores, not 3. `hs=1` raises ValueError. New, by keyword: `negative_sharing`, "
        "`cbow_gradient`, `device`, `progress`. `seed=None` draws a seed",
        "alpha": "as every option: checked when it is set, and fixed while the model is trained",
        "build_vocab": "`update=True`: subsampling and negatives use the summed counts, not those of the new corpus; "
        "`wv` is a new object. `max_vocab_size` forgets rare words without asking `trim_rule`",
        "corpus_count": "sentences with a word of the vocabulary; after `scan_vocab` or growth, those with a word",
        "create_binary_tree": "raises RuntimeError, as there is no hierarchical softmax yet",
        "cum_table": "made when it is asked for; training has tables of its own",
        "estimate_memory": "the true sizes of the arrays, with padded rows and no Python objects",
        "get_latest_training_loss": "the sum over the last `train`, and RuntimeError without `compute_loss=True`",
        "hs": "always 0; to set 1 raises ValueError",
        "init_weights": "draws all weights anew; `wv` is then a new object",
        "load": "reads what fastw2v's `save` wrote; options replace those saved: `load(path, workers=8)`",
        "min_alpha_yet_reached": "the rate at the end of the last training",
        "prepare_vocab": "makes the untrained weights too",
        "raw_vocab": "made when it is asked for; {} where gensim has None",
        "reset_from": "takes the words and counts; each model has its own vectors, and may grow",
        "running_training_loss": "0.0 when a training begins; grows by the loss of an epoch before `on_epoch_end`",
        "save": "one safetensors file, whatever the ending; `ignore` raises ValueError unless it is empty",
        "scan_vocab": "`trim_rule` has no effect here, but in `prepare_vocab`; sentences without a word do not count",
        "score": "raises RuntimeError, as there is no hierarchical softmax yet",
        "seeded_vector": "the vector that `seed` and the word give here",
        "syn1neg": "a read-only view",
        "train": "`compute_loss` and `callbacks` are those of the model unless given; `total_examples` and "
        "`total_words` are not needed. `word_count` other than 0 raises ValueError. It does not change the options of "
        "the model. Ctrl-C ends the training and keeps the vectors so far",
        "update_weights": "nothing is left to do: growth makes all weights",
        "workers": "None unless given",
        "wv": "cannot be replaced: write rows, `model.wv.vectors = matrix`",
    },
    "KeyedVectors": {
        "__init__": "`KeyedVectors(keys, vectors)`, not an empty table of a size",
        "evaluate_word_analogies": "without `similarity_function`",
        "save": "the ending names the format: .bin, .txt, .vec or .safetensors",
        "load": "reads word2vec text and binary, safetensors and the book's pickle by content; not gensim's pickle",
        "load_word2vec_format": "without `fvocab`, `encoding`, `unicode_errors`, `datatype` and `no_header`; float32",
        "save_word2vec_format": "without `fvocab`, `total_vec`, `write_header`, `prefix`, `append` and `sort_attr`",
        "vectors": "a read-only view: write `wv[key] = vector`, or `wv.vectors = matrix`",
        "most_similar": "without `indexer`; `most_similar_batch` answers many keys at once on all cores",
    },
}
INSTEAD = {
    "add_vector": "make a new `KeyedVectors(keys, vectors)`",
    "add_vectors": "make a new `KeyedVectors(keys, vectors)`",
    "intersect_word2vec_format": "write the rows: `wv[key] = vector` or `wv.vectors = matrix`",
    "most_similar_cosmul": "`most_similar`",
    "set_vecattr": 'your own array; counts are in `get_vecattr(key, "count")`',
    "similarity_unseen_docs": "average vectors with `get_mean_vector`",
    "vectors_lockf": "not possible: all rows are trained",
    "wmdistance": "export with `save_word2vec_format`, and use gensim",
}


def public_names(cls, instance):
    """Names of methods with their parameters and defaults; None for an attribute."""
    names = {}
    for name in ["__init__", *sorted({*dir(cls), *vars(instance)})]:
        if name == "__init__" or not name.startswith("_"):
            attribute = getattr(cls, name, None)
            names[name] = parameters(attribute) if callable(attribute) else None
    return names


def parameters(function):
    """{name: default} of a function, without self and what ``*args`` and ``**kwargs`` take."""
    all_of_it = inspect.signature(function).parameters.values()
    listed = [p for p in all_of_it if p.name != "self" and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)]
    return {p.name: None if p.default is p.empty else repr(p.default) for p in listed}


def names_of(word2vec):
    """The public names of a package's two classes."""
    model = word2vec(SENTENCES, vector_size=8, min_count=1, workers=1)
    return {kind: public_names(type(thing), thing) for kind, thing in zip(CLASSES, (model, model.wv))}


def gensim_names():
    """The same of gensim's classes, less the names by which gensim tells of its version 3."""
    from gensim.models import Word2Vec

    found = names_of(Word2Vec)
    gone = ("index2entity", "index2word", "vectors_norm", "vocab")
    return {kind: {n: p for n, p in names.items() if n not in gone} for kind, names in found.items()}


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


def table():
    """The lines between the marks."""
    lines = []
    ours = names_of(fastw2v.Word2Vec)
    for kind, theirs in recorded_names().items():
        absent = sorted(name for name in theirs if name not in ours[kind])
        same = sorted(name for name in theirs if name in ours[kind] and name not in DIFFERENT[kind])
        lines += [f"#### {kind}", "", *wrapped(f"**Same**: {listed(same)}."), ""]
        lines += ["| different | in fastw2v |", "|---|---|"]
        lines += [f"| {shown(kind, name)} | {how} |" for name, how in DIFFERENT[kind].items()]
        lines.append("")
        if absent:
            lines += ["| absent | instead |", "|---|---|"]
            lines += [f"| `{name}` | {INSTEAD[name]} |" for name in absent if name in INSTEAD]
            lines += ["", *wrapped(f"Absent as well: {listed([name for name in absent if name not in INSTEAD])}."), ""]
    return "\n".join(lines)


def shown(kind, name):
    return f"`{kind}(...)`" if name == "__init__" else f"`{name}`"


def listed(names):
    return ", ".join(f"`{name}`" for name in names)


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

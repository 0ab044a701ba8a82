"""Score FastText vectors of words that the training never saw, by fastw2v, gensim and fastText's own program.

    python -m benchmarks.studies.unseen --tools fastw2v gensim fasttext --seeds 1 2 3

The words of SimLex-999 are taken out of the film reviews, so their vectors are made of n-grams alone. Each training
runs in a process of its own. Each tool gives the vectors of the same words, and the same code scores them. A training
adds a line to results/unseen.jsonl. FASTW2V_DATA_DIR names the folder with the reviews, SimLex-999 and WordSim-353.
--quick takes a small text and few dimensions; its lines need --results FOLDER.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Collection, Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from benchmarks import corpora
from benchmarks.pairs import ONE_BLAS_THREAD
from benchmarks.peers import OPTIONS, SCORES, SUBWORDS, fasttext_options
from benchmarks.report import results
from benchmarks.timing import run_child
from fastw2v import KeyedVectors, evaluation
from fastw2v.datasets import data_dir
from fastw2v.evaluation.files import read_pairs

SUITE, PROGRAM = "unseen", "benchmarks.studies.unseen"
HELD_OUT, OTHER = "simlex", "ws353"
EPOCHS = 5
MODELS = {"skip-gram": 1, "CBOW": 0}
CURES = {"fastw2v": ".", "gensim": "'.[bench]'", "fasttext": "fasttext-wheel"}
_QUICK = {"vector_size": 16, "bucket": 2000, "epochs": 1, "min_count": 1}

Trained = tuple[Callable[[str], Any], Collection[str]]  # what gives the vector of a word, and the vocabulary


def words_of(name: str) -> list[str]:
    """Return the different words of the pairs of a score, in lower case as the film reviews are."""
    pairs = read_pairs(data_dir() / SCORES[name], "\t", "utf8")
    return list(dict.fromkeys(word.lower() for a, b, _ in pairs for word in (a, b)))


def without(words: Iterable[str], lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield lines without the tokens that are one of the words, in upper or lower case."""
    removed = frozenset(word.encode() for word in words)
    for line in lines:
        yield b" ".join(token for token in line.split() if token.lower() not in removed)


def write_text(path: Path, *, parts: int, quick: bool) -> results.Row:
    """Write the first of so many parts of the film reviews without the words held out; return how many there were."""
    words = words_of(HELD_OUT)
    corpora.reviews(path, quick=quick)
    lines = path.read_bytes().splitlines()
    lines = lines[: len(lines) // parts]
    remaining = list(without(words, lines))
    path.write_bytes(b"\n".join(remaining) + b"\n")
    n_tokens, n_remaining = (sum(len(line.split()) for line in of) for of in (lines, remaining))
    return {"held_out_words": len(words), "held_out_tokens": n_tokens - n_remaining, "tokens": n_remaining}


def train_fastw2v(text: str, options: dict[str, Any]) -> Trained:
    """Train fastw2v's FastText."""
    from fastw2v import FastText

    model = FastText(corpus_file=text, **options)
    return model.wv.__getitem__, model.wv.index_to_key


def train_gensim(text: str, options: dict[str, Any]) -> Trained:
    """Train gensim's FastText."""
    from gensim.models import FastText

    model = FastText(corpus_file=text, **options)
    return model.wv.__getitem__, model.wv.index_to_key


def train_fasttext(text: str, options: dict[str, Any]) -> Trained:
    """Train fastText's own program, as its package for Python.

    `train_unsupervised` refuses a seed, but takes the one in its table of defaults.
    """
    from fasttext import FastText  # type: ignore[import-not-found]

    FastText.unsupervised_default["seed"] = options["seed"]
    model = FastText.train_unsupervised(text, **fasttext_options(options))
    return model.get_word_vector, model.get_words()


TOOLS = {"fastw2v": train_fastw2v, "gensim": train_gensim, "fasttext": train_fasttext}


def trained_and_scored(tool: str, text: str, options: dict[str, Any]) -> results.Row:
    """Train once in this process and return the scores.

    Raises
    ------
    ValueError
        Words that were held out are in the vocabulary.
    """
    vector_of, vocabulary = TOOLS[tool](text, options)
    known = set(vocabulary)
    seen = sorted(known.intersection(words_of(HELD_OUT)))
    if seen:
        raise ValueError(f"{tool} has seen {len(seen)} words that were held out, such as {seen[0]!r}; expected none")
    return {"n_vocab": len(known)} | scores(vector_of, known)


def scores(vector_of: Callable[[str], Any], known: set[str]) -> results.Row:
    """Return Spearman correlations with human judgements, and of how many pairs.

    WordSim-353 is also scored by the pairs alone of which both words were seen.
    """
    found: results.Row = {}
    for name, title, is_scored in (
        (HELD_OUT, HELD_OUT, lambda word: True),
        (OTHER, OTHER, lambda word: True),
        (OTHER, f"{OTHER}_seen", known.__contains__),
    ):
        words = list(filter(is_scored, words_of(name)))
        vectors = KeyedVectors(words, np.array([vector_of(word) for word in words], np.float32))
        result = evaluation.word_pairs(vectors, data_dir() / SCORES[name])
        found |= {title: results.digits(result.spearman.statistic), f"{title}_pairs": result.n_used}
    return found


def rows(chosen: argparse.Namespace) -> Iterator[results.Row]:
    """Yield the line of each training."""
    options = OPTIONS | SUBWORDS | {"epochs": EPOCHS, "workers": 1} | (_QUICK if chosen.quick else {})
    with TemporaryDirectory() as folder:
        text = Path(folder, "text")
        counts = write_text(text, parts=chosen.parts, quick=chosen.quick)
        for tool in chosen.tools:
            for model in chosen.models:
                for seed in chosen.seeds:
                    asked = options | {"sg": MODELS[model], "seed": seed}
                    request = json.dumps({"tool": tool, "text": str(text), "options": asked})
                    printed = run_child("-m", PROGRAM, "--request", request, **ONE_BLAS_THREAD)
                    named = {"tool": tool, "sg": MODELS[model], "seed": seed, "parts": chosen.parts, **counts}
                    yield named | json.loads(printed.splitlines()[-1])


def parsed(arguments: list[str]) -> argparse.Namespace:
    """Return the arguments of the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tools", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--parts", type=int, default=2, help="of the text; the first is trained on; default: 2")
    parser.add_argument("--quick", action="store_true", help="a small text, to try the program; record it elsewhere")
    parser.add_argument("--results", type=Path, help="folder of the recorded lines; default: benchmarks/results")
    parser.add_argument("--request", type=json.loads, help=argparse.SUPPRESS)  # one training, in this process
    chosen = parser.parse_args(arguments)
    if chosen.quick and chosen.results is None:
        parser.error("--quick needs --results FOLDER: its lines are not for benchmarks/results")
    for tool in chosen.tools:
        if chosen.request is None and find_spec(tool) is None:
            parser.error(f"{tool} is not installed: pip install {CURES[tool]}, or name other --tools")
    return chosen


def main(arguments: list[str] | None = None) -> None:
    """Train by each tool, and record the scores; or train once, for such a call."""
    chosen = parsed(sys.argv[1:] if arguments is None else arguments)
    if chosen.request is not None:
        print(json.dumps(trained_and_scored(**chosen.request)))
        return
    for row in rows(chosen):
        results.append(SUITE, row | results.here(), chosen.results or results.FOLDER)
        print(row, flush=True)


if __name__ == "__main__":
    try:
        main()
    except FileNotFoundError as error:
        sys.exit(str(error))

import re

import pytest

HEAVY = ["numba", "llvmlite", "cupy", "tqdm", "typer", "rich", "safetensors", "scipy", "numpy"]
TRAIN = """
import logging, sys
logging.basicConfig(level=logging.INFO, format="%(message)s")
import fastw2v
from fastw2v_kernels._jit.cpu import n_compiled
model = fastw2v.Word2Vec(corpus_file=sys.argv[1], sg=1, vector_size=16, compute_loss=True, min_count=2, epochs=1)
model.train(corpus_file=sys.argv[1], epochs=1)
print(n_compiled(), len(model.wv))
"""
WARM_UP = """
import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
import fastw2v
from fastw2v_kernels._jit.cpu import n_compiled
seconds = fastw2v.warmup(sg=1, compute_loss=True, vector_size=16)
print(n_compiled(), seconds > 0)
"""
NEXT = """
import fastw2v
from fastw2v_kernels._jit import cpu
options = {"sg": 1, "compute_loss": True, "vector_size": 16}
n_loaded = lambda: sum(len(kernel.overloads) for kernel in cpu._kernels)
fastw2v.warmup(**options)
n_loaded_ahead = n_loaded()
fastw2v.Word2Vec([["a", "b", "c"]] * 9, min_count=1, sample=0, **options)
print(n_loaded_ahead > 0, n_loaded() - n_loaded_ahead)
"""
MERGE = """
import numpy as np
from fastw2v.encode.merge import MergedTables
from fastw2v.corpus import TextCorpus
from fastw2v.warm import load_encoder
from fastw2v_kernels._jit.cpu import n_compiled
from fastw2v.encode.word_table import WordTable
load_encoder(TextCorpus((b"a",)))
n_compiled_ahead = n_compiled()
tables = [WordTable(), WordTable()]
for table in tables:  # as two threads leave them that had a block each
    table.encode(np.array([*b"a".ljust(16)], np.uint8), 1)
n_words = MergedTables(tables, [(0, 0, 1), (1, 0, 1)], 2).n_words
print(n_compiled_ahead > 0, n_words, n_compiled() - n_compiled_ahead)
"""

BOOK = """
import logging
logging.basicConfig(level=logging.INFO, format="%(message)s")
import numpy as np
from fastw2v import nn
from fastw2v_kernels._jit.cpu import n_compiled
nn.warmup()
n_compiled_ahead = n_compiled()
contexts, target = nn.create_contexts_target(np.arange(60) % 12, 2)
for model in nn.CBOW, nn.SkipGram:
    for optimizer in nn.Adam(), nn.SparseAdam(), nn.SGD():
        nn.Trainer(model(12, 10, 2, np.arange(12)), optimizer).fit(contexts, target, 1, 8, 0.1, None)
print(n_compiled_ahead > 0, n_compiled() - n_compiled_ahead)
"""
NN_KERNELS = """adam dot_sigmoid_loss dot_sigmoid_loss_backward embedding embedding_backward sparse_adam unigram_sampler
unique_rows""".split()


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    once = " ".join(f"w{number}" for number in range(60_000))  # so many that the table of words grows
    path.write_text("one two three four\n" * 10 + once)
    return path


def test_import_is_light(run_python):
    code = f"import sys, fastw2v; print([name for name in {HEAVY} if name in sys.modules], fastw2v.__version__ > '0')"
    done = run_python("-c", code)
    assert (done.stdout, done.stderr) == ("[] True\n", "")


def test_training_on_the_cpu_imports_neither_cupy_nor_numba_cuda(run_python):
    code = (
        "import sys, fastw2v; fastw2v.Word2Vec([['a', 'b']], min_count=1, sample=0, vector_size=16, compute_loss=True);"
        "print([name for name in sys.modules if name.startswith(('cupy', 'numba.cuda', 'numba_cuda'))])"
    )
    done = run_python("-c", code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_numba_without_what_the_fast_compiler_extends_has_the_standard_one(run_python):
    change = "from numba.core import codegen; del codegen.JITCodeLibrary; import logging; logging.basicConfig(level=20)"
    done = run_python("-c", f"{change}; from fastw2v_kernels._jit import cpu; print(cpu.COMPILER)")
    assert done.stdout == "standard\n"
    assert "kernels are compiled by Numba's standard compiler, which takes longer: cannot import name" in done.stderr
    assert "JITCodeLibrary" in done.stderr


def test_kernels_are_not_run_uncompiled(run_python, corpus):
    done = run_python("-m", "fastw2v", "train", corpus, "-o", "v.bin", NUMBA_DISABLE_JIT="1")
    assert done.returncode == 1
    assert done.stderr.startswith("fastw2v: NUMBA_DISABLE_JIT is set, but kernels run only when compiled: unset it")
    assert done.stderr.count("\n") == 1


def test_public_names():
    import fastw2v

    for name in fastw2v.__all__:
        assert getattr(fastw2v, name) is not None
    assert dir(fastw2v) == fastw2v.__all__
    with pytest.raises(AttributeError, match="module 'fastw2v' has no attribute 'Word3Vec'"):
        _ = fastw2v.Word3Vec


def test_gensims_module_is_there_and_loads_nothing_before_it_is_used(run_python):
    from fastw2v import Word2Vec, corpus, word2vec

    assert (word2vec.Word2Vec, word2vec.LineSentence) == (Word2Vec, corpus.LineSentence)
    code = (
        "import sys, fastw2v; print('fastw2v.word2vec' in sys.modules, fastw2v.word2vec.Text8Corpus.__name__)"
        "; from fastw2v.word2vec import *; print(sorted(name for name in dir() if name[0] in 'BLPTW'))"
    )
    expected = "False Text8Corpus\n['BrownCorpus', 'LineSentence', 'PathLineSentences', 'Text8Corpus', 'Word2Vec']\n"
    assert run_python("-c", code).stdout == expected


def test_warmup_has_what_a_training_needs(run_python):
    done = run_python("-c", NEXT)
    assert done.stdout.split() == ["True", "0"], done.stderr


@pytest.mark.slow
def test_warmup_compiles_and_later_processes_load(run_python, corpus, tmp_path):
    cache = str(tmp_path / "cache")
    first = run_python("-c", WARM_UP, NUMBA_CACHE_DIR=cache)
    n_compiled, took_time = first.stdout.split()
    assert int(n_compiled) > 0, first.stderr
    assert took_time == "True"
    logged = [line for line in first.stderr.splitlines() if line.startswith(("compiling ", "compiled "))]
    assert [re.split(", which| in ", line)[0] for line in logged] == [
        "compiling the encoder",
        "compiled the encoder",
        "compiling the skip-gram kernel for vector_size 16, negative 5",
        "compiled the skip-gram kernel for vector_size 16, negative 5",
    ]
    second = run_python("-c", TRAIN, corpus, NUMBA_CACHE_DIR=cache)
    assert second.stdout.split() == ["0", "4"], second.stderr
    assert "compil" not in second.stderr


@pytest.mark.slow
def test_what_merges_the_tables_of_two_threads_is_compiled_ahead(run_python, tmp_path):
    done = run_python("-c", MERGE, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert done.stdout.split() == ["True", "1", "0"], done.stderr


@pytest.mark.slow
def test_the_books_kernels_are_logged_and_compiled_ahead(run_python, tmp_path):
    done = run_python("-c", BOOK, NUMBA_CACHE_DIR=str(tmp_path / "cache"))
    assert done.stdout.split() == ["True", "0"], done.stderr
    logged = [line.split() for line in done.stderr.splitlines() if line.startswith("compiled the kernel ")]
    assert sorted(words[3] for words in logged) == NN_KERNELS


def test_warmup_covers_the_book_when_asked_to(monkeypatch):
    import fastw2v
    from fastw2v import nn

    calls = []
    monkeypatch.setattr(nn, "warmup", lambda: calls.append("nn"))
    fastw2v.warmup(sg=1, compute_loss=True, vector_size=16)
    assert calls == []
    fastw2v.warmup(sg=1, compute_loss=True, vector_size=16, nn=True)
    assert calls == ["nn"]


@pytest.mark.slow  # tests/kernels/test_cache has it for one kernel
def test_cache_folder_that_cannot_be_made_does_not_stop_the_work(run_python, corpus, tmp_path):
    (tmp_path / "file").touch()
    done = run_python("-c", TRAIN, corpus, NUMBA_CACHE_DIR=str(tmp_path / "file" / "cache"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[1] == "4"


@pytest.mark.slow
def test_no_cache_folder_at_all(run_python, corpus):
    nowhere = """
import numba.core.caching as caching
for locator in (caching.UserProvidedCacheLocator, caching.InTreeCacheLocator, caching.UserWideCacheLocator):
    locator.from_function = classmethod(lambda cls, function, file: None)
"""
    done = run_python("-c", nowhere + TRAIN, corpus)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.split()[0]) > 0
    assert done.stderr.count("set NUMBA_CACHE_DIR to a folder with room") == 1

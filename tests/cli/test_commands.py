import json
import os
import re
import signal
import subprocess
import sys

import numpy as np
import pytest

from fastw2v import FastText, KeyedVectors, Word2Vec, __version__, datasets
from fastw2v.corpus import TextCorpus
from fastw2v.fasttext import FastTextKeyedVectors
from tests.cli.running import SMALL, TEXT, failure, run, succeed


@pytest.mark.parametrize(
    ("name", "options", "format"),
    [
        ("v.bin", [], "word2vec-binary"),
        ("v.txt", [], "word2vec-text"),
        ("v.vec", [], "word2vec-text"),
        ("v.safetensors", [], "safetensors"),
        ("v.model", ["--format", "word2vec-binary"], "word2vec-binary"),
        ("v", ["--format", "vec"], "word2vec-text"),
        ("v.bin", ["--format", "safetensors"], "safetensors"),
    ],
)
def test_train_writes_each_format(name, options, format, in_folder):
    succeed("train", "corpus.txt", "-o", name, *SMALL, "--sg", *options)
    read = KeyedVectors.load(name)
    assert (len(read), read.vector_size) == (7, 16)
    first = {"word2vec-binary": b"7 16\n", "word2vec-text": b"7 16\nthe "}.get(format)
    content = (in_folder / name).read_bytes()
    assert content[7:9] == b"\0{" if first is None else content.startswith(first)
    assert content.isascii() == (format == "word2vec-text")


def test_train_equals_the_library():
    options = ["--cbow", "--window", 2, "--negative", 5, "--epochs", 2, "--sample", 0.01, "--alpha", 0.05, "--seed", 9]
    succeed("train", "corpus.txt", "-o", "v.bin", *SMALL, *options, "--device", "cpu", "--cbow-gradient", "mean")
    options = {
        "window": 2,
        "negative": 5,
        "epochs": 2,
        "sample": 0.01,
        "alpha": 0.05,
        "seed": 9,
        "cbow_gradient": "mean",
    }
    model = Word2Vec(corpus_file="corpus.txt", vector_size=16, min_count=1, workers=1, compute_loss=True, **options)
    np.testing.assert_array_equal(KeyedVectors.load("v.bin").vectors, model.wv.vectors)


def test_train_subwords_with_hierarchical_softmax():
    options = ["--sg", "--subwords", "3-6", "--hs", "--negative", 0]
    succeed("train", "corpus.txt", "-o", "v.safetensors", *SMALL, *options)
    options = {"sg": 1, "hs": 1, "negative": 0, "min_n": 3, "max_n": 6, "compute_loss": True}
    model = FastText(corpus_file="corpus.txt", vector_size=16, min_count=1, workers=1, **options)
    np.testing.assert_array_equal(FastTextKeyedVectors.load("v.safetensors")["unseen"], model.wv["unseen"])


def test_train_on_several_files_and_patterns(in_folder):
    (in_folder / "more.txt").write_text("new words\n")
    succeed("train", "corpus.txt", "more.txt", "-o", "a.bin", *SMALL)
    succeed("train", "*.txt", "-o", "b.bin", *SMALL)
    assert len(KeyedVectors.load("a.bin")) == 9
    assert (in_folder / "a.bin").read_bytes() == (in_folder / "b.bin").read_bytes()


def test_demo_prints_neighbours_loss_and_speed(monkeypatch):
    whole = datasets.default_corpus().sources[0]
    monkeypatch.setattr(datasets, "default_corpus", lambda: TextCorpus((whole[: 2 << 20],)))
    result = succeed("demo", "--epochs", 1)
    assert re.search(r"^ +list( +\w+ -?\d\.\d\d){6}$", result.stdout, re.MULTILINE)
    assert "loss per epoch" in result.stdout
    before, after = re.search(r"whole text: (\S+) before training, (\S+) after it", result.stdout).groups()
    assert float(after) < float(before) == 4.1589
    assert "M/s; vocabulary" in result.stdout


def test_similar(vectors):
    result = succeed("similar", vectors, "king", "man", "--topn", 2)
    lines = result.stdout.splitlines()
    assert lines[0] == "[king]"
    assert lines[1].startswith("queen\t0.81649")
    assert lines[3] == "[man]"
    assert len(lines) == 6


def test_analogy(vectors):
    first = succeed("analogy", vectors, "man", "king", "woman", "--topn", 1).stdout
    assert first.startswith("queen\t")
    assert first.count("\n") == 1


def test_integer_keys():
    Word2Vec(np.arange(20).reshape(2, 10), vector_size=16, min_count=1, compute_loss=True).wv.save("walks.safetensors")
    assert succeed("similar", "walks.safetensors", "17").stdout.startswith("[17]\n")
    assert succeed("analogy", "walks.safetensors", "1", "2", "3").stdout
    assert "the keys are integers from 0 to 19" in failure("similar", "walks.safetensors", "20")


def test_eval_of_files(vectors, in_folder):
    (in_folder / "pairs.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nking\tman\t3\nking\tnone\t1\n")
    (in_folder / "questions.txt").write_text(": all\nman king woman queen\n")
    result = succeed("eval", vectors, "--pairs", "pairs.tsv", "--analogies", "questions.txt")
    assert re.search(r"pairs\.tsv: spearman -?\d\.\d{4} \(3 of 4 used\)", result.stdout)
    assert "questions.txt: accuracy 1.0000 (1 of 1 used)" in result.stdout
    result = succeed("eval", vectors, "--pairs", "pairs.tsv", "--json")
    scores = json.loads(result.stdout.splitlines()[-1])
    assert [(score["file"], score["used"], score["of"]) for score in scores] == [("pairs.tsv", 3, 4)]


def test_eval_with_the_data_folder(vectors, in_folder, monkeypatch):
    assert "FASTW2V_DATA_DIR is not set" in failure("eval", vectors)
    monkeypatch.setenv("FASTW2V_DATA_DIR", str(in_folder))
    assert "holds no evaluation file" in failure("eval", vectors)
    (in_folder / "wordsim353.tsv").write_text("king\tqueen\t9\nman\twoman\t8\nking\tman\t3\n")
    (in_folder / "questions-words.txt").write_text(": all\nman king woman queen\n")
    lines = succeed("eval", vectors).stdout.splitlines()
    assert [line.split(":")[0] for line in lines] == ["wordsim353.tsv", "questions-words.txt"]


CONVERTED = ["copy.bin", "copy.txt", "copy.vec", "copy.safetensors", "copy", "copy.bin.gz", "copy.txt.xz"]


@pytest.mark.parametrize("source", [*CONVERTED, "glove", "glove.bz2"])
@pytest.mark.parametrize("target", CONVERTED)
def test_convert_goes_by_the_content_of_the_source(source, target, vectors, in_folder):
    before = KeyedVectors.load(vectors)
    if source.startswith("glove"):
        before.save_word2vec_format(source, write_header=False)
    else:
        before.save(source)
    os.rename(source, "whatever")
    succeed("convert", "whatever", target)
    after = KeyedVectors.load(target)
    assert before.index_to_key == after.index_to_key
    np.testing.assert_array_equal(before.vectors, after.vectors)


def test_convert_says_that_integer_keys_become_words(caplog):
    Word2Vec(np.arange(20).reshape(2, 10), vector_size=16, min_count=1).wv.save("walks.safetensors")
    succeed("convert", "walks.safetensors", "walks.vec")
    succeed("convert", "walks.safetensors", "copy.safetensors")
    assert caplog.text.count("walks.vec: integer keys become words in this format") == 1
    keys = KeyedVectors.load("copy.safetensors").index_to_key
    assert KeyedVectors.load("walks.vec").index_to_key == list(map(str, keys))


BAD_TRAINING = [
    (["--vector-size", "0"], "vector_size is 0; expected a whole number from 1"),
    (["--alpha", "nan"], "alpha is nan; expected a number above 0"),
    (["--alpha", "0.00001"], "min_alpha is 0.0001, above alpha"),
    (["--workers", "0"], "workers is 0; expected"),
    (["--negative", "0"], "negative is 0"),
    (["--window", "0"], "window is 0"),
    (["--epochs", "0"], "epochs is 0"),
    (["--min-count", "-1"], "min_count is -1"),
    (["--sample", "-1"], "sample is -1.0"),
    (["--seed", "-1"], "seed is -1"),
    (["--device", "tpu"], "device is 'tpu'"),
    (["--device", "cuda:99"], 'device "cuda:99" cannot be used: '),
    (["--negative-sharing", "x"], "negative_sharing is 'x'"),
    (["--cbow-gradient", "x"], "cbow_gradient is 'x'"),
    (["--format", "x"], "format is 'x', expected one of word2vec-binary, word2vec-text, safetensors"),
    (["--min-count", "1000"], "empty vocabulary"),
]


@pytest.mark.parametrize(("options", "message"), BAD_TRAINING)
def test_bad_option(options, message, in_folder):
    output = in_folder / "old.bin"
    output.write_bytes(b"old")
    assert message in failure("train", "corpus.txt", "-o", output, *SMALL, *options)
    assert output.read_bytes() == b"old"
    assert sorted(os.listdir()) == ["corpus.txt", "old.bin"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nothing.txt", "no such corpus file"),
        ("*.text", "no file matches"),
        ("empty", "the corpus has no words"),
        ("blank", "the corpus has no words"),
        ("cut.gz", "damaged or truncated gzip file"),
    ],
)
def test_bad_corpus(name, message, in_folder):
    (in_folder / "old.bin").write_bytes(b"old")
    (in_folder / "empty").touch()
    (in_folder / "blank").write_text("\n \n\n")
    (in_folder / "cut.gz").write_bytes(b"\x1f\x8b\x08\0")
    assert message in failure("train", name, "-o", "old.bin", *SMALL)
    assert (in_folder / "old.bin").read_bytes() == b"old"


def test_bad_output(in_folder):
    assert "does not exist" in failure("train", "corpus.txt", "-o", "no/v.bin", *SMALL)
    assert "is no ending of a format" in failure("train", "corpus.txt", "-o", "v.h5", *SMALL)
    assert "not a regular file" in failure("train", "corpus.txt", "-o", in_folder, "--format", "bin", *SMALL)
    assert "are not packed" in failure("train", "corpus.txt", "-o", "v.safetensors.gz", *SMALL)


def test_output_over_the_input(vectors, in_folder):
    assert "corpus.txt is the input itself" in failure("train", "*.txt", "-o", in_folder / "corpus.txt", *SMALL)
    assert (in_folder / "corpus.txt").read_text() == TEXT * 25
    os.symlink(vectors, "link.safetensors")
    assert "is the input itself" in failure("convert", vectors, "link.safetensors")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"1000000 16\nabc ", ""),
        (b"the 1061\nof 593\n", "'count dim'"),
        (b"-1 3\n", ""),
        (b"\x20\0\0\0\0\0\0\0{", "damaged safetensors file"),
        (b"\xff\xfe\x00\x01", ""),
    ],
)
@pytest.mark.parametrize("command", ["similar", "convert"])
def test_bad_model(command, content, message, in_folder):
    (in_folder / "old.bin").write_bytes(b"old")
    (in_folder / "bad").write_bytes(content)
    assert message in failure(command, "bad", "a" if command == "similar" else "old.bin")
    assert (in_folder / "old.bin").read_bytes() == b"old"


def test_bad_questions(vectors, in_folder):
    assert "there is no file nothing.bin" in failure("similar", "nothing.bin", "king")
    assert "no vector for 'kin'" in failure("analogy", vectors, "kin", "man", "queen")
    assert "perhaps 'king' is meant" in failure("analogy", vectors, "kin", "man", "queen")
    assert "nothing.tsv" in failure("eval", vectors, "--pairs", "nothing.tsv")
    (in_folder / "few.tsv").write_text("king\tnone\t1\n")
    assert "are needed" in failure("eval", vectors, "--pairs", "few.tsv")


def test_writing_that_fails_leaves_the_old_file(in_folder, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("fastw2v.formats.convert.write_binary", fail)
    (in_folder / "old.bin").write_bytes(b"old")
    assert "disk full" in run("train", "corpus.txt", "-o", "old.bin", *SMALL).stderr
    assert (in_folder / "old.bin").read_bytes() == b"old"
    assert sorted(os.listdir()) == ["corpus.txt", "old.bin"]


def test_options_of_the_wrong_type_are_usage_errors():
    for arguments in (["--epochs", "many"], ["--colour"], []):
        result = run("train", "corpus.txt", *arguments)
        assert result.exit_code == 2
        assert "Traceback" not in result.output


def test_help_lists_the_options():
    shown = succeed("train", "--help").stdout
    for option in (
        "--output --sg --cbow --vector-size --window --negative --epochs --min-count --sample --alpha --workers --seed "
        "--device --format --json"
    ).split():
        assert option in shown, option
    commands = succeed("--help").stdout
    assert all(command in commands for command in ("demo", "train", "similar", "analogy", "eval", "convert"))
    assert all(option in succeed("eval", "--help").stdout for option in ("--pairs", "--analogies"))


def test_version(run_python):
    assert succeed("--version").stdout == f"{__version__}\n"
    done = run_python("-m", "fastw2v", "--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


@pytest.mark.usefixtures("interruptible")
def test_interrupt_saves_what_there_is(python_env, in_folder):
    (in_folder / "long.txt").write_text(TEXT * 10_000)
    command = [sys.executable, "-m", "fastw2v", "train", "long.txt", "-o", "v.bin", "--json", "--epochs", "100000"]
    process = subprocess.Popen(
        [*command, *SMALL], env=python_env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        for line in process.stderr:
            if line.startswith("loss "):
                process.send_signal(signal.SIGINT)
                break
        rest = process.stderr.read()
        figures = json.loads(process.stdout.read().splitlines()[-1])
    assert process.returncode == 130
    assert re.search(
        r"^stopped by Ctrl-C in epoch \d+ of 100000, .*; these are the vectors so far$", rest, re.MULTILINE
    )
    assert "Traceback" not in rest
    assert "Warning" not in rest
    assert 0 < figures["raw_words"] < 100_000 * 120_000
    assert len(KeyedVectors.load("v.bin")) == 7

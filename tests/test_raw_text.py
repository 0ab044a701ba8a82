"""The hint of raw text comes for raw text, and not for other corpora whose tokens may end in punctuation."""

import os
import random
from itertools import product

import pytest

from fastw2v import Word2Vec
from fastw2v.cli.inputs import corpus_of
from fastw2v.corpus import text_corpus
from fastw2v.datasets import data_dir
from fastw2v.encode import encode_corpus
from fastw2v.raw_text import warn_of_raw_text

WORDS = "dog cat mouse barks sleeps house garden walks river mountain small large quickly slowly".split()
KOREAN = "개가 고양이를 보고 짖었다 집에서 잔다 정원 강 산 작은 큰 빨리".split()


def raw_text(words, marks=(", ", ". ", "! ", "? ")):
    """Words in random order, of which each fourth has a mark behind it."""
    chosen = random.Random(0)
    return "\n".join(
        "".join(
            chosen.choice(words) + (chosen.choice(marks) if chosen.random() < 0.25 else " ") for _ in range(10)
        ).rstrip(", ")
        for _ in range(300)
    )


def is_warned(caplog, corpus, **options):
    caplog.clear()
    vocab, tokens = encode_corpus(corpus, min_count=5, **options)
    tokens.close()
    warn_of_raw_text(vocab, getattr(corpus, "tokens", None))
    return "this seems to be raw text" in caplog.text


@pytest.mark.parametrize("sorted_vocab", [True, False])
def test_raw_text_is_warned_of_with_figures_and_the_cure(tmp_path, caplog, sorted_vocab):
    path = tmp_path / "raw.txt"
    path.write_text(raw_text(WORDS))
    assert is_warned(caplog, text_corpus(path), sorted_vocab=sorted_vocab)
    assert "2" in caplog.text.split(" % of the tokens")[0]  # a fourth
    for part in ('text_corpus(path, tokens="simple")', "--tokens simple", "simple_preprocess(text)", " times) and '"):
        assert part in caplog.text
    assert is_warned(caplog, text_corpus(path, lower=True))
    for cured in (text_corpus(path, tokens="simple"), text_corpus(path, tokens=r"[a-z]+[,.!?]?")):
        assert not is_warned(caplog, cured)


def test_a_model_warns_once_of_lists_and_of_files(tmp_path, caplog):
    path = tmp_path / "raw.txt"
    path.write_text(raw_text(WORDS))
    for corpus in (corpus_of([path], {}), [line.split() for line in raw_text(WORDS).splitlines()]):
        caplog.clear()
        Word2Vec(corpus, vector_size=8, workers=1, epochs=1)
        assert caplog.text.count("this seems to be raw text") == 1


def test_raw_text_in_other_alphabets(caplog):
    assert is_warned(caplog, [line.split() for line in raw_text(KOREAN).splitlines()])


def tokens_of(text):
    return [line.split() for line in text.splitlines()]


QUIET = {
    "marks apart": tokens_of(raw_text(WORDS, marks=(" , ", " . ", " ! "))),
    "Korean with marks apart": tokens_of(raw_text(KOREAN, marks=(" . ", " , "))),
    "Chinese that is not split": tokens_of(raw_text(["我喜欢猫", "狗在睡觉", "他们走路"], marks=("。 ",))),
    "addresses": [[f"https://x.org/{a}{b}{end}" for end in ("", "?", "/")] for a, b in product("abcdef", repeat=2)] * 9,
    "ids": [[f"{kind}:{n}", f"{kind}{n}:", f"{kind}{n}"] for kind in "ABC" for n in range(40)] * 9,
    "k-mers": [["".join(letters) for letters in product("ACGT", repeat=3)]] * 9,
    "numbers": [[f"{n},", f"{n}", f"{n}."] for n in range(50)] * 9,
    "a few abbreviations": [["corp.", "corp", "inc.", "inc", "the", "a", "co.", "co"]] * 90,
    "abbreviations alone": [[f"{a}{b}." for a, b in product("abcd", repeat=2)]] * 9,
    "integers": [[1, 2, 3]] * 9,
}


@pytest.mark.parametrize("sentences", QUIET.values(), ids=QUIET)
def test_other_corpora_are_not_warned_of(caplog, sentences):
    assert not is_warned(caplog, sentences)


@pytest.mark.skipif("FASTW2V_DATA_DIR" not in os.environ, reason="FASTW2V_DATA_DIR is not set: no corpora")
@pytest.mark.parametrize("name", ["ptb.train.txt", pytest.param("imdb-unsup.txt.xz", marks=pytest.mark.slow)])
def test_corpora_of_research_are_not_warned_of(caplog, name):
    assert not is_warned(caplog, text_corpus(data_dir() / name))

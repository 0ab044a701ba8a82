"""Which keys get a row: a plain loop over the words decides what is right, and gensim where it is installed."""

import itertools
import math

import numpy as np
import pytest

from fastw2v import Word2Vec
from fastw2v.corpus import TextCorpus
from fastw2v.encode import encode_by_rule
from fastw2v.vocab import Vocab
from fastw2v.vocab_rule import RULE_DEFAULT, RULE_DISCARD, RULE_KEEP, VocabRule, retention_report
from tests import fake_cupy

WORDS = ["the", "rare", "film", "plot", "typo"]
COUNTS = np.array([9, 1, 3, 4, 1])


def by_first_letter(word, count, min_count):
    """Keep t..., discard f..., and leave the rest to min_count."""
    return {"t": RULE_KEEP, "f": RULE_DISCARD}.get(str(word)[0], RULE_DEFAULT)


def keys_of(rule):
    return [WORDS[n] for n in rule.order(COUNTS, lambda: WORDS)]


@pytest.mark.parametrize("min_count", [0, 1, 4, 9])
@pytest.mark.parametrize("sorted_vocab", [True, False])
def test_a_trim_rule_decides_and_min_count_where_it_does_not(min_count, sorted_vocab):
    kept = [n for n, w in enumerate(WORDS) if w[0] == "t" or (w[0] != "f" and COUNTS[n] >= max(1, min_count))]
    expected = sorted(kept, key=lambda n: -COUNTS[n]) if sorted_vocab else kept
    rule = VocabRule(min_count, sorted_vocab=sorted_vocab, trim_rule=by_first_letter)
    assert keys_of(rule) == [WORDS[n] for n in expected]
    vocab = Vocab.from_keys(WORDS, COUNTS, n_raw_tokens=30)
    chosen = rule.vocab_of(*rule.choose(vocab))
    assert (chosen.keys, chosen.counts.tolist()) == (keys_of(rule), [int(COUNTS[n]) for n in expected])
    assert chosen.n_raw_tokens == 30


def test_a_trim_rule_that_keeps_nothing_to_itself_changes_nothing():
    for answer in (RULE_DEFAULT, None, False):
        assert keys_of(VocabRule(3, trim_rule=lambda *_, answer=answer: answer)) == keys_of(VocabRule(3))


@pytest.mark.parametrize("make", ["text", "lists", "ids", "ids on a GPU"])
def test_a_trim_rule_is_asked_once_about_each_word(make, monkeypatch):
    sentences = [["12", "7", "7"], ["30", "7", "12"], ["5"]]
    ids, starts = np.array(list(map(int, itertools.chain(*sentences)))), np.array([0, 3, 6, 7])
    if make == "ids on a GPU":
        fake_cupy.install(monkeypatch)
    corpus = {
        "text": lambda: TextCorpus(("\n".join(map(" ".join, sentences)).encode(),)),
        "lists": lambda: sentences,
        "ids": lambda: (ids, starts),
        "ids on a GPU": lambda: (fake_cupy.array(ids), fake_cupy.array(starts)),
    }[make]()
    asked = []

    def trim_rule(*arguments):
        asked.append(arguments)
        return RULE_DISCARD if int(arguments[0]) == 7 else RULE_DEFAULT

    kind = int if "ids" in make else str
    encoding = encode_by_rule(corpus, VocabRule(1, trim_rule=trim_rule), keep_raw=True)
    raw = [("12", 2), ("7", 3), ("30", 1), ("5", 1)]
    assert asked == [(kind(word), count, 1) for word, count in raw]
    assert encoding.vocab.keys == [kind(word) for word in ("12", "30", "5")]
    assert list(zip(encoding.raw.keys, encoding.raw.counts.tolist())) == [(kind(word), count) for word, count in raw]
    assert (encoding.tokens.n_tokens, encoding.tokens.n_raw, encoding.raw.n_raw_tokens) == (4, 7, 7)


@pytest.mark.parametrize("workers", [1, 3])
def test_raw_counts_are_returned_on_request_and_change_nothing(workers):
    rng = np.random.default_rng(2)
    text = b"\n".join(b" ".join(b"w%d" % n for n in rng.zipf(1.5, 30) % 200) for _ in range(50))
    alone, both = (
        encode_by_rule(TextCorpus((text,)), VocabRule(3), keep_raw=keep_raw, workers=workers, block_bytes=500)
        for keep_raw in (False, True)
    )
    assert alone.raw is None
    assert alone.vocab.keys == both.vocab.keys
    np.testing.assert_array_equal(alone.tokens.ids, both.tokens.ids)
    counted = {}
    for word in text.decode().split():
        counted[word] = counted.get(word, 0) + 1
    assert list(zip(both.raw.keys, both.raw.counts.tolist())) == list(counted.items())


def test_raw_counts_of_all_ids():
    encoding = encode_by_rule([[3, 1, 3]], VocabRule(0), keep_raw=True)
    assert encoding.vocab.keys == encoding.raw.keys == [0, 1, 2, 3]
    assert encoding.raw.counts.tolist() == [0, 1, 0, 2]


def test_effective_min_count():
    assert VocabRule(2).effective_min_count(COUNTS) == 2
    assert VocabRule(2, 2).effective_min_count(COUNTS) == 4
    assert VocabRule(5, 2).effective_min_count(COUNTS) == 5
    assert encode_by_rule([WORDS, WORDS[:2]], VocabRule(1, 2)).effective_min_count == 2


@pytest.mark.parametrize("factor", [1, 10**7])
@pytest.mark.parametrize("min_count", [1, 2, 4])
@pytest.mark.parametrize("sample", [0, 1e-3, 0.2])
def test_the_report_is_gensims(min_count, sample, factor):
    gensim_models = pytest.importorskip("gensim.models")
    theirs, counts = gensim_models.Word2Vec(min_count=min_count * factor, sample=sample), COUNTS * factor
    theirs.raw_vocab = dict(zip(WORDS, counts.tolist()))
    expected = theirs.prepare_vocab(dry_run=True, trim_rule=by_first_letter)
    rule = VocabRule(min_count * factor, trim_rule=by_first_letter)
    report = retention_report(counts, rule.keeps(counts, lambda: WORDS), sample)
    assert report.pop("downsample_total") == pytest.approx(expected.pop("downsample_total"), abs=1)  # rounded down
    assert report == expected


def test_refused_rules():
    with pytest.raises(TypeError, match=r"trim_rule is a int, 3; expected a function"):
        VocabRule(trim_rule=3)
    with pytest.raises(ValueError, match=r"trim_rule returned 7 for 'the'; expected RULE_DEFAULT \(0\)"):
        keys_of(VocabRule(trim_rule=lambda *_: 7))
    with pytest.raises(ValueError, match=r"min_count=5 and max_final_vocab=None and trim_rule leave none of 5 words"):
        keys_of(VocabRule(trim_rule=lambda *_: RULE_DISCARD))
    with pytest.raises(ValueError, match="the corpus has no words"):
        VocabRule(trim_rule=by_first_letter).order(np.array([], np.int64), list)
    with pytest.raises(ValueError, match="trim_rule drops ids and min_count=0 keeps all"):
        encode_by_rule([[1, 2]], VocabRule(0, trim_rule=by_first_letter))


# What is logged of subsampling


def logged_of(sentences, caplog, **options):
    with caplog.at_level("INFO", "fastw2v"):
        Word2Vec(min_count=1, **options).build_vocab(sentences)
    return [record for record in caplog.records if record.message.startswith("sample=")]


def test_what_sample_leaves_is_logged_and_warned_of_in_a_small_corpus(caplog):
    thirty = [[f"w{i}" for i in range(30)]]
    left, warning = logged_of(thirty, caplog)
    share = math.sqrt(0.03) + 0.03
    assert left.message == f"sample=0.001 leaves about {30 * share:.0f} words of each epoch ({100 * share:.1f} %)"
    assert warning.message == f"sample=0.001 drops {100 - 100 * share:.0f} % of 30 words; pass sample=0"
    assert (left.levelname, warning.levelname) == ("INFO", "WARNING")


@pytest.mark.parametrize(
    ("sentences", "options", "n_lines"),
    [
        ([[f"w{i}" for i in range(30)]], {"sample": 0}, 0),
        ([[f"w{i}" for i in range(2000)]], {}, 1),  # no word is frequent
        ([["a", "b"]] * 60_000, {}, 1),  # whoever has so much text knows why
    ],
)
def test_it_is_not_warned_where_that_would_be_in_vain(sentences, options, n_lines, caplog):
    assert [record.levelname for record in logged_of(sentences, caplog, **options)] == ["INFO"] * n_lines


def test_a_vocabulary_from_counts_is_warned_of_too(caplog):
    with caplog.at_level("INFO", "fastw2v"):
        Word2Vec(min_count=1).build_vocab_from_freq({"a": 10, "b": 20})
    assert "sample=0.001 drops 95 % of 30 words; pass sample=0" in caplog.messages

from collections import Counter
from hashlib import blake2b

import numpy as np
import pytest

from fastw2v.runtime.word_bytes import decode_word, encode_word
from fastw2v.vocab import Vocab, count_threshold, select_words


def zipf_counts(n, seed=0):
    return np.random.default_rng(seed).zipf(1.3, n).astype(np.int64)


def some_vocab(counts):
    return Vocab.from_keys([f"w{n}" for n in range(len(counts))], np.asarray(counts, np.int64))


def distribution(alias_prob, alias_id):
    n = len(alias_prob)
    p = alias_prob.astype(np.float64)
    return (p + np.bincount(alias_id, 1 - p, minlength=n)) / n


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0, -0.5, -3.0, 4.0])
@pytest.mark.parametrize("n", [1, 2, 7, 1000, 100_000])
def test_alias_table_is_the_distribution(n, exponent):
    counts = np.minimum(zipf_counts(n), 10**9)
    alias_prob, alias_id = some_vocab(counts).alias_table(exponent)
    assert (alias_prob.dtype, alias_id.dtype) == (np.float32, np.int32)
    assert alias_prob.min() >= 0
    assert alias_prob.max() <= 1
    expected = counts.astype(np.float64) ** exponent
    np.testing.assert_allclose(distribution(alias_prob, alias_id), expected / expected.sum(), rtol=2e-6, atol=1e-6 / n)


@pytest.mark.parametrize("exponent", [0.75, 0.0, 1.0, -0.5])
def test_alias_table_with_counts_of_zero_never_draws_them(exponent):
    counts = zipf_counts(1000)
    counts[::3] = 0
    alias_prob, alias_id = some_vocab(counts).alias_table(exponent)
    assert (alias_prob[::3] == 0).all()
    assert (counts[alias_id[alias_prob < 1]] > 0).all()
    weights = np.where(counts > 0, np.maximum(counts, 1).astype(float) ** exponent, 0)
    np.testing.assert_allclose(distribution(alias_prob, alias_id), weights / weights.sum(), atol=1e-9)


@pytest.mark.parametrize("counts", [[5, 5, 5], [1] * 1000, [3, 0, 0], [1, 10**15], [7] * 49 + [0]])
def test_alias_table_of_equal_and_extreme_counts(counts):
    counts = np.array(counts, np.int64)
    expected = counts / counts.sum()
    np.testing.assert_allclose(distribution(*some_vocab(counts).alias_table(1.0)), expected, atol=1e-7)


def test_alias_table_survives_exponents_that_would_overflow():
    alias_prob, alias_id = some_vocab([1, 10, 10**12]).alias_table(60.0)
    assert distribution(alias_prob, alias_id)[2] == pytest.approx(1)
    assert distribution(*some_vocab([1, 10, 10**12]).alias_table(-60.0))[0] == pytest.approx(1)


def test_alias_table_of_a_million_words_is_exact():
    counts = np.sort(zipf_counts(1_000_000))[::-1]
    expected = counts.astype(np.float64) ** 0.75
    got = distribution(*Vocab.from_ids(np.arange(len(counts)), counts).alias_table(0.75))
    np.testing.assert_allclose(got, expected / expected.sum(), rtol=1e-6)


@pytest.mark.parametrize("exponent", [np.nan, np.inf, -np.inf])
def test_alias_table_refuses_an_exponent_that_is_no_number(exponent):
    with pytest.raises(ValueError, match="ns_exponent is"):
        some_vocab([1, 2]).alias_table(exponent)


def test_alias_table_refuses_a_vocabulary_without_counts():
    with pytest.raises(ValueError, match="every count is 0"):
        some_vocab([0, 0]).alias_table(0.75)


@pytest.mark.parametrize("sample", [1e-3, 1e-5, 1.0])
def test_keep_probabilities_follow_the_formula(sample):
    vocab = some_vocab([900, 90, 9, 1, 0])
    f = np.array([0.9, 0.09, 0.009, 0.001])
    expected = np.minimum(1, np.sqrt(sample / f) + sample / f)
    keep = vocab.keep_probabilities(sample)
    assert keep.dtype == np.float32
    np.testing.assert_allclose(keep[:4], expected, rtol=1e-6)
    assert keep[4] == 1 or sample < 1e-3


def test_keep_probabilities_without_subsampling():
    assert (some_vocab([9, 1]).keep_probabilities(0) == 1).all()


@pytest.mark.parametrize("sample", [-1e-3, np.nan])
def test_keep_probabilities_refuse_a_sample_below_zero(sample):
    with pytest.raises(ValueError, match="expected a number >= 0"):
        some_vocab([1]).keep_probabilities(sample)


@pytest.mark.parametrize("factor", [1, 7, 65_535, 10**12])
def test_select_words_orders_counts_of_any_size(factor):
    rng = np.random.default_rng(factor)
    counts = np.concatenate([rng.integers(0, 4, 50) * factor, rng.integers(65_530, 65_540, 50), rng.integers(0, 9, 50)])
    for some in (counts, counts + 1):  # of the latter, all are chosen
        expected = sorted(np.flatnonzero(some), key=lambda word: -some[word])
        assert select_words(some, min_count=1).tolist() == expected


def test_select_words_as_a_counter_does():
    rng = np.random.default_rng(3)
    words = [f"w{n}" for n in rng.zipf(1.5, 5000) % 700]
    counter = Counter(words)
    counts = np.array(list(counter.values()))
    order = select_words(counts, min_count=3)
    assert [list(counter)[n] for n in order] == [w for w, c in counter.most_common() if c >= 3]
    unsorted = select_words(counts, min_count=3, sorted_vocab=False)
    assert [list(counter)[n] for n in unsorted] == [w for w, c in counter.items() if c >= 3]


def test_max_final_vocab_raises_the_threshold_and_splits_no_ties():
    counts = np.array([9, 5, 5, 5, 2, 1])
    assert select_words(counts, min_count=1, max_final_vocab=6).tolist() == [0, 1, 2, 3, 4, 5]
    assert select_words(counts, min_count=1, max_final_vocab=5).tolist() == [0, 1, 2, 3, 4]
    assert select_words(counts, min_count=1, max_final_vocab=3).tolist() == [0]
    assert select_words(counts, min_count=6, max_final_vocab=5).tolist() == [0]
    assert count_threshold(counts, 4) == 3


@pytest.mark.parametrize("n_max", [1, 5, 20, 50])
def test_max_final_vocab_agrees_with_gensim(n_max):
    gensim = pytest.importorskip("gensim.models")
    words = [f"w{n}" for n in np.random.default_rng(1).zipf(1.4, 2000) % 60]
    model = gensim.Word2Vec(vector_size=4, min_count=2, max_final_vocab=n_max)
    model.build_vocab([words])
    counter = Counter(words)
    order = select_words(np.array(list(counter.values())), min_count=2, max_final_vocab=n_max)
    assert {list(counter)[n] for n in order} == set(model.wv.key_to_index)


def test_an_empty_vocabulary_says_what_was_seen_and_the_cure():
    with pytest.raises(ValueError, match=r"2 distinct words in 5 tokens.* seen 3 times.*min_count=5; lower min_count"):
        select_words(np.array([3, 2]), min_count=5)
    with pytest.raises(ValueError, match="max_final_vocab=1"):
        select_words(np.array([3, 3]), min_count=1, max_final_vocab=1)
    with pytest.raises(ValueError, match="at least one token"):
        select_words(np.array([], np.int64), min_count=1)


def test_keys_are_lossless_words_or_integers():
    words = ["a", "", "naïve", "日本", decode_word(b"\xff\x00x"), "two words"]
    vocab = Vocab.from_keys(words, np.arange(1, 7))
    assert vocab.keys == words
    assert vocab.key_to_index["日本"] == 3
    assert (len(vocab), vocab.n_tokens, vocab.n_raw_tokens, vocab.is_integer) == (6, 21, 21, False)
    assert Vocab.from_words([encode_word(w) for w in words], np.ones(6)).keys == words
    ids = Vocab.from_keys([7, 10**12], np.array([2, 1]), n_raw_tokens=9)
    assert (ids.keys, ids.key_to_index, ids.is_integer, ids.n_raw_tokens) == ([7, 10**12], {7: 0, 10**12: 1}, True, 9)


def fnv_1a(word):
    word_hash = 0xCBF29CE484222325
    for byte in word:
        word_hash = (word_hash ^ byte) * 0x100000001B3 % 2**64
    return word_hash


def test_the_hash_of_a_word_is_fnv_1a_up_to_256_bytes_and_a_longer_one_costs_no_step_for_each_byte():
    short = [b"", b"a", "naïve".encode(), b"x" * 255, b"x" * 256]
    long = [b"x" * 257, b"x" * 256 + b"y", b"y" + b"x" * 256, b"x" * 258, b"z" * 3_000_000, b"z" * 2_999_999 + b"y"]
    hashes = Vocab.from_words([*short, *long], np.ones(11)).key_hashes()
    assert hashes[:5].tolist() == [fnv_1a(word) for word in short]
    assert len(set(hashes.tolist())) == 11
    rest = int.from_bytes(blake2b(b"z" * 2_999_744, digest_size=8).digest(), "little")
    assert hashes[9] == fnv_1a(b"z" * 256) ^ rest


def test_a_token_that_utf8_cannot_write_is_refused():
    with pytest.raises(ValueError, match="lone surrogate"):
        Vocab.from_keys(["a\ud800"], np.array([1]))


def test_words_that_are_the_same_bytes_are_refused():
    with pytest.raises(ValueError, match=r"the word b'\\xc3\\xa9' occurs twice"):
        Vocab.from_keys(["é", "a", "\udcc3\udca9"], np.ones(3))
